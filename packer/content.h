/* SPDX-License-Identifier: ISC */
/* The bytes of one file of a tree, from its directory or from the spool of an archive, exactly as many as the tree says. */
#ifndef PACKER_CONTENT_H
#define PACKER_CONTENT_H

#include <sys/stat.h>

#include "packer/tree.h"

struct content {
	const struct tree_entry *entry;
	int fd;              /* of a file of a directory; of the spool, which stays the tree's */
	bool spooled;
	off_t at;            /* in the spool */
	struct stat before;  /* of a file of a directory */
};

/* Opens the content of ENTRY, a file. Fails when it is no longer the regular file of that size. Returns 0 or -1. */
MUST_CHECK int content_open(struct content *c, struct tree *t, const struct tree_entry *entry, struct err *e);
/* Reads exactly LEN bytes; the callers' LENs add up to the entry's size. Returns 0, or -1 when it has become shorter. */
MUST_CHECK int content_read(struct content *c, void *buf, size_t len, struct err *e);
/* Closes, and fails when the file changed while it was read. To be called after a failure too. Returns 0 or -1. */
MUST_CHECK int content_close(struct content *c, struct err *e);

#endif
