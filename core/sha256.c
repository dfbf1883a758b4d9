/* SPDX-License-Identifier: ISC */
/* libsodium's SHA-256. */
#include "core/sha256.h"

#include <sodium.h>

_Static_assert(sizeof(struct sha256) >= sizeof(crypto_hash_sha256_state), "room for libsodium's state");

static crypto_hash_sha256_state *state(struct sha256 *h)
{
	return (crypto_hash_sha256_state *)(void *)h->state;
}

void sha256_init(struct sha256 *h)
{
	crypto_hash_sha256_init(state(h));
}

void sha256_update(struct sha256 *h, const void *bytes, size_t len)
{
	crypto_hash_sha256_update(state(h), bytes, len);
}

void sha256_final(struct sha256 *h, char hex[static SHA256_HEX + 1])
{
	unsigned char hash[SHA256_SIZE];

	crypto_hash_sha256_final(state(h), hash);
	sodium_bin2hex(hex, SHA256_HEX + 1, hash, sizeof hash);
}
