/* SPDX-License-Identifier: ISC */
/* What changed from one image to the next, by their manifests: every file's hash stands there, so nothing needs to be unpacked. */
#ifndef PACKER_DIFF_H
#define PACKER_DIFF_H

#include "core/manifest.h"

enum diff_kind { DIFF_ADDED, DIFF_REMOVED, DIFF_CHANGED };
enum { /* what of a changed entry */
	DIFF_TYPE = 1 << 0, DIFF_CONTENT = 1 << 1, DIFF_MODE = 1 << 2, DIFF_OWNER = 1 << 3, DIFF_TARGET = 1 << 4,
	DIFF_BITS = 5,
};

/* A walk along both manifests, which stay the caller's. Plain record. */
struct diff {
	const struct manifest *old, *new;
	uint32_t at_old, at_new;
};

struct diff_change {
	enum diff_kind kind;
	unsigned what;             /* of DIFF_CHANGED */
	struct manifest_entry old, new; /* OLD of an added one, NEW of a removed one: not set */
};

/* The next entry that is not the same in both, in the order of paths. Returns 1, or 0 when there is none. */
int diff_next(struct diff *d, struct diff_change *out);

/* What is done with the files: a slot that is written from another file, a hook, an attachment. */
struct diff_action {
	const char *what;      /* "write", "run" or "attached" */
	const char *name;      /* the slot; the stage and, among its hooks, the place; the attachment */
	const char *old, *new; /* the file; of an attachment its hash; "none" where it is not there */
};

/* Calls SAY with TO for each of them that is not the same in both: writes by slot, hooks by stage and place, attachments by name. */
void diff_actions(const struct manifest *old, const struct manifest *new, void (*say)(void *to, const struct diff_action *a), void *to);

#endif
