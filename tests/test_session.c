/* SPDX-License-Identifier: ISC */
/* The state machine of one board, phase by phase: whatever may be heard in a phase has one row, which says what is entered, what
 * is wanted next and when, and how it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flasher/session.h"

/* All different, so that a delay tells which it is. */
static const struct session_rules rules = {
	.version = "new", .tries = 3, .backoff_ms = 10000, .poll_ms = 5000, .boot_ms = 600000, .settle_ms = 300001,
	.health_ms = 900000, .soak_ms = 60000, .hashrate_percent = 80, .temp_c = 100, .chains = true, .fans = true, .pools = true,
};
enum { NOW = 10000000 };
static const char mac[] = "02:00:00:00:00:01";

/* --- what is heard --- */

enum heard {
	OLD, NEW, NEW_UNSTARTED, OLD_BUSY, OLD_HOLDS_NEW, OLD_HOLDS_NOTHING, OLD_REBOOTED, OTHER_MAC, /* a look that came about */
	UNREACHABLE, LOGIN, FOREIGN, BUSY, GARBLED, LOST, LOCAL,                                        /* one that did not */
	LOOKS,
};

static void identity(struct link_event *e, enum heard heard)
{
	struct link_identity *i = &e->identity;

	snprintf(i->mac, sizeof i->mac, "%s", heard == OTHER_MAC ? "02:00:00:00:00:02" : mac);
	snprintf(i->version, sizeof i->version, "%s", heard == NEW || heard == NEW_UNSTARTED ? "new" : "old");
	i->busy = heard == OLD_BUSY;
	i->pending_known = heard == OLD_HOLDS_NEW || heard == OLD_HOLDS_NOTHING;
	snprintf(i->pending, sizeof i->pending, "%s", heard == OLD_HOLDS_NEW ? "new" : "");
	/* The image was sent 100 s ago. */
	i->uptime_s = heard == NEW_UNSTARTED ? 86400 : heard == OLD_REBOOTED ? 20 : 0;
}

static struct link_event look(enum heard heard)
{
	static const enum link_fault faults[] = {LINK_UNREACHABLE, LINK_LOGIN, LINK_FOREIGN, LINK_BUSY, LINK_GARBLED, LINK_LOST, LINK_LOCAL};
	struct link_event e = {.act = LINK_IDENTIFY, .result.outcome = OUTCOME_ACCEPTED};

	if (heard < UNREACHABLE) {
		identity(&e, heard);
	} else {
		e.result.outcome = heard == FOREIGN ? OUTCOME_REJECTED : OUTCOME_FAILED;
		e.fault = faults[heard - UNREACHABLE];
		snprintf(e.result.text, sizeof e.result.text, "%s", link_fault_word(e.fault));
	}
	return e;
}

/* --- what is said of a step --- */

static void put(char *out, size_t size, const char *word)
{
	size_t n = strlen(out);

	snprintf(out + n, size - n, "%s%s", n ? " " : "", word);
}

/* "x2": the second doubling of the time before another try, give or take a quarter. */
static void put_delay(char *out, size_t size, uint64_t ms)
{
	char word[32] = "";

	if (ms == 0 || ms == rules.poll_ms || ms == rules.settle_ms)
		snprintf(word, sizeof word, "%s", ms == 0 ? "now" : ms == rules.poll_ms ? "poll" : "settle");
	for (uint64_t n = 0; n <= 4 && !word[0]; n++)
		if (ms >= (rules.backoff_ms << n) / 4 * 3 && ms <= (rules.backoff_ms << n) / 4 * 5)
			snprintf(word, sizeof word, "x%d", (int)n);
	if (!word[0])
		snprintf(word, sizeof word, "%d-ms", (int)ms);
	put(out, size, word);
}

