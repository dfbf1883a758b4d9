/* SPDX-License-Identifier: ISC */
/* The journal: what an install has decided to do, written before it does any of it. With it a power cut is finished, not undone:
 * everything it names has been verified, synced and read back. */
#ifndef VERIFIER_JOURNAL_H
#define VERIFIER_JOURNAL_H

#include "verifier/state.h"

struct journal_swap {
	const char *path;
	uint64_t inode;      /* of what is staged beside it */
};

/* Writes the journal: the image to be recorded as installed, and the swaps to be done. From here on the install is decided.
 * MANIFEST and its SIGNATURES are kept as STATE/manifest and STATE/manifest.minisig, for audits. Returns 0 or -1. */
int journal_write(const struct device *d, const struct installed *next, struct span manifest,
		  struct span signatures, const struct journal_swap *swaps, size_t n, struct err *e);

/* Does what the journal says, records the image as installed, and removes the journal. Without a journal, sweeps what was only
 * staged. The caller holds the lock. Returns 0 or -1 (the journal stays, and can be tried again). */
int journal_finish(const struct device *d, struct err *e);

/* Whether an install that was decided waits to be finished. Returns 1, 0, or -1 (system: the journal is damaged). */
int journal_waits(const struct device *d, struct err *e);

#endif
