/* SPDX-License-Identifier: ISC */
/* Makes minisign signature blocks, in the one form FORMAT section 2 allows. */
#ifndef KEYS_SIGN_H
#define KEYS_SIGN_H

#include "keys/hand.h"

/* Room for one block: comment line, signature line, trusted comment line, global signature line. */
enum { SIGN_BLOCK_MAX = MINISIG_COMMENT_MAX + 512 };

/* Signs the file whose BLAKE2b-512 is PREHASH. COMMENT is the trusted comment: printable ASCII, at most
 * MINISIG_COMMENT_MAX bytes. Writes four lines, NUL-terminated, to OUT. Returns their length, or -1: usage (comment not
 * allowed), system (the signature does not verify: a broken machine). */
MUST_CHECK int sign_prehash(char out[static SIGN_BLOCK_MAX], const struct seckey *k,
		 const unsigned char prehash[static PREHASH_SIZE], const char *comment, struct err *e);

/* The same by whatever makes signatures; -1 also as hand_sign. */
MUST_CHECK int sign_prehash_by(char out[static SIGN_BLOCK_MAX], const struct hand *h, const unsigned char prehash[static PREHASH_SIZE],
		    const char *comment, struct err *e);

/* The trusted comment of a manifest: "firmseal product:P version:V counter:N". OUT holds MINISIG_COMMENT_MAX + 1. */
void sign_manifest_comment(char *out, size_t size, const char *product, const char *version,
			   unsigned long long counter);

#endif