/* "probed : health now", "failed : end unreachable". */
static void describe(char *out, size_t size, const struct session *s, const struct session_next *next)
{
	static const char *const acts[LINK_ACTS] = {"identify", "health", "upload", "reboot"};

	out[0] = '\0';
	for (unsigned i = 0; i < next->nedges; i++)
		put(out, size, session_state_word(next->edges[i]));
	put(out, size, ":");
	switch (next->want) {
	case WANT_ACT:
		put(out, size, acts[next->act]);
		put_delay(out, size, next->delay_ms);
		break;
	case WANT_UPLOAD:
		put(out, size, "upload?");
		break;
	case WANT_REBOOT:
		put(out, size, "reboot?");
		break;
	case WANT_NOTHING:
		put(out, size, "end");
		put(out, size, session_class_word(s->class));
		assert_true(session_ended(s->state));
		assert_true(!session_bad(s->state) || s->text[0]); /* a person is told why */
		break;
	}
	assert_true(next->nedges == 0 || next->edges[next->nedges - 1] == s->state);
}

/* A phase: where the board is, and what has happened to it. */
struct phase {
	const char *name;
	enum session_state state;
	uint32_t uploads, tries, reboots;
	bool late, down, asking, self, figures; /* late: the time to come back is over. down: was seen so */
	uint32_t stale;
	bool soaked;                            /* the soak time is over */
	bool baseline;                          /* of the rules */
};

static struct session enter(const struct phase *p)
{
	struct session s = {.state = p->state, .uploads = p->uploads, .tries = p->tries, .reboots = p->reboots, .seen_down = p->down,
			    .asking = p->asking, .self_reboot = p->self, .stale = p->stale, .have_figures = p->figures, .seed = 7,
			    .sent = p->uploads > 0, .sent_ms = NOW - 100000};

	memcpy(s.mac, mac, sizeof mac);
	s.deadline_ms = p->late ? NOW : NOW + 1000;
	s.soak_until_ms = p->soaked ? NOW : NOW + 1000000;
	s.uptime_s = 500;
	s.figures = (struct link_health){.http = true, .api = true, .hashrate_mhs = 1000, .chains = 3, .fans = 4, .temp_c = 70,
					 .uptime_s = 500, .pools = "0123456789abcdef"};
	return s;
}

static void expect(const struct phase *p, size_t n, const struct link_event *event, const char *want)
{
	struct session_rules r = rules;
	struct session s = enter(p);
	struct session_next next = {0};
	char got[256];

	r.baseline = p->baseline;
	session_told(&s, &r, event, NOW, &next);
	describe(got, sizeof got, &s, &next);
	if (getenv("SHOW"))
		printf("%s %zu \"%s\",\n", p->name, n, got);
	else if (strcmp(got, want) != 0)
		fail_msg("%s, event %zu:\n  %s, not\n  %s", p->name, n, got, want);
}

/* --- who are you? Each phase, whatever may be heard in it --- */

struct look_row {
	struct phase phase;
	const char *want[LOOKS];
};

