/* SPDX-License-Identifier: ISC */
/* The journal: what an install has decided to do, written before it does any of it. With it a power cut is finished, not undone:
 * everything it names has been verified, synced and read back. */
#ifndef VERIFIER_JOURNAL_H
#define VERIFIER_JOURNAL_H

#include "verifier/state.h"

enum step_kind {
	STEP_NONE,           /* all is where it belongs: on a side that nothing runs from */
	STEP_SWAP,           /* what is staged beside PATH takes its place */
	STEP_FLASH,          /* what is staged for SLOT is written to the copies of PATH, a target's text */
};

struct journal_step {
	enum step_kind kind;
	const char *path;
	uint64_t inode;      /* SWAP: of what is staged beside it */
	bool only;           /* SWAP: what it replaces is not kept */
	const char *slot;    /* FLASH */
	uint64_t size;       /* FLASH: bytes */
	unsigned char hash[HASH_SIZE];
	int fd;              /* FLASH: the staged image, which is its target's */
};

/* Writes the journal: the image to be recorded as installed on SIDE (for boards without sides: SIDE_A), and the steps to be done.
 * From here on the install is decided. MANIFEST and its SIGNATURES are kept as STATE/manifest and STATE/manifest.minisig, for
 * audits. Returns 0 or -1. */
int journal_write(const struct device *d, enum side side, const struct installed *next, struct span manifest,
		  struct span signatures, const struct journal_step *steps, size_t n, struct err *e);

/* Does what the journal says, records the image as installed, makes its side the next to start, on trial, and removes the journal.
 * STEPS are those that this process has journalled; NULL, 0 after a power cut. Without a journal, sweeps what was only staged. What
 * can no longer be finished, because its image was staged in memory and is gone, becomes STATE/interrupted; of an earlier process
 * that is no failure. The caller holds the lock. Returns 0 or -1 (the journal stays, and can be tried again, unless it was given up). */
int journal_finish(const struct device *d, const struct journal_step *steps, size_t n, struct err *e);

/* Gives up what cannot be finished, so that another image may come: the journal becomes STATE/interrupted. Returns 0 or -1. */
int journal_give_up(const struct device *d, struct err *e);

/* Whether an install that was decided waits to be finished. Returns 1, 0, or -1 (system: the journal is damaged). */
int journal_waits(const struct device *d, struct err *e);

#endif
