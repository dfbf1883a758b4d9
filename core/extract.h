/* SPDX-License-Identifier: ISC */
/* A bundle's tree onto disk: into a staging directory beside its place, links last, then one rename. */
#ifndef CORE_EXTRACT_H
#define CORE_EXTRACT_H

#include "core/reader.h"

enum {
	EXTRACT_OWNERS = 1 << 0, /* give files their uid, gid and set-id bits (needs root) */
	EXTRACT_DURABLE = 1 << 1,/* sync, then read every file back from the medium and compare its hash */
};

struct extract;

/* Makes a staging directory beside NAME (whose parent must exist). NAME itself may be absent or an empty directory; with
 * EXTRACT_DURABLE it may be anything, since the caller swaps it. Returns 0 or -1. */
MUST_CHECK int extract_begin(struct extract **out, const char *name, unsigned flags, const struct manifest *m, struct err *e);

/* The same, but the staging directory is called STAGING, which must not exist: for a caller that has to find it again. */
MUST_CHECK int extract_begin_as(struct extract **out, const char *name, const char *staging, unsigned flags, const struct manifest *m,
		     struct err *e);

/* Takes what reader_next gave. Returns 0 or -1. */
MUST_CHECK int extract_item(struct extract *x, const struct reader_item *item, struct err *e);

/* After reader_next returned 0: makes the links, sets modes and times, syncs and reads back if asked. Returns 0 or -1. */
MUST_CHECK int extract_finish(struct extract *x, struct err *e);

/* Renames the staging directory to NAME. Returns 0 or -1 (NAME exists and is not an empty directory). */
MUST_CHECK int extract_commit(struct extract *x, struct err *e);

/* Directory descriptor of NAME's parent, and the name of the staging directory in it: for a caller that swaps by itself
 * (and then calls extract_release). They stay the extract's. */
int extract_parent(const struct extract *x);
const char *extract_staging(const struct extract *x);

/* Frees; what has not been committed or released is removed from disk. */
void extract_free(struct extract **xp);
/* Forgets the staging directory: it is the caller's now. */
void extract_release(struct extract *x);

#endif
