/* SPDX-License-Identifier: ISC */
/* What simulated boards do wrong, and which of them: dealt out by share, the same for the same seed. */
#ifndef SIMULATOR_BEHAVIOUR_H
#define SIMULATOR_BEHAVIOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum behaviour {
	/* What becomes of an upload, or of the board behind it. A board has at most one of these: their shares add up. */
	BEHAVE_RESET,        /* the connection is reset when half of the upload is through; VALUE: that often, then no more */
	BEHAVE_HALF_CLOSED,  /* the board ends its side of the connection half way, reads on, and takes nothing */
	BEHAVE_LOST,         /* takes the image, and closes without an answer */
	BEHAVE_SILENT,       /* takes the image, and never answers */
	BEHAVE_NOTHING,      /* says that it took the image, and did not */
	BEHAVE_REFUSES,      /* refuses every image */
	BEHAVE_BUSY,         /* says that another install is under way; VALUE: that often, then no more */
	BEHAVE_WRONG_VERSION,/* comes up with a version that nobody sent */
	BEHAVE_LOOP,         /* after the new image: up for a moment, and down again, for ever */
	BEHAVE_BRICKED,      /* after the new image: never up again */
	BEHAVE_MOVED,        /* after the new image: at another address */
	BEHAVE_BAD,          /* after the new image: up, and not healthy */
	BEHAVE_INFECTED,     /* lies about its version, takes no image, mines for somebody else */
	BEHAVE_DEAD,         /* not there at all */
	BEHAVE_HANGS,        /* accepts connections, and says nothing */
	BEHAVE_NO_WEB,       /* its web server is dead; it mines */
	BEHAVE_WRONG_PASSWORD,   /* nobody knows its password */
	BEHAVE_LAST_EXCLUSIVE = BEHAVE_WRONG_PASSWORD,
	/* These come on top of others. */
	BEHAVE_DEFAULT_PASSWORD, /* the maker's: root */
	BEHAVE_SLOW,         /* takes VALUE bytes a second */
	BEHAVE_STALE,        /* the first nonce is stale when it comes back */
	BEHAVE_ONCE,         /* a nonce is good for one request */
	BEHAVE_NO_QOP,
	BEHAVE_SHA256,
	BEHAVE_BASIC,        /* asks for Basic, not Digest */
	BEHAVE_COUNT,
};

/* "reset", "half-closed", ... */
const char *behaviour_word(enum behaviour b);

enum { BEHAVE_RULES_MAX = 64 };

/* One line of a scenario. */
struct behave_rule {
	enum behaviour behaviour;
	bool percent;
	uint64_t share;      /* boards, or hundredths of a percent of them */
	uint64_t value;      /* 0: none given */
};

struct scenario {
	struct behave_rule rules[BEHAVE_RULES_MAX];
	size_t n;
};

/* Adds "NAME:SHARE[:VALUE]", SHARE being a count or a percentage such as 2.5%. Returns 0 or -1 (usage). */
MUST_CHECK int scenario_add(struct scenario *s, const char *rule, struct err *e);
/* Adds the rules in file NAME: one a line, empty lines and those that begin with # apart. Returns 0 or -1. */
MUST_CHECK int scenario_add_file(struct scenario *s, const char *name, struct err *e);

/* What one board was dealt. */
struct behaves {
	uint32_t set;            /* a bit a behaviour */
	uint32_t value;          /* of the exclusive one, counted down where it is "that often" */
	uint32_t rate;           /* of slow: bytes a second */
};

static inline bool behaves_as(const struct behaves *b, enum behaviour behaviour)
{
	return b->set >> behaviour & 1u;
}

/* Deals the scenario to N boards. Returns 0, or -1: usage when exclusive shares add up to more than there are boards. */
MUST_CHECK int scenario_deal(const struct scenario *s, uint64_t seed, struct behaves *boards, size_t n, struct err *e);

/* A number that depends on nothing but its arguments: dice for whatever varies from board to board. */
uint64_t behaviour_dice(uint64_t seed, uint64_t what, uint64_t board);

#endif
