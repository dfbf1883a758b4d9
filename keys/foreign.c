/* SPDX-License-Identifier: ISC */
/* Each form is one fixed layout: compared where it is fixed, taken where it is not. */
#include "keys/foreign.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "keys/seal.h"

/* A signify secret key (signify.c of OpenBSD, struct enckey): algorithm, key derivation, its rounds (big-endian), salt, the first bytes
 * of the key's SHA-512, key number, key. Without a passphrase the rounds are 0. */
enum {
	AT_KDF = 2, AT_ROUNDS = 4, AT_SALT = 8, SALT_SIZE = 16, AT_SUM = 24, SUM_SIZE = 8, AT_ID = 32, AT_KEY = 40,
	SIGNIFY_BLOB = AT_KEY + SEAL_KEY,
	SEED_SIZE = 32,
};

/* SEQUENCE { INTEGER 0, SEQUENCE { OID 1.3.101.112 }, OCTET STRING { OCTET STRING of 32 bytes } }: RFC 8410 section 7. */
static const unsigned char pkcs8[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
/* As in adopt.c. */
static const unsigned char spki[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
static const unsigned char ssh[] = {0, 0, 0, 11, 's', 's', 'h', '-', 'e', 'd', '2', '5', '5', '1', '9', 0, 0, 0, 32};

static const char pem_secret[] = "-----BEGIN PRIVATE KEY-----\n", signify_secret[] = "untrusted comment: ";

int foreign_form(enum foreign_form *out, const char *name, struct err *e)
{
	static const char *const names[] = {[FORM_MINISIGN] = "minisign", [FORM_SIGNIFY] = "signify", [FORM_PEM] = "pem", [FORM_SSH] = "ssh"};

	for (int i = FORM_MINISIGN; i <= FORM_SSH; i++) {
		if (strcmp(names[i], name) == 0) {
			*out = (enum foreign_form)i;
			return 0;
		}
	}
	return err_set(e, VERDICT_USAGE, "--form is minisign, signify, pem or ssh");
}

/* The line behind the first one, when that begins with BEGIN. */
static struct span second_line(const char *text, size_t len, const char *begin)
{
	const char *line = memchr(text, '\n', len), *end;

	if (len < strlen(begin) || memcmp(text, begin, strlen(begin)) != 0 || !line)
		return (struct span){NULL, 0};
	line++;
	len -= (size_t)(line - text);
	end = memchr(line, '\n', len);
	return (struct span){line, end ? (size_t)(end - line) : len};
}

bool foreign_is_secret(const char *text, size_t len)
{
	struct span line = second_line(text, len, signify_secret);

	return second_line(text, len, pem_secret).at || (line.at && line.len == BASE64_SIZE(SIGNIFY_BLOB) - 1);
}

static void id_of(unsigned char id[static KEYID_SIZE], const unsigned char public[static ED25519_PUBLIC_SIZE])
{
	unsigned char hash[HASH_SIZE];

	hash_buffer(hash, public, ED25519_PUBLIC_SIZE);
	memcpy(id, hash, KEYID_SIZE);
}

static int take_pem(struct seckey *k, unsigned char *blob, struct span line, struct err *e)
{
	unsigned char public[ED25519_PUBLIC_SIZE];

	if (base64_decode(blob, sizeof pkcs8 + SEED_SIZE, line.at, line.len) != 0 || memcmp(blob, pkcs8, sizeof pkcs8) != 0)
		return err_set(e, VERDICT_MALFORMED_KEYRING, "it is no Ed25519 key in PKCS#8, unencrypted");
	crypto_sign_seed_keypair(public, k->key, blob + sizeof pkcs8);
	id_of(k->id, public);
	return 0;
}

static int take_signify(struct seckey *k, unsigned char *blob, struct span line, struct err *e)
{
	static const unsigned char none[4];
	unsigned char sum[crypto_hash_sha512_BYTES], public[ED25519_PUBLIC_SIZE];
	bool right;

	if (base64_decode(blob, SIGNIFY_BLOB, line.at, line.len) != 0 || memcmp(blob, "EdBK", AT_ROUNDS) != 0)
		return err_set(e, VERDICT_MALFORMED_KEYRING, "it is no secret key of signify");
	if (memcmp(blob + AT_ROUNDS, none, sizeof none) != 0)
		return err_set(e, VERDICT_USAGE, "it has a passphrase, in a form (bcrypt) that cannot be opened here: only keys of `signify -n' are read");
	crypto_hash_sha512(sum, blob + AT_KEY, SEAL_KEY);
	memcpy(k->id, blob + AT_ID, KEYID_SIZE);
	crypto_sign_seed_keypair(public, k->key, blob + AT_KEY);
	/* A public half that is not the seed's would make signatures that give the key away. */
	right = sodium_memcmp(sum, blob + AT_SUM, SUM_SIZE) == 0 && sodium_memcmp(k->key, blob + AT_KEY, SEAL_KEY) == 0;
	sodium_memzero(sum, sizeof sum);
	return right ? 0 : err_set(e, VERDICT_MALFORMED_KEYRING, "the secret key is damaged: its checksum or its public half is wrong");
}

int foreign_secret(struct seckey **out, const char *text, size_t len, struct err *e)
{
	struct span pem = second_line(text, len, pem_secret), line = second_line(text, len, signify_secret);
	struct seckey *k = sodium_malloc(sizeof *k);
	unsigned char *blob = sodium_malloc(SIGNIFY_BLOB);
	int rc = -1;

	*out = NULL;
	if (!k || !blob)
		err_set(e, VERDICT_SYSTEM, "out of memory");
	else if (pem.at)
		rc = take_pem(k, blob, pem, e);
	else if (line.at)
		rc = take_signify(k, blob, line, e);
	else
		err_set(e, VERDICT_MALFORMED_KEYRING, "it is no secret key of signify, nor one in PEM");
	sodium_free(blob);
	if (rc == 0)
		*out = k;
	else
		sodium_free(k);
	return rc;
}

/* PREFIX and the key, in base64. */
static void encode(char out[static FOREIGN_TEXT_MAX], const unsigned char *prefix, size_t prefix_len, const struct public_key *key)
{
	unsigned char blob[64];

	memcpy(blob, prefix, prefix_len);
	memcpy(blob + prefix_len, key->key, ED25519_PUBLIC_SIZE);
	base64_encode(out, FOREIGN_TEXT_MAX, blob, prefix_len + ED25519_PUBLIC_SIZE);
}

void foreign_public_text(char out[static FOREIGN_TEXT_MAX], const struct public_key *key, enum foreign_form form)
{
	char body[FOREIGN_TEXT_MAX], id[KEYID_HEX + 1];
	unsigned char own[2 + KEYID_SIZE] = "Ed";

	memcpy(own + 2, key->id, KEYID_SIZE);
	keyid_print(id, key->id);
	switch (form) {
	case FORM_MINISIGN:
		encode(body, own, sizeof own, key);
		snprintf(out, FOREIGN_TEXT_MAX, "untrusted comment: minisign public key %s\n%.100s\n", id, body);
		return;
	case FORM_SIGNIFY:
		encode(body, own, sizeof own, key);
		snprintf(out, FOREIGN_TEXT_MAX, "untrusted comment: firmseal %s public key\n%.100s\n", id, body);
		return;
	case FORM_PEM:
		encode(body, spki, sizeof spki, key);
		snprintf(out, FOREIGN_TEXT_MAX, "-----BEGIN PUBLIC KEY-----\n%.100s\n-----END PUBLIC KEY-----\n", body);
		return;
	case FORM_SSH:
		encode(body, ssh, sizeof ssh, key);
		snprintf(out, FOREIGN_TEXT_MAX, "ssh-ed25519 %.100s firmseal-%s\n", body, id);
		return;
	}
}

/* Puts BEGIN, the base64 of BLOB, a line end and END together. */
static void put_text(char *out, const char *begin, const unsigned char *blob, size_t len, const char *end)
{
	size_t n = strlen(begin), body = BASE64_SIZE(len) - 1;

	memcpy(out, begin, n);
	base64_encode(out + n, FOREIGN_TEXT_MAX - n, blob, len);
	out[n + body] = '\n';
	memcpy(out + n + body + 1, end, strlen(end) + 1);
}

char *foreign_secret_text(const struct seckey *k, enum foreign_form form, struct err *e)
{
	unsigned char *blob = sodium_malloc(SIGNIFY_BLOB), sum[crypto_hash_sha512_BYTES];
	char *text = sodium_malloc(FOREIGN_TEXT_MAX), id[KEYID_HEX + 1], begin[64];

	if (!blob || !text || (form != FORM_PEM && form != FORM_SIGNIFY)) {
		err_set(e, blob && text ? VERDICT_USAGE : VERDICT_SYSTEM,
			blob && text ? "a secret key can be written for signify or in pem" : "out of memory");
		sodium_free(text);
		text = NULL;
	} else if (form == FORM_PEM) {
		memcpy(blob, pkcs8, sizeof pkcs8);
		memcpy(blob + sizeof pkcs8, k->key, SEED_SIZE);
		put_text(text, pem_secret, blob, sizeof pkcs8 + SEED_SIZE, "-----END PRIVATE KEY-----\n");
	} else {
		memset(blob, 0, SIGNIFY_BLOB); /* no rounds; a salt that nothing uses */
		memcpy(blob, "EdBK", AT_ROUNDS);
		crypto_hash_sha512(sum, k->key, SEAL_KEY);
		memcpy(blob + AT_SUM, sum, SUM_SIZE);
		memcpy(blob + AT_ID, k->id, KEYID_SIZE);
		memcpy(blob + AT_KEY, k->key, SEAL_KEY);
		keyid_print(id, k->id);
		snprintf(begin, sizeof begin, "untrusted comment: firmseal %s secret key\n", id);
		put_text(text, begin, blob, SIGNIFY_BLOB, "");
		sodium_memzero(sum, sizeof sum);
	}
	sodium_free(blob);
	return text;
}
