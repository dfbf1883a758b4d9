/* SPDX-License-Identifier: ISC */
/* Whom to believe: the public keys given, and the count of distinct ones that signed a text (FORMAT sections 2 and 6). */
#ifndef CORE_TRUST_H
#define CORE_TRUST_H

#include <stddef.h>

#include "core/minisig.h"

enum {
	TRUST_KEYS_MAX = 64,
	PUBLIC_KEY_FILE_MAX = 4096, /* bytes of a .pub file */
};

/* Plain record; zero-initialised it trusts nobody, and refuses everything. */
struct trust {
	struct public_key keys[TRUST_KEYS_MAX];
	size_t nkeys;
};

/* The keys that vouched for a text: distinct, in the order of their blocks. */
struct signers {
	unsigned char ids[MINISIG_BLOCKS_MAX][KEYID_SIZE];
	size_t n;
};

/* Adds the public key in file PATH. Returns 0, or -1: the file cannot be read, is no key, or there are too many. */
int trust_add_file(struct trust *t, const char *path, struct err *e);

/* Checks all blocks of SIGS against the text with BLAKE2b-512 PREHASH. Returns 0 and fills OUT when at least one trusted key
 * signed; else -1: unsigned, malformed-signature, untrusted-key, or bad-signature (a block that claims a trusted key and does
 * not verify refuses all). */
int trust_check(const struct trust *t, const unsigned char prehash[static PREHASH_SIZE], struct span sigs,
		struct signers *out, struct err *e);
/* The same, of the text itself. */
int trust_check_text(const struct trust *t, struct span text, struct span sigs, struct signers *out, struct err *e);

#endif
