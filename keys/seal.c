/* SPDX-License-Identifier: ISC */
/* Sealing and opening of secret keys: minisign's layout, an XOR with what scrypt makes of the password, a checksum. */
#include "keys/seal.h"

#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/bytes.h"
#include "core/io.h"

/* Where the fields stand in the 158 bytes. What is sealed, from AT_ID to the end, is covered by the key stream. */
enum {
	AT_SIG_ALG = 0,
	AT_KDF_ALG = 2,
	AT_CHECK_ALG = 4,
	AT_SALT = 6,
	AT_OPS = AT_SALT + crypto_pwhash_scryptsalsa208sha256_SALTBYTES,
	AT_MEMORY = AT_OPS + 8,
	AT_ID = AT_MEMORY + 8,
	AT_KEY = AT_ID + KEYID_SIZE,
	AT_CHECK = AT_KEY + SEAL_KEY,
	CHECK_SIZE = 32,
	SEALED_SIZE = SEAL_BLOB - AT_ID,
};

_Static_assert(AT_CHECK + CHECK_SIZE == SEAL_BLOB, "the fields fill the file's line");
_Static_assert(SEAL_KEY == crypto_sign_SECRETKEYBYTES, "libsodium's secret key");

static const unsigned char sig_alg[2] = {'E', 'd'}, check_alg[2] = {'B', '2'};
static const unsigned char kdf_scrypt[2] = {'S', 'c'}, kdf_none[2] = {0, 0};

struct seal_cost seal_cost_full(void)
{
	return (struct seal_cost){crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_SENSITIVE,
				  crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_SENSITIVE};
}

struct seal_cost seal_cost_least(void)
{
	return (struct seal_cost){crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_MIN,
				  crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_MIN};
}

int seal_random(void *buf, size_t len, struct err *e)
{
	/* A verifier swaps in a generator of zeros (crypto_init_verify): a key made of those would be everyone's. */
	if (strcmp(randombytes_implementation_name(), "sysrandom") != 0)
		return err_set(e, VERDICT_SYSTEM, "no source of randomness has been set up");
	randombytes_buf(buf, len);
	return 0;
}

/* BLAKE2b-256 over the algorithm, the key id and the key. */
static void checksum(unsigned char out[static CHECK_SIZE], const struct seckey *k)
{
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, CHECK_SIZE);
	crypto_generichash_update(&h, sig_alg, sizeof sig_alg);
	crypto_generichash_update(&h, k->id, sizeof k->id);
	crypto_generichash_update(&h, k->key, sizeof k->key);
	crypto_generichash_final(&h, out, CHECK_SIZE);
	sodium_memzero(&h, sizeof h);
}

/* The bytes that the sealed part is XORed with. Returns 0, or -1 when memory is short. */
static int key_stream(unsigned char *out, const unsigned char *blob, const char *password, struct seal_cost cost)
{
	return crypto_pwhash_scryptsalsa208sha256(out, SEALED_SIZE, password, strlen(password), blob + AT_SALT,
						  cost.ops, (size_t)cost.memory);
}

static void xor(unsigned char *to, const unsigned char *with, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] ^= with[i];
}

static int seal(unsigned char *blob, const char *password, struct seal_cost *cost, bool may_be_weaker, struct err *e)
{
	const struct seal_cost least = seal_cost_least();
	unsigned char *stream = sodium_malloc(SEALED_SIZE);
	int rc = -1;

	if (!stream)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (seal_random(blob + AT_SALT, crypto_pwhash_scryptsalsa208sha256_SALTBYTES, e) != 0)
		goto out;
	while (key_stream(stream, blob, password, *cost) != 0) {
		if (!may_be_weaker) {
			err_set(e, VERDICT_SYSTEM, "sealing the key with a password takes %llu MiB of memory, which is not free: free some, or let "
				"--low-memory take less, which makes the password easier to guess", (unsigned long long)(cost->memory >> 20));
			goto out;
		}
		cost->ops /= 2;
		cost->memory /= 2;
		if (cost->ops < least.ops || cost->memory < least.memory) {
			err_set(e, VERDICT_SYSTEM, "not enough memory to seal the key with a password");
			goto out;
		}
	}
	memcpy(blob + AT_KDF_ALG, kdf_scrypt, sizeof kdf_scrypt);
	bytes_put_le64(blob + AT_OPS, cost->ops);
	bytes_put_le64(blob + AT_MEMORY, cost->memory);
	xor(blob + AT_ID, stream, SEALED_SIZE);
	rc = 0;
out:
	sodium_free(stream);
	return rc;
}

int seal_close(unsigned char *blob, const struct seckey *k, const char *password, struct seal_cost *cost, bool may_be_weaker, struct err *e)
{
	memset(blob, 0, SEAL_BLOB);
	memcpy(blob + AT_SIG_ALG, sig_alg, sizeof sig_alg);
	memcpy(blob + AT_CHECK_ALG, check_alg, sizeof check_alg);
	memcpy(blob + AT_ID, k->id, KEYID_SIZE);
	memcpy(blob + AT_KEY, k->key, SEAL_KEY);
	checksum(blob + AT_CHECK, k);
	return password ? seal(blob, password, cost, may_be_weaker, e) : 0;
}