static const struct look_row looks[] = {
	{{.name = "waiting", .state = SESSION_WAITING},
	 {"probed : health now", "already : end none", "already : end none", ": identify x1", "probed : health now",
	  "probed : health now", "probed : health now", ": identify x1", ": identify x1", "failed : end login",
	  "rejected : end foreign", ": identify x1", ": identify x1", ": identify x1", ": identify x1"}},
	{{.name = "waiting, last try", .state = SESSION_WAITING, .tries = 2},
	 {"probed : health now", "already : end none", "already : end none", "failed : end transfer", "probed : health now",
	  "probed : health now", "probed : health now", "failed : end moved", "failed : end unreachable",
	  "failed : end login", "rejected : end foreign", "failed : end transfer", "failed : end foreign",
	  "failed : end unreachable", "failed : end local"}},
	{{.name = "waiting, was sent it before", .state = SESSION_WAITING, .uploads = 1},
	 {"probed : health now", "up version : health now", "accepted : reboot?", ": identify x1", "accepted : reboot?",
	  "probed : health now", "probed : health now", ": identify x1", ": identify x1", "failed : end login",
	  "rejected : end foreign", ": identify x1", ": identify x1", ": identify x1", ": identify x1"}},
	{{.name = "accepted, late", .state = SESSION_ACCEPTED, .uploads = 1, .late = true},
	 {": reboot?", "up version : health now", ": reboot?", "failed : end reboot", ": reboot?", ": reboot?", ": reboot?",
	  "failed : end moved", "needs-card : end dead", "failed : end login", "failed : end foreign",
	  "failed : end health", "failed : end foreign", "needs-card : end dead", "failed : end local"}},
	{{.name = "accepted, gone on with", .state = SESSION_ACCEPTED, .uploads = 1},
	 {": reboot?", "up version : health now", ": reboot?", ": identify poll", ": reboot?", ": reboot?", ": reboot?",
	  ": identify poll", ": identify poll", ": identify poll", ": identify poll", ": identify poll", ": identify poll",
	  ": identify poll", ": identify poll"}},
	{{.name = "rebooting", .state = SESSION_REBOOTING, .uploads = 1, .reboots = 1},
	 {": identify poll", "up version : health now", ": identify poll", ": identify poll", ": identify poll",
	  ": identify poll", ": identify poll", ": identify poll", ": identify poll", ": identify poll", ": identify poll",
	  ": identify poll", ": identify poll", ": identify poll", ": identify poll"}},
	{{.name = "rebooting, seen down", .state = SESSION_REBOOTING, .uploads = 1, .reboots = 1, .down = true},
	 {": identify poll", "up version : health now", ": identify poll", ": identify poll", ": identify poll",
	  ": identify poll", ": identify poll", ": identify poll", ": identify poll", ": identify poll", ": identify poll",
	  ": identify poll", ": identify poll", ": identify poll", ": identify poll"}},
	{{.name = "rebooting, old once", .state = SESSION_REBOOTING, .uploads = 1, .reboots = 1, .down = true, .stale = 1},
	 {"failed : end version", "up version : health now", ": identify poll", ": identify poll", "failed : end version",
	  "failed : end version", "failed : end version", ": identify poll", ": identify poll", ": identify poll",
	  ": identify poll", ": identify poll", ": identify poll", ": identify poll", ": identify poll"}},
	{{.name = "rebooting, late", .state = SESSION_REBOOTING, .uploads = 1, .reboots = 1, .late = true},
	 {": reboot?", "up version : health now", ": reboot?", "failed : end reboot", ": reboot?", ": reboot?",
	  "failed : end version", "failed : end moved", "needs-card : end dead", "failed : end login",
	  "failed : end foreign", "failed : end health", "failed : end foreign", "needs-card : end dead",
	  "failed : end local"}},
	{{.name = "rebooting, late, twice", .state = SESSION_REBOOTING, .uploads = 1, .reboots = 2, .late = true},
	 {"failed : end version", "up version : health now", "failed : end reboot", "failed : end reboot",
	  "failed : end version", "failed : end version", "failed : end version", "failed : end moved",
	  "needs-card : end dead", "failed : end login", "failed : end foreign", "failed : end health",
	  "failed : end foreign", "needs-card : end dead", "failed : end local"}},
	{{.name = "rebooting by itself, late", .state = SESSION_REBOOTING, .uploads = 1, .late = true, .self = true},
	 {"failed : end version", "up version : health now", "failed : end reboot", "failed : end reboot",
	  "failed : end version", "failed : end version", "failed : end version", "failed : end moved",
	  "needs-card : end dead", "failed : end login", "failed : end foreign", "failed : end health",
	  "failed : end foreign", "needs-card : end dead", "failed : end local"}},
	{{.name = "asking", .state = SESSION_ASKING, .uploads = 1, .asking = true},
	 {": reboot?", "up version : health now", "accepted : reboot?", ": identify poll", "accepted : reboot?",
	  "waiting : identify x1", ": reboot?", ": identify poll", ": identify poll", ": identify poll", ": identify poll",
	  ": identify poll", ": identify poll", ": identify poll", ": identify poll"}},
	{{.name = "asking, rebooted, old once", .state = SESSION_ASKING, .uploads = 1, .asking = true, .reboots = 1, .down = true, .stale = 1},
	 {"waiting : identify x1", "up version : health now", "accepted : reboot?", ": identify poll", "accepted : reboot?",
	  "waiting : identify x1", "waiting : identify x1", ": identify poll", ": identify poll", ": identify poll",
	  ": identify poll", ": identify poll", ": identify poll", ": identify poll", ": identify poll"}},
	{{.name = "asking, rebooted, late", .state = SESSION_ASKING, .uploads = 1, .asking = true, .reboots = 1, .late = true},
	 {"waiting : identify x1", "up version : health now", "accepted : reboot?", "unknown : end unknown",
	  "accepted : reboot?", "waiting : identify x1", "waiting : identify x1", "unknown : end unknown",
	  "unknown : end unknown", "unknown : end unknown", "unknown : end unknown", "unknown : end unknown",
	  "unknown : end unknown", "unknown : end unknown", "unknown : end unknown"}},
	{{.name = "asking, reboots itself", .state = SESSION_ASKING, .uploads = 1, .asking = true, .self = true, .down = true, .stale = 1},
	 {"waiting : identify x1", "up version : health now", "accepted rebooting : identify poll", ": identify poll",
	  "accepted rebooting : identify poll", "waiting : identify x1", "waiting : identify x1", ": identify poll",
	  ": identify poll", ": identify poll", ": identify poll", ": identify poll", ": identify poll", ": identify poll",
	  ": identify poll"}},
	{{.name = "asking, last upload, late", .state = SESSION_ASKING, .uploads = 3, .asking = true, .reboots = 1, .late = true},
	 {"failed : end transfer", "up version : health now", "accepted : reboot?", "unknown : end unknown",
	  "accepted : reboot?", "failed : end transfer", "failed : end transfer", "unknown : end unknown",
	  "unknown : end unknown", "unknown : end unknown", "unknown : end unknown", "unknown : end unknown",
	  "unknown : end unknown", "unknown : end unknown", "unknown : end unknown"}},
	{{.name = "the last look", .state = SESSION_HEALTHY, .uploads = 1, .reboots = 1, .figures = true},
	 {": identify poll", "soaked success : end none", "soaked success : end none", ": identify poll", ": identify poll",
	  ": identify poll", ": identify poll", ": identify poll", ": identify poll", ": identify poll", ": identify poll",
	  ": identify poll", ": identify poll", ": identify poll", ": identify poll"}},
	{{.name = "the last look, went back", .state = SESSION_HEALTHY, .uploads = 1, .reboots = 1, .figures = true, .stale = 1},
	 {"failed : end version", "soaked success : end none", "soaked success : end none", ": identify poll",
	  "failed : end version", "failed : end version", "failed : end version", ": identify poll", ": identify poll",
	  ": identify poll", ": identify poll", ": identify poll", ": identify poll", ": identify poll", ": identify poll"}},
	{{.name = "the last look, late", .state = SESSION_HEALTHY, .uploads = 1, .reboots = 1, .figures = true, .late = true},
	 {"failed : end version", "soaked success : end none", "soaked success : end none", "failed : end reboot",
	  "failed : end version", "failed : end version", "failed : end version", "failed : end moved",
	  "needs-card : end dead", "failed : end login", "failed : end foreign", "failed : end health",
	  "failed : end foreign", "needs-card : end dead", "failed : end local"}},
};

