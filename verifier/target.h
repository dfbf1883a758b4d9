/* SPDX-License-Identifier: ISC */
/* Where an image goes: one struct of functions for each kind of target, one file each. */
#ifndef VERIFIER_TARGET_H
#define VERIFIER_TARGET_H

#include <stdbool.h>

#include "core/reader.h"
#include "verifier/copy.h"
#include "verifier/step.h"

/* The seam. An implementation embeds this as its first member. The order of calls: item*, finish, free; or free alone at any point, which
 * leaves the running system untouched. */
struct target {
	/* Takes what reader_next gave; a raw target passes over all files but its own. Returns 0 or -1. */
	int (*item)(struct target *t, const struct reader_item *item, struct err *e);
	/* After the reader's end: everything synced, read back from the medium and compared. A step that is to be written to flash gets its staged
	 * file in STEP->fd, which stays the target's. Returns 0 or -1. */
	int (*finish)(struct target *t, struct step *step, struct err *e);
	/* Frees, and removes what was staged, unless RELEASED is set: then it is the journal's. */
	void (*free)(struct target *t);
	bool released;
	struct copy copy;      /* the target's first copy: where it is, for messages and for names beside it */
};

/* Opens the target of step S, and begins to stage. A raw target on one of two sides is written at once, from the first byte of its file on: nothing runs from it.
 * Returns 0, or -1: too-large, wrong-board, usage, system; nothing has been changed then. */
MUST_CHECK int target_open(struct target **out, const struct device *d, const struct step *s, const struct manifest *m, struct err *e);
/* Frees *T and sets it to NULL. */
void target_free(struct target **t);

/* True when TEXT names a target that takes the whole tree. */
bool target_takes_tree(const char *text);
/* The path in TEXT when it is of a kind that is replaced by name (`dir:', `file:'), or NULL. */
const char *target_path(const char *text);
/* True for a slot that has a B side. */
bool target_has_sides(const struct device_slot *slot);

/* One file of the bundle: what targets for raw slots have in common. They embed it as their first member. */
struct target_one {
	struct target base;
	struct manifest_entry wanted;
	bool ours;             /* the file that began last is the wanted one */
	bool complete;
	/* Its next bytes. Returns 0 or -1. */
	int (*put)(struct target_one *t, const unsigned char *data, size_t len, struct err *e);
};
/* S's file of M is the wanted one. */
void target_one_init(struct target_one *t, const struct manifest *m, const struct step *s);
MUST_CHECK int target_one_item(struct target *t, const struct reader_item *item, struct err *e);
/* Returns 0, or -1: the whole file has not come. */
MUST_CHECK int target_one_complete(const struct target_one *t, struct err *e);

/* For target_open alone. */
MUST_CHECK int target_file_open(struct target **out, const struct step *s, const struct manifest *m, struct err *e);
MUST_CHECK int target_dir_open(struct target **out, const struct step *s, const struct manifest *m, struct err *e);
MUST_CHECK int target_raw_open(struct target **out, const struct step *s, const struct manifest *m, struct err *e);
MUST_CHECK int target_staged_open(struct target **out, const struct device *d, const struct step *s, const struct manifest *m, struct err *e);

#endif
