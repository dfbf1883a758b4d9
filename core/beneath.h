/* SPDX-License-Identifier: ISC */
/* Files beneath a directory, by descriptors: no path given here can lead out of it, whoever changes the tree meanwhile. */
#ifndef CORE_BENEATH_H
#define CORE_BENEATH_H

#include <sys/stat.h>
#include <sys/types.h>

#include "core/err.h"

/* A root and the way to the directory used last, kept open (at most 128 descriptors). Every walk is openat(O_NOFOLLOW|O_DIRECTORY), a component at a time, so that it also
 * holds on kernels without openat2. */
struct beneath;

/* Keeps a duplicate of ROOT (a directory's descriptor). Returns 0 or -1. */
MUST_CHECK int beneath_open(struct beneath **out, int root, struct err *e);
void beneath_close(struct beneath **b);

/* All PATHs are checked ones (core/path). A component that is not a directory (a planted symlink) fails with unsafe-path.
 * After a failure errno is the system call's. */

/* Makes a directory, mode 0700 until beneath_chmod. */
MUST_CHECK int beneath_mkdir(struct beneath *b, const char *path, struct err *e);
/* Creates a file that did not exist (O_EXCL), mode 0600 until the caller's fchmod. Returns its descriptor or -1. */
MUST_CHECK int beneath_create(struct beneath *b, const char *path, struct err *e);
/* Opens what exists, never through a link: FLAGS O_RDONLY or O_RDONLY|O_DIRECTORY. Returns the descriptor or -1. */
MUST_CHECK int beneath_open_at(struct beneath *b, const char *path, int flags, struct err *e);
/* Looks at PATH, and through no link: 1, 0 when it or a directory on the way to it is missing, -1. */
MUST_CHECK int beneath_stat(struct beneath *b, const char *path, struct stat *st, struct err *e);
MUST_CHECK int beneath_symlink(struct beneath *b, const char *target, const char *path, struct err *e);
/* The directory that holds PATH (stays the beneath's; valid until the next call), *BASE its last component. -1 on failure. */
MUST_CHECK int beneath_parent(struct beneath *b, const char *path, const char **base, struct err *e);

/* Removes NAME in directory DIR with all it holds, following no link, crossing no mount. A missing NAME is fine. */
MUST_CHECK int beneath_remove(int dir, const char *name, struct err *e);

#endif