static void who_are_you(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
		for (size_t heard = 0; heard < LOOKS; heard++) {
			struct link_event e = look((enum heard)heard);

			expect(&looks[i].phase, heard, &e, looks[i].want[heard]);
		}
}

/* --- how do you do? --- */

enum doing { WELL, NO_FIGURES, SLOW, CHAIN_GONE, FAN_STANDS, HOT, OTHER_POOLS, RESTARTED, NO_STATUS, LOCKED_OUT, DOINGS };

static struct link_event health(enum doing doing)
{
	struct link_event e = {.act = LINK_HEALTH, .result.outcome = OUTCOME_ACCEPTED};
	struct link_health *h = &e.health;

	*h = (struct link_health){.http = true, .api = doing != NO_FIGURES, .hashrate_mhs = doing == SLOW ? 799 : 800,
				  .chains = doing == CHAIN_GONE ? 2 : 3, .fans = doing == FAN_STANDS ? 3 : 4, .temp_c = doing == HOT ? 101 : 100,
				  .uptime_s = doing == RESTARTED ? 499 : 600};
	snprintf(h->pools, sizeof h->pools, "%s", doing == OTHER_POOLS ? "fedcba9876543210" : "0123456789abcdef");
	if (doing >= NO_STATUS) {
		e = (struct link_event){.act = LINK_HEALTH, .result.outcome = OUTCOME_FAILED, .fault = doing == NO_STATUS ? LINK_LOST : LINK_LOGIN};
		snprintf(e.result.text, sizeof e.result.text, "%s", link_fault_word(e.fault));
	}
	return e;
}

