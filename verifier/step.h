/* SPDX-License-Identifier: ISC */
/* What an image means for this board: which slot gets what, in which order. It follows from the signed manifest, the device file and the side
 * alone, so an install, and what finishes it after a power cut, go through the same steps. */
#ifndef VERIFIER_STEP_H
#define VERIFIER_STEP_H

#include "core/manifest.h"
#include "verifier/device.h"

enum step_kind {
	STEP_TREE,           /* the whole tree, staged beside a directory, takes its place */
	STEP_FILE,           /* one file, staged beside a file, takes its place */
	STEP_SIDE,           /* one file, written at once to a side that nothing runs from; nothing remains to be done */
	STEP_FLASH,          /* one file, staged elsewhere, is written to a slot that is in use */
};

/* Plain record. SLOT and TARGET are the device's. */
struct step {
	enum step_kind kind;
	const struct device_slot *slot;
	const char *target;  /* its text for the side that is written */
	uint32_t entry;      /* the file's index in the manifest; of a tree unused */
	uint64_t size;       /* of the file, in bytes */
	unsigned char hash[HASH_SIZE];
	int fd;              /* STEP_FLASH: the staged file, once this process has it; else -1 */
};

/* Fills STEPS in the order of the device file's slots, in which the boot chain stands last. SIDE counts for slots with two sides. Returns 0, or
 * -1: wrong-board (a slot that this board does not have or that takes a tree, or nothing for this board). */
MUST_CHECK int steps_plan(struct step steps[static DEVICE_SLOTS_MAX], size_t *n, const struct device *d, enum side side, const struct manifest *m,
	       struct err *e);

/* Is NAME in the directory DIR, whole and to the byte, what step S puts there? PATH is its path. For what an earlier process has staged. Files
 * of the tree that are the board's settings may be anything. Returns 1, 0, or -1: that cannot be told (memory, I/O). */
MUST_CHECK int step_is_done_by(const struct step *s, const struct device *d, const struct manifest *m, int dir, const char *name, const char *path,
		    struct err *e);

#endif
