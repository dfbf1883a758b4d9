/* SPDX-License-Identifier: ISC */
/* Signature blocks of a bundle: those it has, and those that are to be added (FORMAT section 2). */
#ifndef KEYS_BLOCKS_H
#define KEYS_BLOCKS_H

#include "core/trust.h"

enum { BLOCKS_MAX = 16 << 10 }; /* bytes, FORMAT section 1 */

/* Plain record, zero-initialised by the caller. */
struct blocks {
	char text[BLOCKS_MAX];
	size_t len, n;
	unsigned char ids[MINISIG_BLOCKS_MAX][KEYID_SIZE];
};

/* Takes over the blocks of a bundle as they are. Returns 0, or -1 (malformed-signature). */
MUST_CHECK int blocks_take(struct blocks *b, struct span text, struct err *e);

/* Adds the blocks of a signature file of any minisign-like tool; its first lines, which nobody signs, are made the format's own. Each
 * must verify by a key of TRUST for the text with PREHASH; one by a key that has a block already takes its place.
 * Returns 0, or -1: malformed-signature, untrusted-key, bad-signature, too-large. */
MUST_CHECK int blocks_add(struct blocks *b, struct span text, const struct trust *trust, const unsigned char prehash[static PREHASH_SIZE],
	       struct err *e);

#endif
