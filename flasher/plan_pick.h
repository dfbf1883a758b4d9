/* SPDX-License-Identifier: ISC */
/* Which boards of an inventory a plan may take: --only and --exclude by site, rack, tag, model and state, and suspects. A board that is left
 * out stays in the plan, skipped, with the reason. */
#ifndef FLASHER_PLAN_PICK_H
#define FLASHER_PLAN_PICK_H

#include "flasher/inventory.h"

enum { PICK_RULES_MAX = 64, PICK_REASON_MAX = 160 };

enum pick_key { PICK_SITE, PICK_RACK, PICK_TAG, PICK_MODEL, PICK_STATE, PICK_KEYS };

/* One KEY=VALUE; a `*' at the end of VALUE stands for anything. */
struct pick_rule {
	enum pick_key key;
	bool exclude;
	const char *at;  /* the value: LEN bytes, of the argument */
	size_t len;
};

/* Zero-initialised it takes all boards but suspects. */
struct plan_pick {
	struct pick_rule rules[PICK_RULES_MAX];
	size_t n;
	bool suspects;   /* --include-suspects */
};

/* Takes "KEY=VALUE[,VALUE...]" of --only, or of --exclude. TEXT must outlive P. Returns 0 or -1 (usage). */
MUST_CHECK int plan_pick_add(struct plan_pick *p, bool exclude, const char *text, struct err *e);

/* True when B may be in the plan; else WHY says what leaves it out, and how to take it in. --only rules of one key are alternatives; a board
 * must meet those of each key. Any --exclude rule leaves it out. */
bool plan_pick_takes(const struct plan_pick *p, const struct inventory_board *b, char why[static PICK_REASON_MAX + 1]);

#endif