struct health_row {
	struct phase phase;
	const char *want[DOINGS];
};

static const struct health_row healths[] = {
	{{.name = "probed", .state = SESSION_PROBED},
	 {"eligible : upload?", "eligible : upload?", "eligible : upload?", "eligible : upload?", "eligible : upload?",
	  "eligible : upload?", "eligible : upload?", "eligible : upload?", ": health x1", "failed : end login"}},
	{{.name = "probed, last try", .state = SESSION_PROBED, .tries = 2},
	 {"eligible : upload?", "eligible : upload?", "eligible : upload?", "eligible : upload?", "eligible : upload?",
	  "eligible : upload?", "eligible : upload?", "eligible : upload?", "eligible : upload?", "failed : end login"}},
	{{.name = "probed, figures wanted", .state = SESSION_PROBED, .tries = 2, .baseline = true},
	 {"eligible : upload?", "failed : end health", "eligible : upload?", "eligible : upload?", "eligible : upload?",
	  "eligible : upload?", "eligible : upload?", "eligible : upload?", "failed : end health", "failed : end login"}},
	{{.name = "version", .state = SESSION_VERSION, .uploads = 1, .figures = true},
	 {"healthy : health poll", ": health poll", ": health poll", ": health poll", ": health poll", ": health poll",
	  ": health poll", "healthy : health poll", ": health poll", ": health poll"}},
	{{.name = "version, late", .state = SESSION_VERSION, .uploads = 1, .figures = true, .late = true},
	 {"healthy : health poll", "failed : end health", "failed : end health", "failed : end health",
	  "failed : end health", "failed : end health", "failed : end health", "healthy : health poll",
	  "failed : end health", "failed : end health"}},
	{{.name = "version, nothing to compare with", .state = SESSION_VERSION, .uploads = 1},
	 {"healthy : health poll", "healthy : health poll", "healthy : health poll", "healthy : health poll",
	  "healthy : health poll", ": health poll", "healthy : health poll", "healthy : health poll", ": health poll",
	  ": health poll"}},
	{{.name = "healthy", .state = SESSION_HEALTHY, .uploads = 1, .figures = true},
	 {": health poll", "version : health poll", "version : health poll", "version : health poll",
	  "version : health poll", "version : health poll", "version : health poll", "version : health poll",
	  "version : health poll", "version : health poll"}},
	{{.name = "healthy, soaked", .state = SESSION_HEALTHY, .uploads = 1, .figures = true, .soaked = true},
	 {": identify now", "version : health poll", "version : health poll", "version : health poll",
	  "version : health poll", "version : health poll", "version : health poll", "version : health poll",
	  "version : health poll", "version : health poll"}},
	{{.name = "healthy, late", .state = SESSION_HEALTHY, .uploads = 1, .figures = true, .late = true},
	 {": health poll", "failed : end health", "failed : end health", "failed : end health", "failed : end health",
	  "failed : end health", "failed : end health", "failed : end health", "failed : end health", "failed : end health"}},
};

static void how_do_you_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof healths / sizeof *healths; i++)
		for (size_t d = 0; d < DOINGS; d++) {
			struct link_event e = health((enum doing)d);

			expect(&healths[i].phase, d, &e, healths[i].want[d]);
		}
}

/* --- what was done to it --- */

enum done { TAKEN, REFUSED, REFUSED_LOGIN, NO_ANSWER, NOT_SENT, NOT_SENT_LOGIN, DONES };

