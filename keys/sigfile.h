/* SPDX-License-Identifier: ISC */
/* FILE.minisig: the blocks that stand beside a file. */
#ifndef KEYS_SIGFILE_H
#define KEYS_SIGFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/minisig.h"

enum { SIGFILE_MAX = 16 << 10 }; /* FORMAT section 1 */

/* Reads NAME.minisig; the caller frees *TEXT. Returns 0, or -1: unsigned (there is none), too-large, system. */
MUST_CHECK int sigfile_read(char **text, size_t *len, const char *name, struct err *e);

/* Writes TEXT as NAME.minisig, atomically. Returns 0 or -1. */
MUST_CHECK int sigfile_write(const char *name, const char *text, size_t len, struct err *e);

/* Puts BLOCK, signed by key ID, into NAME.minisig, which is replaced atomically: alone, or with APPEND behind those
 * blocks there that are by other keys. Returns 0, or -1: malformed-signature (what is there), too-large, system. */
MUST_CHECK int sigfile_put(const char *name, const char *block, size_t len, const unsigned char id[static KEYID_SIZE], bool append,
		struct err *e);

#endif
