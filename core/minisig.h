/* SPDX-License-Identifier: ISC */
/* minisign public keys and signature blocks, prehashed form only, verify only (FORMAT section 2; minisign's own format). */
#ifndef CORE_MINISIG_H
#define CORE_MINISIG_H

#include <stddef.h>

#include "core/crypto.h"
#include "core/err.h"
#include "core/text.h"

enum {
	KEYID_SIZE = 8,
	KEYID_HEX = 16,
	MINISIG_BLOCKS_MAX = 16,
	MINISIG_COMMENT_MAX = 8192,     /* bytes of a trusted comment */
	PUBLIC_KEY_BLOB = 2 + KEYID_SIZE + ED25519_PUBLIC_SIZE,
	MINISIG_BLOB = 2 + KEYID_SIZE + ED25519_SIG_SIZE,
};

struct public_key {
	unsigned char id[KEYID_SIZE];
	unsigned char key[ED25519_PUBLIC_SIZE];
};

/* One block of four lines, taken apart. COMMENT points into the text that was parsed. */
struct minisig {
	unsigned char id[KEYID_SIZE];
	unsigned char sig[ED25519_SIG_SIZE];
	struct span comment;            /* without "trusted comment: " */
	unsigned char global_sig[ED25519_SIG_SIZE];
};

/* The key id in 16 upper-case digits, most significant byte (the last one) first. minisign prints the same number, but leaves
 * leading zeros out. */
void keyid_print(char out[static KEYID_HEX + 1], const unsigned char id[static KEYID_SIZE]);
/* Reads what keyid_print writes: exactly 16 upper-case digits. Returns 0 or -1. */
int keyid_parse(unsigned char id[static KEYID_SIZE], struct span field);

/* Reads a public key: a whole minisign .pub file (comment line, base64 line) or the bare base64 line. 0 or -1 (malformed-keyring). */
MUST_CHECK int public_key_parse(struct public_key *out, const char *text, size_t len, struct err *e);

/* Takes the next block off the front of *TEXT. Returns 1 and moves *TEXT on, 0 when *TEXT is empty, -1 (malformed-signature)
 * on anything but a canonical block: other untrusted comment, legacy algorithm, loose base64, control bytes. */
MUST_CHECK int minisig_next(struct minisig *out, struct span *text, struct err *e);

/* ACCEPTED when the block is KEY's signature of the file whose BLAKE2b-512 is PREHASH, trusted comment included. */
enum decision minisig_verify(const struct minisig *block, const unsigned char prehash[static PREHASH_SIZE],
		    const struct public_key *key);

#endif
