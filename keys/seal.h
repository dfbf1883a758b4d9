/* SPDX-License-Identifier: ISC */
/* Inside a secret key file: minisign's 158 bytes, sealed with scrypt or bare. For the files of keys/ alone. */
#ifndef KEYS_SEAL_H
#define KEYS_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "keys/seckey.h"

enum {
	SEAL_KEY = 64,      /* Ed25519 seed and public key, as libsodium keeps them */
	SEAL_BLOB = 158,    /* bytes of the file's second line */
	SEAL_FILE_MAX = 4096,
};

/* Lives in sodium_malloc only. */
struct seckey {
	unsigned char id[KEYID_SIZE];
	unsigned char key[SEAL_KEY];
};

/* What scrypt may cost: operations and bytes, as libsodium's crypto_pwhash_scryptsalsa208sha256 counts them. */
struct seal_cost {
	uint64_t ops, memory;
};

/* The cost that minisign begins with; nothing above it is ever computed, whatever a file asks for. */
struct seal_cost seal_cost_full(void);
/* The least that is accepted: minisign's own floor when memory is short. */
struct seal_cost seal_cost_least(void);

/* Fills BUF from the kernel's generator; fails when libsodium was left with crypto_init_verify's empty one. */
MUST_CHECK int seal_random(void *buf, size_t len, struct err *e);

/* Writes K to BLOB (SEAL_BLOB bytes, sodium_malloc), sealed with PASSWORD, or bare when it is NULL. Where memory is
 * short and MAY_BE_WEAKER is true, *COST is halved until it fits, as minisign does; else that is refused. Returns 0, or -1: system. */
MUST_CHECK int seal_close(unsigned char *blob, const struct seckey *k, const char *password, struct seal_cost *cost, bool may_be_weaker,
	       struct err *e);

/* Checks all that BLOB shows without a password. Returns 0, whether it is sealed, and at what cost; or -1:
 * malformed-keyring. */
MUST_CHECK int seal_about(bool *sealed, struct seal_cost *cost, const unsigned char *blob, struct err *e);

/* Opens BLOB; PASSWORD may be NULL when it is bare. Returns 0, or -1: system, untrusted-key (wrong password),
 * malformed-keyring. */
MUST_CHECK int seal_open(struct seckey *k, const unsigned char *blob, const char *password, struct err *e);

/* Reads a regular file of at most MAX bytes into sodium_malloc'd memory, NUL-terminated. When IS_SECRET says that the text is
 * a secret, the file must be its owner's alone (io_check_private). Returns 0, or -1: system, too-large, usage (somebody
 * else has a right to it). */
MUST_CHECK int seal_read_file(char **out, size_t *len, const char *path, size_t max, bool (*is_secret)(const char *text, size_t len), struct err *e)
	__attribute__((warn_unused_result));

/* True when the second line of TEXT is as long as a secret key's. */
bool seal_is_secret(const char *text, size_t len);

/* Decodes TEXT, a comment line and a line of base64, into BLOB. Returns 0, or -1: malformed-keyring. */
MUST_CHECK int seal_decode(unsigned char *blob, const char *text, size_t len, struct err *e);

#endif