static struct link_event done(enum link_act act, enum done what)
{
	static const struct {
		enum outcome outcome;
		enum link_fault fault;
	} as[DONES] = {{OUTCOME_ACCEPTED, LINK_NONE}, {OUTCOME_REJECTED, LINK_REFUSED}, {OUTCOME_REJECTED, LINK_LOGIN},
		       {OUTCOME_UNKNOWN, LINK_LOST}, {OUTCOME_FAILED, LINK_UNREACHABLE}, {OUTCOME_FAILED, LINK_LOGIN}};
	struct link_event e = {.act = act, .result.outcome = as[what].outcome, .fault = as[what].fault};

	snprintf(e.result.text, sizeof e.result.text, "%s", link_fault_word(e.fault));
	return e;
}

struct done_row {
	struct phase phase;
	enum link_act act;
	const char *want[DONES];
};

static const struct done_row dones[] = {
	{{.name = "uploading", .state = SESSION_UPLOADING, .uploads = 1}, LINK_UPLOAD,
	 {"accepted : reboot?", "rejected : end refused", "rejected : end login", "asking : identify settle",
	  "waiting : identify x1", "failed : end login"}},
	{{.name = "uploading, second", .state = SESSION_UPLOADING, .uploads = 2}, LINK_UPLOAD,
	 {"accepted : reboot?", "rejected : end refused", "rejected : end login", "asking : identify settle",
	  "waiting : identify x2", "failed : end login"}},
	{{.name = "uploading, last", .state = SESSION_UPLOADING, .uploads = 3}, LINK_UPLOAD,
	 {"accepted : reboot?", "rejected : end refused", "rejected : end login", "asking : identify settle",
	  "failed : end transfer", "failed : end login"}},
	{{.name = "uploading, reboots itself", .state = SESSION_UPLOADING, .uploads = 1, .self = true}, LINK_UPLOAD,
	 {"accepted rebooting : identify poll", "rejected : end refused", "rejected : end login",
	  "asking : identify settle", "waiting : identify x1", "failed : end login"}},
	{{.name = "to be rebooted", .state = SESSION_REBOOTING, .uploads = 1, .reboots = 1}, LINK_REBOOT,
	 {": identify poll", ": reboot x1", "failed : end reboot", ": reboot x1", ": reboot x1", "failed : end reboot"}},
	{{.name = "to be rebooted, second try", .state = SESSION_REBOOTING, .uploads = 1, .reboots = 1, .tries = 1}, LINK_REBOOT,
	 {": identify poll", ": reboot x2", "failed : end reboot", ": reboot x2", ": reboot x2", "failed : end reboot"}},
	{{.name = "to be rebooted, last try", .state = SESSION_REBOOTING, .uploads = 1, .reboots = 1, .tries = 2}, LINK_REBOOT,
	 {": identify poll", "failed : end reboot", "failed : end reboot", "failed : end reboot", "failed : end reboot",
	  "failed : end reboot"}},
	{{.name = "asking, to be rebooted, last try", .state = SESSION_ASKING, .uploads = 1, .reboots = 1, .tries = 2, .asking = true}, LINK_REBOOT,
	 {": identify poll", "unknown : end unknown", "unknown : end unknown", "unknown : end unknown",
	  "unknown : end unknown", "unknown : end unknown"}},
};

static void what_was_done_to_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof dones / sizeof *dones; i++)
		for (size_t d = 0; d < DONES; d++) {
			struct link_event e = done(dones[i].act, (enum done)d);

			expect(&dones[i].phase, d, &e, dones[i].want[d]);
		}
}

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
		if (s.state != rows[i].state || s.uploads != rows[i].uploads_then || s.class != CLASS_NONE)
			fail_msg("row %zu: %s, %u uploads", i, session_state_word(s.state), s.uploads);
	}
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
		cmocka_unit_test(who_are_you),
		cmocka_unit_test(how_do_you_do),
		cmocka_unit_test(what_was_done_to_it),
		cmocka_unit_test(every_state_goes_on),
		cmocka_unit_test(a_retry_asks_first_who_may_have_the_image),
		cmocka_unit_test(tries_are_spread),
		cmocka_unit_test(words_are_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
