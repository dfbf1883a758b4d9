/* SPDX-License-Identifier: ISC */
/* Which files the state directory has: the one table of them. */
#ifndef VERIFIER_STATE_FILE_H
#define VERIFIER_STATE_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

/* True when the open file FD, which is NAME in the state directory, is one that this program keeps there and has the shape that it writes: a
 * plain file of a mode within 0644, no longer than its kind can be, that ends in a checksum of all before it which fits. The checksum proves
 * nothing of who wrote it: what the file says is verified where it is used (docs/state.md). */
bool state_file_is_ours(const char *name, int fd);

#endif
