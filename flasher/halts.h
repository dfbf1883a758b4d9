/* SPDX-License-Identifier: ISC */
/* Counts the ends of boards, and says when a plan's halts are due. */
#ifndef FLASHER_HALTS_H
#define FLASHER_HALTS_H

#include "flasher/plan.h"

struct halts_tally {
	size_t ended, bad;             /* already and skipped count for neither */
	size_t class[SESSION_CLASSES];
};

struct halts {
	const struct plan *plan;
	struct halts_tally run, wave[PLAN_WAVES_MAX];
	struct halts_tally *site;      /* nsites */
	uint32_t *site_of;             /* of each device */
	size_t nsites;
};

/* Returns 0, or -1 when memory is out; halts_free is due in either case. */
MUST_CHECK int halts_init(struct halts *h, const struct plan *plan, struct err *e);

/* Device INDEX of the plan has ended. Returns true when that makes a halt due; WHY says which, for a person. */
bool halts_count(struct halts *h, uint32_t index, enum session_state end, enum session_class class,
		 char why[static SESSION_TEXT_MAX]);

void halts_free(struct halts *h);

#endif
