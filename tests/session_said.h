/* SPDX-License-Identifier: ISC */
/* For tests of the state machine: phases to enter, looks that come about or do not, and what is said of a step, in words. */
#ifndef TESTS_SESSION_SAID_H
#define TESTS_SESSION_SAID_H

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
	static const enum session_class faults[] = {CLASS_UNREACHABLE, CLASS_LOGIN, CLASS_FOREIGN, CLASS_BUSY, CLASS_GARBLED, CLASS_LOST, CLASS_LOCAL};
	struct link_event e = {.act = LINK_IDENTIFY, .result.outcome = OUTCOME_ACCEPTED};

	if (heard < UNREACHABLE) {
		identity(&e, heard);
	} else {
		e.result.outcome = heard == FOREIGN ? OUTCOME_REJECTED : OUTCOME_FAILED;
		e.fault = faults[heard - UNREACHABLE];
		snprintf(e.result.text, sizeof e.result.text, "%s", session_class_word(e.fault));
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

#endif
