/* SPDX-License-Identifier: ISC */
/* A foreign archive into a tree: tar with any filter, zip, 7z, cpio. Nothing of it touches the disk under its own names. */
#ifndef PACKER_IMPORT_H
#define PACKER_IMPORT_H

#include "packer/tree.h"
#include "packer/watch.h"

/* Out of an archive of N bytes may come IMPORT_GRACE + N * IMPORT_RATIO: more is a bomb, or a disk image that is
 * better packed from a folder. */
#define IMPORT_GRACE ((uint64_t)256 << 20)
enum { IMPORT_RATIO = 200 };

/* Reads the archive that FD is open on (a regular file, at its start; NAME is for messages) into T, entry by entry, their content
 * one behind the other into T's spool, and finishes T. What T refused is noted in T. WATCH may be NULL.
 * Returns 0, or -1: malformed-header (no archive, damaged), truncated, too-large, system. */
int import_archive(struct tree *t, int fd, const char *name, struct watch *watch, struct err *e);

#endif
