/* SPDX-License-Identifier: ISC */
/* The atomic step: what was staged beside PATH takes its place, and the old one is kept as PATH.previous. It can be repeated after
 * a power cut at any point of it. */
#ifndef VERIFIER_SWAP_H
#define VERIFIER_SWAP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

enum { SWAP_NAME_MAX = 256 };

/* The name under which the new one is staged, in PATH's own directory. Returns 0, or -1 (usage: PATH's name is too long). */
int swap_staged_name(char out[static SWAP_NAME_MAX], const char *base, struct err *e);

/* Puts the staged file or directory with that INODE in place. Where the kernel can exchange names (renameat2, Linux 3.15 and up, not
 * every file system) PATH is there at every moment; else there is an instant in which only the journal knows where it is.
 * Done already is fine. Returns 0 or -1. */
int swap_commit(const char *path, uint64_t inode, struct err *e);

/* Removes PATH.previous. Returns 0 or -1. */
int swap_drop_previous(const char *path, struct err *e);

/* Removes what is staged beside PATH. Returns 0 or -1. */
int swap_sweep(const char *path, struct err *e);

#endif
