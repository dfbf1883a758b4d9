/* SPDX-License-Identifier: ISC */
/* The scheduler over simulated boards on virtual time: waves, halts, gates, limits, drains, and ten thousand boards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flasher/ledger_db.h"
#include "tests/farm.h"

/* A run from a fresh ledger in memory, and what came of it. */
struct trial {
	struct farm farm;
	struct ledger *ledger;
	struct ledger_device *devices;
	struct sim_board *boards;
	uint64_t clock_ms;
	enum rollout_end end;
};

static void begin(struct trial *t, size_t n, const char *waves)
{
	memset(t, 0, sizeof *t);
	farm_make(&t->farm, n, waves);
	t->devices = calloc(n, sizeof *t->devices);
	t->boards = calloc(n, sizeof *t->boards);
}

static void make_ledger(struct trial *t)
{
	struct err e = {0};

	farm_text(&t->farm);
	if (ledger_create(&t->ledger, "", t->farm.text, t->farm.len, &t->farm.plan, &e))
		fail_msg("%s", e.message);
	assert_int_equal(ledger_load(t->ledger, &t->farm.plan, t->devices, &e), 0);
}

static void go(struct trial *t, unsigned opened, void (*view)(void *, struct rollout *), void *owner)
{
	struct err e = {0};

	if (farm_run(&t->farm, t->ledger, t->devices, t->boards, &t->clock_ms, opened, view, owner, &t->end, &e))
		fail_msg("%s", e.message);
}

static size_t count(const struct trial *t, enum session_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < t->farm.plan.n; i++)
		n += t->devices[i].session.state == state;
	return n;
}

static void done(struct trial *t)
{
	ledger_close(&t->ledger);
	farm_free(&t->farm);
	free(t->devices);
	free(t->boards);
}

static void ten_thousand_boards(void **state)
{
	struct trial t;

	(void)state;
	begin(&t, 10000, "10,10%,100%");
	make_ledger(&t);
	go(&t, 0, NULL, NULL);
	assert_int_equal(t.end, ROLLOUT_DONE);
	assert_int_equal(count(&t, SESSION_SUCCESS), 10000);
	for (size_t i = 0; i < 10000; i++) {
		assert_int_equal(t.boards[i].flashes, 1);
		assert_int_equal(t.boards[i].reboots, 1);
		assert_int_equal(t.devices[i].session.uploads, 1);
	}
	done(&t);
}

/* Each trouble has its end, and none is mistaken for another. */
static void every_trouble_has_its_end(void **state)
{
	static const struct {
		enum sim_fault fault;
		enum session_state end;
		enum session_class class;
		uint32_t flashes;
	} rows[] = {
		{SIM_GOOD, SESSION_SUCCESS, CLASS_NONE, 1},        {SIM_UNREACHABLE, SESSION_FAILED, CLASS_UNREACHABLE, 0},
		{SIM_LOGIN, SESSION_FAILED, CLASS_LOGIN, 0},       {SIM_REJECT, SESSION_REJECTED, CLASS_REFUSED, 0},
		{SIM_LOST, SESSION_SUCCESS, CLASS_NONE, 1},        {SIM_CUT, SESSION_SUCCESS, CLASS_NONE, 1},
		{SIM_MUTE, SESSION_UNKNOWN, CLASS_UNKNOWN, 1},     {SIM_STALE, SESSION_FAILED, CLASS_VERSION, 1},
		{SIM_SICK, SESSION_FAILED, CLASS_HEALTH, 1},       {SIM_DEAD, SESSION_NEEDS_CARD, CLASS_DEAD, 1},
		{SIM_RESTARTS, SESSION_FAILED, CLASS_HEALTH, 1},   {SIM_SWAPPED, SESSION_FAILED, CLASS_MOVED, 0},
	};
	enum { N = sizeof rows / sizeof *rows };
	struct trial t;

	(void)state;
	begin(&t, 4 * N, "100%");
	for (size_t i = 0; i < 4 * N; i++)
		t.boards[i].fault = rows[i / 4].fault; /* of each four, one reboots by itself */
	make_ledger(&t);
	go(&t, 0, NULL, NULL);
	assert_int_equal(t.end, ROLLOUT_DONE);
	for (size_t i = 0; i < 4 * N; i++) {
		const struct session *s = &t.devices[i].session;

		if (s->state != rows[i / 4].end || s->class != rows[i / 4].class || t.boards[i].flashes != rows[i / 4].flashes)
			fail_msg("row %zu (%s): %s, %s, %s, %u flashes", i / 4, i % 4 == 3 ? "self" : "asks",
				 session_state_word(s->state), session_class_word(s->class), s->text, t.boards[i].flashes);
		assert_false(t.boards[i].bricked);
		assert_true(s->state == SESSION_SUCCESS || s->text[0]);
	}
	done(&t);
}

