/* SPDX-License-Identifier: ISC */
/* Replacing a file or directory by name: what was staged beside PATH takes its place, and the old one is kept as PATH.previous. It can be
 * repeated after a power cut at any point of it. */
#ifndef VERIFIER_SWAP_H
#define VERIFIER_SWAP_H

#include <stdbool.h>

#include "core/err.h"

enum { SWAP_NAME_MAX = 256 };

/* The name under which the new one is staged, in PATH's own directory. Returns 0, or -1 (usage: PATH's name is too long). */
MUST_CHECK int swap_staged_name(char out[static SWAP_NAME_MAX], const char *base, struct err *e);

/* Which of the two is the new one. */
enum swap_found { SWAP_NOWHERE, SWAP_STAGED, SWAP_IN_PLACE };

/* Is NAME in the directory DIR, with the path PATH, the new one? Returns 1, 0, or -1: that cannot be told. */
typedef int swap_is_new(void *ctx, int dir, const char *name, const char *path, struct err *e);

/* Finds the new one by its content, which IS_NEW judges: names and inode numbers do not tell, for vfat makes up inode numbers at each
 * mount. Returns 0, or -1 (the directory cannot be opened, PATH's name is too long, or IS_NEW's -1). */
MUST_CHECK int swap_find(enum swap_found *out, const char *path, swap_is_new *is_new, void *ctx, struct err *e);

/* Puts the staged one in place (FOUND is SWAP_STAGED), or ends what was begun (SWAP_IN_PLACE). Where the kernel can exchange names (renameat2,
 * Linux 3.15 and newer, not every file system) PATH is there at every moment; else there is an instant in which only the journal knows
 * where it is. Returns 0 or -1. */
MUST_CHECK int swap_commit(const char *path, enum swap_found found, struct err *e);

/* Removes PATH.previous. Returns 0 or -1. */
MUST_CHECK int swap_drop_previous(const char *path, struct err *e);

/* Removes what is staged beside PATH. Returns 0 or -1. */
MUST_CHECK int swap_sweep(const char *path, struct err *e);

#endif
