/* SPDX-License-Identifier: ISC */
/* The state machine of one board: how it begins, goes on with leave, tries again, and is told of. */
#include "tests/session_said.h"

/* --- beginnings, leaves, retries: for every state --- */

/* What is wanted of a board that begins anew, or goes on after a crash, in each state. */
static const char *const begins[SESSION_STATES] = {
	[SESSION_WAITING] = ": identify now",
	[SESSION_PROBED] = ": identify now",
	[SESSION_ELIGIBLE] = ": identify now",
	[SESSION_UPLOADING] = "asking : identify settle",
	[SESSION_ACCEPTED] = ": identify now",
	[SESSION_REBOOTING] = ": identify now",
	[SESSION_UP] = ": identify now",
	[SESSION_VERSION] = ": identify now",
	[SESSION_HEALTHY] = ": identify now",
	[SESSION_SOAKED] = ": identify now",
	[SESSION_ASKING] = ": identify settle",
};
/* And with leave to go on: uploads are granted to the eligible, reboots to the others. */
static const char *const grants[SESSION_STATES] = {
	[SESSION_ELIGIBLE] = "uploading : upload now",
	[SESSION_ACCEPTED] = "rebooting : reboot now",
	[SESSION_REBOOTING] = "rebooting : reboot now",
	[SESSION_ASKING] = "asking : reboot now",
};

static void every_state_goes_on(void **state)
{
	(void)state;
	for (int i = 0; i < SESSION_STATES; i++) {
		const struct phase p = {.state = (enum session_state)i, .uploads = i >= SESSION_UPLOADING, .tries = 2, .stale = 1};
		struct session s = enter(&p);
		struct session_next next;
		char got[256];

		if (!session_ended(s.state)) {
			session_begin(&s, &rules, NOW, &next);
			describe(got, sizeof got, &s, &next);
			if (getenv("SHOW"))
				printf("begin %s \"%s\",\n", session_state_word((enum session_state)i), got);
			else
				assert_string_equal(got, begins[i]);
			assert_int_equal(s.tries, 0);
			assert_int_equal(s.stale, 0);
		}
		if (i == SESSION_ELIGIBLE || i == SESSION_ACCEPTED || i == SESSION_REBOOTING || i == SESSION_ASKING) {
			s = enter(&p);
			s.asking = i == SESSION_ASKING;
			session_granted(&s, &rules, NOW, &next);
			describe(got, sizeof got, &s, &next);
			if (getenv("SHOW"))
				printf("grant %s \"%s\",\n", session_state_word((enum session_state)i), got);
			else
				assert_string_equal(got, grants[i]);
			assert_int_equal(s.uploads, i == SESSION_ELIGIBLE ? 1 : p.uploads);
			assert_int_equal(s.reboots, i != SESSION_ELIGIBLE);
		}
	}
}

