/* SPDX-License-Identifier: ISC */
/* The board's password: from a file or a descriptor into locked memory, wiped afterwards. */
#ifndef FLASHER_SECRET_H
#define FLASHER_SECRET_H

#include "core/err.h"

enum { SECRET_MAX = 1024 }; /* bytes of a password */

struct secret; /* one locked page, kept out of core dumps and child processes */

/* From here on the process leaves no core dump, and no other process of the same user can read its memory. */
MUST_CHECK int secret_protect_process(struct err *e);

/* Takes the first line of FILE or, when FILE is NULL, of the descriptor FD, of which not a byte more is read.
 * FILE must be private (io_check_private). Returns 0, or -1: system, or usage (no line, an empty one, too long, control bytes). */
MUST_CHECK int secret_read(struct secret **out, const char *file, int fd, struct err *e);

/* The password, NUL-terminated; it stays the secret's. */
const char *secret_text(const struct secret *s);

/* Wipes and frees. */
void secret_free(struct secret **s);

#endif
