/* SPDX-License-Identifier: ISC */
/* The journal: an install that is decided, written before any of it is done. With it a power cut is finished, not undone: everything it
 * stands for has been verified, synced and read back.
 *
 * It names the image and the side, and nothing else. What has to be done follows from the image's signed manifest, which is kept beside it and
 * verified again when an interrupted install is finished (verifier/step.h). */
#ifndef VERIFIER_JOURNAL_H
#define VERIFIER_JOURNAL_H

#include "verifier/known.h"
#include "verifier/step.h"

/* Plain record. */
struct journal {
	const struct device *d;
	struct installed next;         /* the image, to be recorded as installed */
	enum side side;                /* boards without sides: SIDE_A */
	const struct manifest *m;      /* of the image */
	struct step steps[DEVICE_SLOTS_MAX];
	size_t nsteps;
	bool own;                      /* this process has staged it: its names and descriptors are as it left them */
};

/* Writes J, and the manifest and its SIGNATURES beside it, which are kept for audits and as proof. From here on the install is decided.
 * Returns 0 or -1. */
MUST_CHECK int journal_write(const struct journal *j, struct span signatures, struct err *e);

/* Does the steps of J, whose journal is written, records the image as installed, makes its side the next to start, on trial, and removes the
 * journal. Returns 0 or -1 (the journal stays, and can be tried again, unless it was given up). */
MUST_CHECK int journal_carry_out(struct journal *j, struct err *e);

/* Finishes what a power cut interrupted, and loads what the board then knows into *K (known_free is due, also after a failure). The journal must
 * be of an image that this board accepts, with its signed manifest; what is staged is compared with that. A journal that is damaged, or of
 * something else, is given up, and *K has a fault that says why. So is an install whose image was staged in memory and is gone; and, with
 * JOURNAL_GIVES_WAY, one whose flash cannot be written, so that another image may come. Without a journal, sweeps what was only staged.
 * The caller holds the lock. Returns 0 or -1. */
enum journal_failure { JOURNAL_STAYS, JOURNAL_GIVES_WAY };
MUST_CHECK int journal_finish(struct known **k, const struct device *d, enum journal_failure failure, struct err *e);

/* Whether an install that was decided waits to be finished. */
bool journal_waits(const struct device *d);

#endif