static void a_bad_image_stops_at_the_canaries(void **state)
{
	struct trial t;
	size_t flashed = 0;

	(void)state;
	begin(&t, 1000, "5,100%");
	t.farm.plan.halts[0] = (struct plan_halt){SCOPE_CANARY, true, CLASS_NONE, 1, 0, 0};
	t.farm.plan.nhalts = 1;
	for (size_t i = 0; i < 1000; i++)
		t.boards[i].fault = SIM_DEAD;
	make_ledger(&t);
	go(&t, 0, NULL, NULL);
	assert_int_equal(t.end, ROLLOUT_HALTED);
	for (size_t i = 0; i < 1000; i++)
		flashed += t.boards[i].flashes;
	assert_int_equal(flashed, 5);
	assert_true(count(&t, SESSION_NEEDS_CARD) >= 1);
	assert_int_equal(count(&t, SESSION_WAITING), 995);
	done(&t);
}

/* Percent with a minimum sample; uploads in flight at the halt come to their answer, and nobody is rebooted after it. */
static void a_halt_lets_uploads_finish(void **state)
{
	struct trial t;
	size_t accepted;

	(void)state;
	begin(&t, 400, "100%");
	t.farm.plan.limits.uploads = 20;
	t.farm.plan.halts[0] = (struct plan_halt){SCOPE_WAVE, false, CLASS_REFUSED, 0, 50, 20};
	t.farm.plan.nhalts = 1;
	for (size_t i = 0; i < 400; i++)
		t.boards[i].fault = i < 19 || i % 8 ? SIM_REJECT : SIM_GOOD;
	make_ledger(&t);
	go(&t, 0, NULL, NULL);
	assert_int_equal(t.end, ROLLOUT_HALTED);
	assert_int_equal(count(&t, SESSION_UPLOADING), 0);
	assert_in_range(count(&t, SESSION_REJECTED), 20, 45);
	accepted = count(&t, SESSION_ACCEPTED);
	for (size_t i = 0; i < 400; i++)
		if (t.devices[i].session.state == SESSION_ACCEPTED)
			assert_int_equal(t.boards[i].reboots, t.farm.plan.devices[i].board.board[0] == 's');
	assert_true(accepted + count(&t, SESSION_WAITING) > 300);
	done(&t);
}

static void a_gate_waits_for_a_hand(void **state)
{
	struct trial t;

	(void)state;
	begin(&t, 30, "10,hand:100%");
	make_ledger(&t);
	go(&t, 0, NULL, NULL);
	assert_int_equal(t.end, ROLLOUT_GATE);
	assert_int_equal(count(&t, SESSION_SUCCESS), 10);
	assert_int_equal(count(&t, SESSION_WAITING), 20);
	go(&t, 1, NULL, NULL);
	assert_int_equal(t.end, ROLLOUT_GATE);
	go(&t, 2, NULL, NULL);
	assert_int_equal(t.end, ROLLOUT_DONE);
	assert_int_equal(count(&t, SESSION_SUCCESS), 30);
	done(&t);
}

struct watch {
	struct trial *t;
	size_t most;        /* uploads at once */
	uint64_t at_ms;     /* drain then */
	uint64_t began_ms;
};

static void on_view(void *owner, struct rollout *r)
{
	struct watch *w = owner;
	size_t n = count(w->t, SESSION_UPLOADING);

	if (!w->began_ms)
		w->began_ms = rollout_now(r);
	if (n > w->most)
		w->most = n;
	if (w->at_ms && rollout_now(r) >= w->began_ms + w->at_ms)
		rollout_drain(r);
}

