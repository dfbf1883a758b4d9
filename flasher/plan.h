/* SPDX-License-Identifier: ISC */
/* The plan of a rollout: which image, which boards in which waves, when to stop, what counts as healthy. Canonical text:
 * the same plan has the same bytes, so that a plan can be reviewed, compared, and named by its hash.
 *
 *     firmseal-plan 1
 *     bundle s9.firm.tar 31537152 HASH
 *     product antminer-s9
 *     version 2026.11.0
 *     counter 42
 *     reports 2026.11.0
 *     settings keep
 *     limit uploads 0                       numbers: see plan_numbers in plan_text.c
 *     halt wave any percent 10 20           scope, class, more than 10 percent of at least 20 that have ended
 *     halt run unknown count 5              scope, class, that many
 *     wave 1 5 auto                         number, boards, gate before it: auto or hand
 *     device MAC ADDRESS BOARD REVISION SITE RACK CREDENTIAL WAVE        `*' for none; by wave, then in their order
 *     skip MAC ADDRESS BOARD REVISION SITE RACK CREDENTIAL REASON        by MAC; MAC `*' when it is not known
 *
 * Grammar as of core/text. */
#ifndef FLASHER_PLAN_H
#define FLASHER_PLAN_H

#include <stdio.h>

#include "flasher/image.h"
#include "flasher/inventory.h"
#include "flasher/plan_pick.h"
#include "flasher/session.h"

enum {
	PLAN_FILE_MAX = 64 << 20, /* bytes */
	PLAN_WAVES_MAX = 64,
	PLAN_HALTS_MAX = 64,
	PLAN_REASON_MAX = PICK_REASON_MAX,
	PLAN_BUNDLE_MAX = 1024,   /* bytes of the bundle's name */
};

enum plan_scope { SCOPE_CANARY, SCOPE_WAVE, SCOPE_SITE, SCOPE_RUN, PLAN_SCOPES };

/* Stops the run once too many boards of a scope have ended badly. */
struct plan_halt {
	enum plan_scope scope;
	bool any;                  /* class, else CLASS */
	enum session_class class;
	uint64_t count;            /* 0: percent */
	uint64_t percent, sample;  /* over PERCENT of those that ended, once they are SAMPLE */
};

struct plan_wave {
	size_t count;
	bool hand;                 /* does not begin before somebody says so */
};

struct plan_device {
	struct inventory_board board; /* mac, address, board, revision, site, rack, credential; the rest is empty */
	unsigned wave;                /* from 1; 0: skipped */
	char reason[PLAN_REASON_MAX + 1];
};

struct plan_limits {
	uint64_t uploads;          /* at once; 0: no limit */
	uint64_t rate;             /* bytes a second over all; 0: no limit */
	uint64_t reboots;          /* a minute; 0: no limit */
	uint64_t timeout_ms;       /* of a board that neither takes nor gives */
};

struct plan {
	char bundle[PLAN_BUNDLE_MAX + 1];
	uint64_t size;
	unsigned char hash[HASH_SIZE];
	char product[TEXT_NAME_MAX + 1], version[TEXT_NAME_MAX + 1];
	uint64_t counter;
	bool wipe;
	struct plan_limits limits;
	struct session_rules rules;
	struct plan_halt halts[PLAN_HALTS_MAX];
	size_t nhalts;
	struct plan_wave waves[PLAN_WAVES_MAX];
	size_t nwaves;
	struct plan_device *devices; /* those with a wave first, by wave; then the skipped */
	size_t n, nskipped;          /* n counts all */
};

/* The defaults of limits, rules and halts. */
void plan_defaults(struct plan *p);

/* Reads a halt as on the command line, SCOPE:CLASS:COUNT or SCOPE:CLASS:PERCENT%/SAMPLE. Returns 0 or -1 (usage). */
MUST_CHECK int plan_halt_parse(struct plan_halt *h, const char *text, struct err *e);

/* Sizes of waves as on the command line: "2,10%,hand:100%", each a number or a share of all boards (rounded up), the last
 * one taking what is left in any case. Needs plan_add_boards() before. Returns 0 or -1 (usage). */
MUST_CHECK int plan_add_waves(struct plan *p, const char *text, struct err *e);

/* Takes the boards of INV: those that PICK takes and IMAGE is for become devices, the others are skipped with a reason. BOARDS are all
 * profiles, sorted by id. Returns 0 or -1. */
MUST_CHECK int plan_add_boards(struct plan *p, const struct inventory *inv, const struct plan_pick *pick, const struct image *image,
		    const struct board *boards, size_t nboards, struct err *e);

/* What names D: its MAC; of a skipped board without one its address. Unique in a plan. */
const char *plan_device_key(const struct plan_device *d);

/* Writes the canonical text; the caller checks the stream. */
void plan_write(FILE *out, const struct plan *p);

/* Reads it; NAME stands in messages. Strict: what plan_write() would not write is refused. Returns 0, or -1 (usage);
 * plan_free is due in either case. */
MUST_CHECK int plan_parse(struct plan *p, const char *name, const char *text, size_t len, struct err *e);

void plan_free(struct plan *p);

#endif
