/* SPDX-License-Identifier: ISC */
/* Whom to believe: plain public keys (the small form), or a keyring; and the count of distinct keys that signed a text (FORMAT
 * sections 2 and 6). */
#ifndef CORE_TRUST_H
#define CORE_TRUST_H

#include <stddef.h>

#include "core/keyring.h"
#include "core/manifest.h"
#include "core/minisig.h"

enum {
	TRUST_KEYS_MAX = 64,
	PUBLIC_KEY_FILE_MAX = 4096, /* bytes of a .pub file */
};

/* Plain record; zero-initialised it trusts nobody, and refuses everything. Either keys or a keyring, never both. */
struct trust {
	struct public_key keys[TRUST_KEYS_MAX];
	size_t nkeys;
	struct keyring ring;    /* serial 0: none */
};

/* The keys that vouched for a text: distinct, in the order of their blocks. */
struct signers {
	unsigned char ids[MINISIG_BLOCKS_MAX][KEYID_SIZE];
	size_t n;
};

/* Adds the public key in file PATH. Returns 0, or -1: the file cannot be read, is no key, there are too many, or T has a keyring. */
int trust_add_file(struct trust *t, const char *path, struct err *e);
/* Takes the keyring in file PATH, whose being there is what makes it trusted. Returns 0, or -1: the file cannot be read, is no
 * keyring (malformed-keyring), or T has a keyring or keys already (usage). */
int trust_add_keyring_file(struct trust *t, const char *path, struct err *e);
/* Either of the two, as the file is. */
int trust_add_any_file(struct trust *t, const char *path, struct err *e);

/* True when there is nobody in it. */
bool trust_is_empty(const struct trust *t);

/* The key with that id among the plain keys or the keyring's release keys, or NULL. It stays T's. */
const struct public_key *trust_find(const struct trust *t, const unsigned char id[static KEYID_SIZE]);

/* Checks all blocks of SIGS against the text with BLAKE2b-512 PREHASH. Returns 0 and fills OUT when at least one trusted key
 * signed; else -1: unsigned, malformed-signature, revoked-key, untrusted-key, or bad-signature (a block that claims a trusted key
 * and does not verify refuses all). Of a manifest this is the first half; trust_check_scope is the other. */
int trust_check(const struct trust *t, const unsigned char prehash[static PREHASH_SIZE], struct span sigs,
		struct signers *out, struct err *e);
/* The same, of the text itself. */
int trust_check_text(const struct trust *t, struct span text, struct span sigs, struct signers *out, struct err *e);

/* Leaves in S only the keys that may sign M: all its boards, for its product. Returns 0 when they are as many as the keyring's
 * threshold, else -1: untrusted-key (none may), threshold. Plain keys may sign everything. */
int trust_check_scope(const struct trust *t, const struct manifest *m, struct signers *s, struct err *e);

/* Holds M's counter against the keyring's floor for its product. Returns 0 or -1: rollback. */
int trust_check_floor(const struct trust *t, const struct manifest *m, struct err *e);

#endif