static void limits_hold(void **state)
{
	struct trial t;
	struct watch w = {.t = &t};
	uint64_t last;

	(void)state;
	begin(&t, 120, "100%");
	t.farm.plan.limits.uploads = 7;
	t.farm.plan.limits.reboots = 6; /* 90 boards are rebooted by us: at least 15 minutes */
	make_ledger(&t);
	go(&t, 0, on_view, &w);
	assert_int_equal(t.end, ROLLOUT_DONE);
	assert_int_equal(count(&t, SESSION_SUCCESS), 120);
	assert_int_equal(w.most, 7);
	last = t.clock_ms;
	assert_true(last >= 89 * 10000);
	done(&t);
}

static void a_drain_leaves_nothing_half_done(void **state)
{
	struct trial t;
	struct watch w = {.t = &t, .at_ms = 30000};

	(void)state;
	begin(&t, 200, "100%");
	t.farm.plan.limits.uploads = 10;
	make_ledger(&t);
	go(&t, 0, on_view, &w);
	assert_int_equal(t.end, ROLLOUT_DRAINED);
	assert_in_range(count(&t, SESSION_SUCCESS), 1, 60);
	assert_int_equal(count(&t, SESSION_SUCCESS) + count(&t, SESSION_WAITING) + count(&t, SESSION_PROBED) +
				 count(&t, SESSION_ELIGIBLE), 200);
	go(&t, 0, NULL, NULL);
	assert_int_equal(t.end, ROLLOUT_DONE);
	assert_int_equal(count(&t, SESSION_SUCCESS), 200);
	for (size_t i = 0; i < 200; i++)
		assert_int_equal(t.boards[i].flashes, 1);
	done(&t);
}

/* Reports say addresses as they are, and a run goes on at them. */
static void a_ledger_with_an_address_that_is_none_is_refused(void **state)
{
	static const char *const bad[] = {"10.0.0.1\x1b[2J", "=cmd", "a/b", "user@host"};
	struct ledger_device again[2];
	struct trial t;
	struct err e;

	(void)state;
	begin(&t, 2, "100%");
	make_ledger(&t);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char sql[100];

		snprintf(sql, sizeof sql, "UPDATE device SET address='%s' WHERE id=0", bad[i]);
		assert_int_equal(ledger_sql(t.ledger, sql, &e), 0);
		assert_int_equal(ledger_load(t.ledger, &t.farm.plan, again, &e), -1);
		assert_int_equal(e.verdict, VERDICT_USAGE);
	}
	done(&t);
}

/* What the ledger holds is what the run knows, and the way of a board is written down state by state. */
static void collect(void *owner, uint64_t at_ms, const char *state, const char *class, const char *text)
{
	char *line = owner;
	size_t n = strlen(line);

	(void)at_ms;
	(void)class;
	(void)text;
	snprintf(line + n, 512 - n, "%s ", state);
}

static void the_ledger_tells_it_all(void **state)
{
	struct trial t;
	struct ledger_device *again;
	char line[512] = "";
	struct err e = {0};

	(void)state;
	begin(&t, 8, "100%");
	t.boards[2].fault = SIM_LOST;
	make_ledger(&t);
	go(&t, 0, NULL, NULL);
	again = calloc(8, sizeof *again);
	assert_int_equal(ledger_load(t.ledger, &t.farm.plan, again, &e), 0);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(again[i].session.state, t.devices[i].session.state);
		assert_int_equal(again[i].session.uploads, 1);
		assert_true(again[i].ended_ms > again[i].began_ms);
		assert_string_equal(again[i].session.before, "old");
	}
	assert_int_equal(ledger_history(t.ledger, 0, collect, line, &e), 0);
	assert_string_equal(line, "probed eligible uploading accepted rebooting up version healthy soaked success ");
	line[0] = '\0';
	assert_int_equal(ledger_history(t.ledger, 2, collect, line, &e), 0);
	assert_string_equal(line, "probed eligible uploading asking asking up version healthy soaked success ");
	assert_int_equal(ledger_check(t.ledger, &e), 0);
	free(again);
	done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_thousand_boards),
		cmocka_unit_test(every_trouble_has_its_end),
		cmocka_unit_test(a_bad_image_stops_at_the_canaries),
		cmocka_unit_test(a_halt_lets_uploads_finish),
		cmocka_unit_test(a_gate_waits_for_a_hand),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(a_drain_leaves_nothing_half_done),
		cmocka_unit_test(a_ledger_with_an_address_that_is_none_is_refused),
		cmocka_unit_test(the_ledger_tells_it_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
