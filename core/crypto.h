/* SPDX-License-Identifier: ISC */
/* BLAKE2b, Ed25519 verification and base64. Of core, only crypto.c and sha256.c call libsodium. Neither can sign. */
#ifndef CORE_CRYPTO_H
#define CORE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

enum {
	HASH_SIZE = 32,       /* BLAKE2b-256: chunks, files, attachments (FORMAT section 3) */
	HASH_HEX = 64,
	PREHASH_SIZE = 64,    /* BLAKE2b-512: what minisign's prehashed form signs */
	ED25519_PUBLIC_SIZE = 32,
	ED25519_SIG_SIZE = 64,
};

/* A running BLAKE2b; plain storage, copyable, nothing to free. */
struct hash {
	_Alignas(64) unsigned char state[384];
};

/* Readies libsodium without drawing any randomness: a board at first boot has none (getrandom would block).
 * For programs that only verify; keys_init (keys/) is for those that sign. Returns 0, or -1 with E set. */
MUST_CHECK int crypto_init_verify(struct err *e);

/* Starts a hash of SIZE bytes (HASH_SIZE or PREHASH_SIZE). */
void hash_init(struct hash *h, size_t size);
void hash_update(struct hash *h, const void *bytes, size_t len);
/* Ends the hash; SIZE as given to hash_init. */
void hash_final(struct hash *h, unsigned char *out, size_t size);
/* BLAKE2b-256 of one buffer. */
void hash_buffer(unsigned char out[static HASH_SIZE], const void *bytes, size_t len);

/* ACCEPTED when SIG is a valid Ed25519 signature of BYTES by KEY (RFC 8032; non-canonical and small-order forms refused). */
enum decision ed25519_verify(const unsigned char sig[static ED25519_SIG_SIZE], const void *bytes, size_t len,
		    const unsigned char key[static ED25519_PUBLIC_SIZE]);

/* True when both runs of LEN bytes are equal; takes the same time wherever they differ. */
bool crypto_equal(const void *a, const void *b, size_t len);

/* Decodes exactly SIZE bytes of padded base64 (RFC 4648 section 4) from LEN characters: no white space, no spare bits.
 * Returns 0, or -1 when the text is anything else. */
int base64_decode(unsigned char *out, size_t size, const char *text, size_t len);

/* Encodes LEN bytes; OUT must hold BASE64_SIZE(LEN). NUL-terminated. */
#define BASE64_SIZE(len) (((len) + 2) / 3 * 4 + 1)
void base64_encode(char *out, size_t size, const unsigned char *bytes, size_t len);

#endif