int seal_about(bool *sealed, struct seal_cost *cost, const unsigned char *blob, struct err *e)
{
	const struct seal_cost most = seal_cost_full(), least = seal_cost_least();

	if (memcmp(blob + AT_SIG_ALG, sig_alg, sizeof sig_alg) != 0)
		return err_set(e, VERDICT_MALFORMED_KEYRING, "secret key of an unknown kind");
	if (memcmp(blob + AT_CHECK_ALG, check_alg, sizeof check_alg) != 0)
		return err_set(e, VERDICT_MALFORMED_KEYRING, "secret key with an unknown checksum");
	*sealed = memcmp(blob + AT_KDF_ALG, kdf_none, sizeof kdf_none) != 0;
	*cost = (struct seal_cost){bytes_le64(blob + AT_OPS), bytes_le64(blob + AT_MEMORY)};
	if (!*sealed)
		return 0;
	if (memcmp(blob + AT_KDF_ALG, kdf_scrypt, sizeof kdf_scrypt) != 0)
		return err_set(e, VERDICT_MALFORMED_KEYRING, "secret key sealed in an unknown way");
	if (cost->ops > most.ops || cost->memory > most.memory)
		return err_set(e, VERDICT_MALFORMED_KEYRING, "opening the secret key takes more than is allowed");
	if (cost->ops < least.ops || cost->memory < least.memory)
		return err_set(e, VERDICT_MALFORMED_KEYRING, "the secret key is sealed more weakly than is allowed");
	return 0;
}

/* The second half of the key must belong to the first: a signature by two that differ would give the key away. */
static bool halves_match(const struct seckey *k)
{
	unsigned char public[crypto_sign_PUBLICKEYBYTES], *pair = sodium_malloc(SEAL_KEY);
	bool match;

	if (!pair)
		return false;
	crypto_sign_seed_keypair(public, pair, k->key);
	match = sodium_memcmp(pair, k->key, SEAL_KEY) == 0;
	sodium_free(pair);
	return match;
}

/* minisign writes no checksum into a key that it made without a password. */
static bool check_matches(const unsigned char check[static CHECK_SIZE], const struct seckey *k, bool sealed)
{
	unsigned char expected[CHECK_SIZE];

	checksum(expected, k);
	return sodium_memcmp(check, expected, CHECK_SIZE) == 0 || (!sealed && sodium_is_zero(check, CHECK_SIZE));
}

int seal_open(struct seckey *k, const unsigned char *blob, const char *password, struct err *e)
{
	unsigned char *plain = sodium_malloc(SEALED_SIZE);
	struct seal_cost cost = {0, 0};
	bool sealed = false;
	int rc = -1;

	if (!plain)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	memset(plain, 0, SEALED_SIZE);
	if (seal_about(&sealed, &cost, blob, e) != 0)
		goto out;
	if (sealed && key_stream(plain, blob, password, cost) != 0) {
		err_set(e, VERDICT_SYSTEM, "not enough memory to open the secret key: it takes %llu MiB",
			(unsigned long long)(cost.memory >> 20));
		goto out;
	}
	xor(plain, blob + AT_ID, SEALED_SIZE);
	memcpy(k->id, plain, KEYID_SIZE);
	memcpy(k->key, plain + KEYID_SIZE, SEAL_KEY);
	if (!check_matches(plain + KEYID_SIZE + SEAL_KEY, k, sealed)) {
		if (sealed)
			err_set(e, VERDICT_UNTRUSTED_KEY, "wrong password, or the file is damaged");
		else
			err_set(e, VERDICT_MALFORMED_KEYRING, "the secret key's checksum is wrong: it is damaged");
		goto out;
	}
	if (!halves_match(k)) {
		err_set(e, VERDICT_MALFORMED_KEYRING, "the secret key and its public half do not belong together");
		goto out;
	}
	rc = 0;
out:
	sodium_free(plain);
	return rc;
}

int seal_read_file(char **out, size_t *len, const char *path, size_t max, bool (*is_secret)(const char *text, size_t len), struct err *e)
{
	char *text = NULL, quoted[160];
	struct stat st;
	ssize_t n;
	int rc = -1, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* a FIFO must not hang us */

	err_quote(quoted, sizeof quoted, path, strlen(path));
	if (fd < 0)
		return err_errno(e, "cannot open %s", quoted);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		err_set(e, VERDICT_SYSTEM, "%s is not a regular file", quoted);
		goto out;
	}
	text = sodium_malloc(max + 1);
	if (!text) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		goto out;
	}
	n = io_read_full(fd, text, max + 1);
	if (n < 0) {
		err_errno(e, "cannot read %s", quoted);
		goto out;
	}
	if ((size_t)n > max) {
		err_set(e, VERDICT_TOO_LARGE, "%s is over %zu bytes", quoted, max);
		goto out;
	}
	text[n] = '\0';
	if (is_secret(text, (size_t)n) && io_check_private(fd, path, IO_NOT_OWNERS, e) != 0)
		goto out;
	*len = (size_t)n;
	*out = text;
	text = NULL;
	rc = 0;
out:
	sodium_free(text);
	close(fd);
	return rc;
}

bool seal_is_secret(const char *text, size_t len)
{
	const char *line = memchr(text, '\n', len), *end;

	if (!line)
		return false;
	line++;
	end = memchr(line, '\n', len - (size_t)(line - text));
	return (size_t)((end ? end : text + len) - line) + 1 >= BASE64_SIZE(SEAL_BLOB);
}

int seal_decode(unsigned char *blob, const char *text, size_t len, struct err *e)
{
	static const char comment[] = "untrusted comment: ";
	const char *line = memchr(text, '\n', len);

	if (len < sizeof comment || memcmp(text, comment, sizeof comment - 1) != 0 || !line)
		return err_set(e, VERDICT_MALFORMED_KEYRING, "not a minisign secret key");
	line++;
	len -= (size_t)(line - text);
	while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		len--;
	if (base64_decode(blob, SEAL_BLOB, line, len) != 0)
		return err_set(e, VERDICT_MALFORMED_KEYRING, "not a minisign secret key");
	return 0;
}
