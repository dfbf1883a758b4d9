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
	uint64_t least_serial;  /* that a keyring must have for a manifest to be installed: what this board has seen before */
};

/* The keys that vouched for a text: distinct, in the order of their blocks. */
struct signers {
	unsigned char ids[MINISIG_BLOCKS_MAX][KEYID_SIZE];
	size_t n;
};

/* Adds the public key in file PATH. Returns 0, or -1: the file cannot be read, is no key, there are too many, or T has a keyring. */
MUST_CHECK int trust_add_file(struct trust *t, const char *path, struct err *e);
/* Takes the keyring in file PATH, whose being there is what makes it trusted. Returns 0, or -1: the file cannot be read, is no
 * keyring (malformed-keyring), or T has a keyring or keys already (usage). */
MUST_CHECK int trust_add_keyring_file(struct trust *t, const char *path, struct err *e);
/* Either of the two, as the file is. */
MUST_CHECK int trust_add_any_file(struct trust *t, const char *path, struct err *e);

/* True when there is nobody in it. */
bool trust_is_empty(const struct trust *t);

/* The key with that id among the plain keys or the keyring's release keys, or NULL. It stays T's. */
const struct public_key *trust_find(const struct trust *t, const unsigned char id[static KEYID_SIZE]);

/* Checks all blocks of SIGS against the text with BLAKE2b-512 PREHASH. ACCEPTED when at least one trusted key signed; OUT is who. Else
 * REFUSED: unsigned, malformed-signature, revoked-key, untrusted-key, or bad-signature (a block that claims a trusted key and does not
 * verify refuses all). Of a manifest this is a part only: trust_authenticate asks the rest. */
MUST_CHECK enum decision trust_check(const struct trust *t, const unsigned char prehash[static PREHASH_SIZE], struct span sigs,
			  struct signers *out, struct err *e);

/* Leaves in S only the keys that may sign M: all its boards, for its product. ACCEPTED when they are at least one, and as many as the
 * keyring's threshold; else REFUSED: untrusted-key (none may), threshold. Plain keys may sign everything. */
MUST_CHECK enum decision trust_check_scope(const struct trust *t, const struct manifest *m, struct signers *s, struct err *e);

/* Compares the keyring's serial with the manifest's `keyring' line, and with T's least_serial. ACCEPTED, or REFUSED: keyring-gap. Plain
 * keys have no serial, and ask nothing. */
MUST_CHECK enum decision trust_check_serial(const struct trust *t, const struct manifest *m, struct err *e);

/* Compares M's counter with the keyring's floor for its product. ACCEPTED, or REFUSED: rollback. */
MUST_CHECK enum decision trust_check_floor(const struct trust *t, const struct manifest *m, struct err *e);

/* What is asked about a manifest. TRUST_INSTALL: may it be installed? TRUST_ORIGIN: is it the vendor's? A manifest of long ago is, though
 * the keyring's floor may have passed it since. */
enum trust_question { TRUST_INSTALL, TRUST_ORIGIN };

/* The one authentication of a manifest: signatures over the text, the parser, the signers' scope, the keyring's serial, and for
 * TRUST_INSTALL serial and floor. Takes over TEXT, LEN bytes of malloc, in any case. ACCEPTED: *M is the manifest, *S its signers. REFUSED, with
 * a verdict of the functions above or of manifest_parse: *M is NULL. */
MUST_CHECK enum decision trust_authenticate(struct manifest **m, struct signers *s, const struct trust *t, char *text, size_t len, struct span sigs,
				 enum trust_question question, struct err *e);

/* Decides once more what trust_authenticate has accepted, in other code and from other data, so that one fault of the processor cannot decide:
 * parses a copy of the text, and goes from the signers to their blocks instead of from the blocks to the signers. ACCEPTED or REFUSED. */
MUST_CHECK enum decision trust_confirm(const struct trust *t, const struct manifest *m, struct span sigs, const struct signers *s,
			    enum trust_question question, struct err *e);

/* How many of the N KEYS have a block in SIGS that verifies for PREHASH. For the second look at thresholds. */
size_t trust_count(const struct public_key *keys, size_t n, const unsigned char prehash[static PREHASH_SIZE], struct span sigs);

/* BLAKE2b-512 of a text, as signatures are made of. */
void trust_prehash(unsigned char out[static PREHASH_SIZE], struct span text);

#endif
