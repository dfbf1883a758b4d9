/* SPDX-License-Identifier: ISC */
/* The state machine of one board, phase by phase: whatever may be heard in a phase has one row, which says what is entered, what
 * is wanted next and when, and how it ends. */
#include "tests/session_said.h"

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
	 {"probed : health now", "already : end none", "already : end none", "failed : end busy", "probed : health now",
	  "probed : health now", "probed : health now", "failed : end moved", "failed : end unreachable",
	  "failed : end login", "rejected : end foreign", "failed : end busy", "failed : end garbled",
	  "failed : end lost", "failed : end local"}},
	{{.name = "waiting, was sent it before", .state = SESSION_WAITING, .uploads = 1},
	 {"probed : health now", "up version : health now", "accepted : reboot?", ": identify x1", "accepted : reboot?",
	  "probed : health now", "probed : health now", ": identify x1", ": identify x1", "failed : end login",
	  "rejected : end foreign", ": identify x1", ": identify x1", ": identify x1", ": identify x1"}},
	{{.name = "accepted, late", .state = SESSION_ACCEPTED, .uploads = 1, .late = true},
	 {": reboot?", "up version : health now", ": reboot?", "failed : end reboot", ": reboot?", ": reboot?", ": reboot?",
	  "failed : end moved", "needs-card : end dead", "failed : end login", "failed : end foreign",
	  "failed : end health", "failed : end garbled", "needs-card : end dead", "failed : end local"}},
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
	  "failed : end foreign", "failed : end health", "failed : end garbled", "needs-card : end dead",
	  "failed : end local"}},
	{{.name = "rebooting, late, twice", .state = SESSION_REBOOTING, .uploads = 1, .reboots = 2, .late = true},
	 {"failed : end version", "up version : health now", "failed : end reboot", "failed : end reboot",
	  "failed : end version", "failed : end version", "failed : end version", "failed : end moved",
	  "needs-card : end dead", "failed : end login", "failed : end foreign", "failed : end health",
	  "failed : end garbled", "needs-card : end dead", "failed : end local"}},
	{{.name = "rebooting by itself, late", .state = SESSION_REBOOTING, .uploads = 1, .late = true, .self = true},
	 {"failed : end version", "up version : health now", "failed : end reboot", "failed : end reboot",
	  "failed : end version", "failed : end version", "failed : end version", "failed : end moved",
	  "needs-card : end dead", "failed : end login", "failed : end foreign", "failed : end health",
	  "failed : end garbled", "needs-card : end dead", "failed : end local"}},
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
	  "failed : end garbled", "needs-card : end dead", "failed : end local"}},
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
		e = (struct link_event){.act = LINK_HEALTH, .result.outcome = OUTCOME_FAILED, .fault = doing == NO_STATUS ? CLASS_LOST : CLASS_LOGIN};
		snprintf(e.result.text, sizeof e.result.text, "%s", session_class_word(e.fault));
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

enum done { TAKEN, DECLINED, REFUSED_LOGIN, NO_ANSWER, NOT_SENT, NOT_SENT_LOGIN, DONES };

static struct link_event done(enum link_act act, enum done what)
{
	static const struct {
		enum outcome outcome;
		enum session_class fault;
	} as[DONES] = {{OUTCOME_ACCEPTED, CLASS_NONE}, {OUTCOME_REJECTED, CLASS_REFUSED}, {OUTCOME_REJECTED, CLASS_LOGIN},
		       {OUTCOME_UNKNOWN, CLASS_LOST}, {OUTCOME_FAILED, CLASS_UNREACHABLE}, {OUTCOME_FAILED, CLASS_LOGIN}};
	struct link_event e = {.act = act, .result.outcome = as[what].outcome, .fault = as[what].fault};

	snprintf(e.result.text, sizeof e.result.text, "%s", session_class_word(e.fault));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_are_you),
		cmocka_unit_test(how_do_you_do),
		cmocka_unit_test(what_was_done_to_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
