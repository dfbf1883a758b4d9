/* SPDX-License-Identifier: ISC */
/* Keyrings as people edit them: files, and one function an edit. The rules are the parser's (core/keyring): what it would refuse is
 * never written. */
#ifndef KEYS_RING_H
#define KEYS_RING_H

#include "core/keyring.h"

/* A keyring file. */
struct ring_file {
	char *text;              /* malloc'd */
	size_t len;
	struct keyring ring;
};

/* Reads and parses PATH. Returns 0, or -1: system, too-large, malformed-keyring; ring_file_free is due after success. */
MUST_CHECK int ring_file_read(struct ring_file *out, const char *path, struct err *e);
void ring_file_free(struct ring_file *f);

/* Writes K to PATH, atomically: in place of what is there, or only if nothing is (EXCLUSIVE). Returns 0, or -1: malformed-keyring (K
 * breaks a rule of the format), usage (it exists already), system. */
MUST_CHECK int ring_file_write(const char *path, const struct keyring *k, bool exclusive, struct err *e);

/* Edits. Each returns 0, or -1 (usage) with the reason. */
MUST_CHECK int ring_add_root(struct keyring *k, const struct public_key *key, struct err *e);
MUST_CHECK int ring_add_release(struct keyring *k, const struct public_key *key, const char *product, const char *boards, struct err *e);
/* Takes away every root and release line of key ID, and lists it as revoked. */
MUST_CHECK int ring_revoke(struct keyring *k, const unsigned char id[static KEYID_SIZE], struct err *e);
MUST_CHECK int ring_floor(struct keyring *k, const char *product, uint64_t counter, struct err *e);

#endif
