/* SPDX-License-Identifier: ISC */
/* Keyrings (FORMAT section 6): who may sign what, what is revoked, and the least counter of a product. Parsed strictly, once, from
 * a text whose signature has been checked already, or that came with the board. */
#ifndef CORE_KEYRING_H
#define CORE_KEYRING_H

#include <stdint.h>

#include "core/minisig.h"

#define KEYRING_MAGIC "firmseal-keyring 1"
enum {
	KEYRING_MAX = 64 << 10,        /* bytes of its text */
	KEYRING_ROOTS_MAX = 16,
	KEYRING_RELEASES_MAX = 64,     /* lines: a key has one for each product and pattern */
	KEYRING_REVOKED_MAX = 256,
	KEYRING_FLOORS_MAX = 64,
	KEYRING_THRESHOLD_MAX = MINISIG_BLOCKS_MAX,
	KEYRING_PATTERN_MAX = TEXT_NAME_MAX + 1,
};

/* A release line: KEY signs bundles of PRODUCT for boards that match BOARDS. */
struct keyring_release {
	struct public_key key;
	char product[TEXT_NAME_MAX + 1];
	char boards[KEYRING_PATTERN_MAX + 1]; /* a name; with `*' at its end, all names that begin so */
};

struct keyring_floor {
	char product[TEXT_NAME_MAX + 1];
	uint64_t counter;
};

/* Plain record; zero-initialised there is no keyring: serials begin with 1. */
struct keyring {
	uint64_t serial;
	uint32_t root_threshold, release_threshold;
	struct public_key roots[KEYRING_ROOTS_MAX];
	struct keyring_release releases[KEYRING_RELEASES_MAX];
	unsigned char revoked[KEYRING_REVOKED_MAX][KEYID_SIZE];
	struct keyring_floor floors[KEYRING_FLOORS_MAX];
	size_t nroots, nreleases, nrevoked, nfloors;
	unsigned char hash[HASH_SIZE]; /* BLAKE2b-256 of its text */
};

/* True when TEXT begins as a keyring does: to tell one from a public key. */
bool keyring_is(const char *text, size_t len);

/* Parses a whole keyring. Returns 0, or -1: malformed-keyring, too-large; OUT is then not to be used. */
MUST_CHECK int keyring_parse(struct keyring *out, const char *text, size_t len, struct err *e);

bool keyring_revokes(const struct keyring *k, const unsigned char id[static KEYID_SIZE]);

/* True when the release key ID may sign bundles of PRODUCT for the board BOARD. */
bool keyring_covers(const struct keyring *k, const unsigned char id[static KEYID_SIZE], const char *product, const char *board);

/* The least counter of PRODUCT, into *COUNTER; false when it has no floor line. */
bool keyring_floor(const struct keyring *k, const char *product, uint64_t *counter);

#endif