static void a_retry_asks_first_who_may_have_the_image(void **state)
{
	static const struct {
		enum session_class class;
		uint32_t uploads;
		enum session_state state;
		uint32_t uploads_then;
	} rows[] = {
		{CLASS_UNREACHABLE, 0, SESSION_WAITING, 0}, {CLASS_UNREACHABLE, 2, SESSION_ASKING, 1},
		{CLASS_LOGIN, 0, SESSION_WAITING, 0},       {CLASS_LOGIN, 1, SESSION_ASKING, 1},
		{CLASS_FOREIGN, 0, SESSION_WAITING, 0},     {CLASS_FOREIGN, 1, SESSION_ASKING, 1},
		{CLASS_MOVED, 0, SESSION_WAITING, 0},       {CLASS_MOVED, 1, SESSION_ASKING, 1},
		{CLASS_LOCAL, 0, SESSION_WAITING, 0},       {CLASS_LOCAL, 1, SESSION_ASKING, 1},
		{CLASS_REFUSED, 1, SESSION_WAITING, 0},     {CLASS_TRANSFER, 3, SESSION_WAITING, 0},
		{CLASS_REBOOT, 3, SESSION_ACCEPTED, 1},     {CLASS_VERSION, 1, SESSION_WAITING, 0},
		{CLASS_HEALTH, 2, SESSION_WAITING, 1},      {CLASS_HEALTH, 0, SESSION_WAITING, 0},
		{CLASS_DEAD, 1, SESSION_ASKING, 1},         {CLASS_UNKNOWN, 3, SESSION_ASKING, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct session s = {.state = SESSION_FAILED, .class = rows[i].class, .uploads = rows[i].uploads};

		session_retry(&s);
		if (s.was != SESSION_FAILED || s.was_class != rows[i].class)
			fail_msg("row %zu: how it had ended is forgotten", i);
		if (s.state != rows[i].state || s.uploads != rows[i].uploads_then || s.class != CLASS_NONE)
			fail_msg("row %zu: %s, %u uploads", i, session_state_word(s.state), s.uploads);
	}
}

/* A board that needed a card needs one still when a retry does not reach it; one that answers is judged anew. */
static void a_retry_that_reaches_nobody_changes_nothing(void **state)
{
	struct session s = {.state = SESSION_NEEDS_CARD, .class = CLASS_DEAD, .uploads = 1};
	struct session_next next = {0};
	struct link_event event = look(UNREACHABLE);
	uint64_t now = NOW;

	(void)state;
	snprintf(s.mac, sizeof s.mac, "%s", mac);
	session_retry(&s);
	assert_int_equal(s.state, SESSION_ASKING);
	session_begin(&s, &rules, now, &next);
	while (!session_ended(s.state)) {
		now += rules.poll_ms;
		session_told(&s, &rules, &event, now, &next);
	}
	assert_int_equal(s.state, SESSION_NEEDS_CARD);
	assert_int_equal(s.class, CLASS_DEAD);
	assert_int_equal(next.edges[next.nedges - 1], SESSION_NEEDS_CARD);

	session_retry(&s);
	session_begin(&s, &rules, now, &next);
	event = look(OLD_HOLDS_NOTHING); /* it is back, and does not have the image */
	session_told(&s, &rules, &event, now, &next);
	assert_int_equal(s.was, SESSION_WAITING);
	event = look(LOGIN);
	session_told(&s, &rules, &event, now, &next);
	assert_int_equal(s.state, SESSION_FAILED);
	assert_int_equal(s.class, CLASS_LOGIN);
}

/* Doubles up to sixteen times, is spread, and differs from board to board. */
static void tries_are_spread(void **state)
{
	uint64_t seen[64];
	size_t same = 0;

	(void)state;
	for (uint32_t board = 0; board < 64; board++) {
		const struct phase p = {.state = SESSION_WAITING, .tries = 1};
		struct session s = enter(&p);
		struct link_event e = look(UNREACHABLE);
		struct session_rules r = rules;
		struct session_next next;

		r.tries = 20;
		s.seed = board * 2654435761u + 1;
		for (uint32_t n = 2; n < 8; n++) {
			uint64_t middle = rules.backoff_ms << (n < 4 ? n : 4);

			session_told(&s, &r, &e, NOW, &next);
			assert_in_range(next.delay_ms, middle - middle / 4, middle + middle / 4);
		}
		seen[board] = next.delay_ms;
		for (uint32_t k = 0; k < board; k++)
			same += seen[k] == seen[board];
	}
	assert_in_range(same, 0, 4);
}

static void words_are_found_again(void **state)
{
	enum session_state s;
	enum session_class c;

	(void)state;
	for (int i = 0; i < SESSION_STATES; i++) {
		assert_int_equal(session_state_find(&s, session_state_word((enum session_state)i)), 0);
		assert_int_equal(s, i);
	}
	for (int i = 0; i < SESSION_CLASSES; i++) {
		assert_int_equal(session_class_find(&c, session_class_word((enum session_class)i)), 0);
		assert_int_equal(c, i);
	}
	assert_int_equal(session_state_find(&s, "nothing"), -1);
	assert_int_equal(session_class_find(&c, ""), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_goes_on),
		cmocka_unit_test(a_retry_asks_first_who_may_have_the_image),
		cmocka_unit_test(a_retry_that_reaches_nobody_changes_nothing),
		cmocka_unit_test(tries_are_spread),
		cmocka_unit_test(words_are_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
