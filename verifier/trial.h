/* SPDX-License-Identifier: ISC */
/* An image on trial: kept by `confirm' after a healthy start, given up by `rollback'. For boards with two sides. */
#ifndef VERIFIER_TRIAL_H
#define VERIFIER_TRIAL_H

#include "verifier/boot.h"
#include "verifier/known.h"

struct trial_result {
	struct boot_state boot;  /* as it is now */
	enum side running;
	struct installed image;  /* confirm: of the side that runs; rollback: of the one that starts next. any is false for one from the factory */
	uint64_t counter;        /* confirmed */
	bool changed;            /* confirm: it was on trial */
};

/* The image that runs is healthy: it is on trial no longer, and its counter is the lowest one from now on. When nothing is on trial
 * that is fine, too. The caller holds the lock, has finished the journal, and has K from it. Returns 0, or -1: usage (no two sides; the other side
 * starts next, on trial or not), system. */
MUST_CHECK int trial_confirm(const struct device *d, struct known *k, struct trial_result *out, struct err *e);

/* The other side starts next: the confirmed one when it runs on trial, or its trial is called off before its first start; else the one before,
 * on trial. Returns 0, or -1: rollback (its image is older than what was confirmed), usage (no two sides; nothing whole there), system. */
MUST_CHECK int trial_rollback(const struct device *d, struct known *k, struct trial_result *out, struct err *e);

#endif
