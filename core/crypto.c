/* SPDX-License-Identifier: ISC */
/* The border to libsodium for everything that verifies. */
#include "core/crypto.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof(crypto_generichash_blake2b_state) <= sizeof(struct hash), "struct hash holds libsodium's state");
static_assert(HASH_SIZE == crypto_generichash_blake2b_BYTES, "BLAKE2b-256");
static_assert(PREHASH_SIZE == crypto_generichash_blake2b_BYTES_MAX, "BLAKE2b-512");

static crypto_generichash_blake2b_state *state(struct hash *h)
{
	/* cppcheck-suppress ctuuninitvar ; only the address is taken: hash_init is what fills it */
	return (crypto_generichash_blake2b_state *)(void *)h->state;
}

/* libsodium asks for randomness when it starts, for the canary of its guarded heap. A verifier has no secrets and no guarded
 * heap, and on a board at first boot the kernel's generator may not answer for seconds. */
static const char *no_random_name(void)
{
	return "none";
}

static uint32_t no_random(void)
{
	return 0;
}

static void no_random_buffer(void *buf, size_t size)
{
	memset(buf, 0, size);
}

int crypto_init_verify(struct err *e)
{
	static struct randombytes_implementation none = {
		.implementation_name = no_random_name,
		.random = no_random,
		.buf = no_random_buffer,
	};

	if (randombytes_set_implementation(&none) != 0 || sodium_init() < 0)
		return err_set(e, VERDICT_SYSTEM, "cannot start libsodium");
	return 0;
}

/* BLAKE2b without a key cannot fail but by a wrong size, which would be a slip of ours. */
static void must(int rc)
{
	if (rc != 0)
		abort();
}

void hash_init(struct hash *h, size_t size)
{
	must(crypto_generichash_blake2b_init(state(h), NULL, 0, size));
}

void hash_update(struct hash *h, const void *bytes, size_t len)
{
	must(crypto_generichash_blake2b_update(state(h), bytes, len));
}

void hash_final(struct hash *h, unsigned char *out, size_t size)
{
	must(crypto_generichash_blake2b_final(state(h), out, size));
}

void hash_buffer(unsigned char out[static HASH_SIZE], const void *bytes, size_t len)
{
	must(crypto_generichash_blake2b(out, HASH_SIZE, bytes, len, NULL, 0));
}

enum decision ed25519_verify(const unsigned char sig[static ED25519_SIG_SIZE], const void *bytes, size_t len,
		    const unsigned char key[static ED25519_PUBLIC_SIZE])
{
	return crypto_sign_ed25519_verify_detached(sig, bytes, len, key) == 0 ? ACCEPTED : REFUSED;
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}

int base64_decode(unsigned char *out, size_t size, const char *text, size_t len)
{
	const char *end = NULL;
	size_t got = 0;

	if (len != (size + 2) / 3 * 4)
		return -1;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0x80) /* libsodium 1.0.18 takes such a byte for `/' */
			return -1;
	if (sodium_base642bin(out, size, text, len, NULL, &got, &end, sodium_base64_VARIANT_ORIGINAL) != 0)
		return -1;
	return got == size && end == text + len ? 0 : -1;
}

void base64_encode(char *out, size_t size, const unsigned char *bytes, size_t len)
{
	sodium_bin2base64(out, size, bytes, len, sodium_base64_VARIANT_ORIGINAL);
}
