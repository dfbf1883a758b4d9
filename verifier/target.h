/* SPDX-License-Identifier: ISC */
/* Where an image goes: one struct of functions for each kind of target, one file each. */
#ifndef VERIFIER_TARGET_H
#define VERIFIER_TARGET_H

#include <stdbool.h>

#include "core/reader.h"

/* The seam. An implementation embeds this as its first member. The order of calls: item*, finish, commit, free; or free alone at
 * any point before commit, which leaves the running system untouched. */
struct target {
	const char *path;      /* of the thing that will be replaced; for the journal */
	/* Takes what reader_next gave; a raw target passes over all files but its own. Returns 0 or -1. */
	int (*item)(struct target *t, const struct reader_item *item, struct err *e);
	/* After the reader's end: everything synced, read back from the medium and compared. *INODE names what was staged, for the
	 * journal and for swap_commit. Returns 0 or -1. */
	int (*finish)(struct target *t, uint64_t *inode, struct err *e);
	/* Frees, and removes what was staged, unless target_release was called: then it is the journal's. */
	void (*free)(struct target *t);
	bool released;
};

/* Opens the target that TEXT names ("file:PATH" or "dir:PATH"), and begins to stage. WANTED: the path in the bundle of the file that
 * a raw target takes; unused for a tree. Returns 0, or -1: usage (unknown kind), system. */
int target_open(struct target **out, const char *text, const struct manifest *m, const char *wanted, struct err *e);
/* Frees *T and sets it to NULL. */
void target_free(struct target **t);

/* True when TEXT names a target that takes the whole tree. */
bool target_takes_tree(const char *text);
/* The path in TEXT, or NULL when the kind is unknown. */
const char *target_path(const char *text);

/* For target_open alone. */
int target_file_open(struct target **out, const char *path, const struct manifest *m, const char *wanted, struct err *e);
int target_dir_open(struct target **out, const char *path, const struct manifest *m, struct err *e);

#endif
