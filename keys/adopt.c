/* SPDX-License-Identifier: ISC */
/* Each form is one fixed run of bytes and the key behind it: compared, not parsed. */
#include "keys/adopt.h"

#include <string.h>

/* SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING of 33 bytes, the first 0 }: RFC 8410 section 4. */
static const unsigned char spki[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
static const unsigned char point[] = {0x04, 0x20};
/* string "ssh-ed25519", then the length of the key: RFC 8709 section 4. */
static const unsigned char ssh[] = {0, 0, 0, 11, 's', 's', 'h', '-', 'e', 'd', '2', '5', '5', '1', '9', 0, 0, 0, 32};

static bool take(struct public_key *out, const void *bytes, size_t len, const unsigned char *prefix, size_t prefix_len)
{
	const unsigned char *at = bytes;

	if (len != prefix_len + ED25519_PUBLIC_SIZE || memcmp(at, prefix, prefix_len) != 0)
		return false;
	memcpy(out->key, at + prefix_len, ED25519_PUBLIC_SIZE);
	return true;
}

/* The base64 between two PEM lines, or the second word of an OpenSSH line, if TEXT begins so. */
static struct span body(const char *text, size_t len, const char *begin, const char *end)
{
	size_t n = strlen(begin);
	const char *at = text + n, *stop;

	if (len < n || memcmp(text, begin, n) != 0)
		return (struct span){NULL, 0};
	stop = at;
	while (stop < text + len && !strchr(end, *stop))
		stop++;
	return (struct span){at, (size_t)(stop - at)};
}

static bool take_text(struct public_key *out, const char *text, size_t len)
{
	struct span pem = body(text, len, "-----BEGIN PUBLIC KEY-----\n", "\n\r-"), line = body(text, len, "ssh-ed25519 ", " \n\r");
	unsigned char der[sizeof spki + ED25519_PUBLIC_SIZE], blob[sizeof ssh + ED25519_PUBLIC_SIZE];

	if (pem.at && base64_decode(der, sizeof der, pem.at, pem.len) == 0)
		return take(out, der, sizeof der, spki, sizeof spki);
	if (line.at && base64_decode(blob, sizeof blob, line.at, line.len) == 0)
		return take(out, blob, sizeof blob, ssh, sizeof ssh);
	return false;
}

int adopt_parse(struct public_key *out, const char *text, size_t len, struct err *e)
{
	unsigned char hash[HASH_SIZE];

	if (!take(out, text, len, spki, sizeof spki) && !take(out, text, len, point, sizeof point) &&
	    !take(out, text, len, point, 0) && !take_text(out, text, len))
		return err_set(e, VERDICT_MALFORMED_KEYRING, "it is no Ed25519 public key in PEM, DER, OpenSSH's form or 32 bytes");
	hash_buffer(hash, out->key, sizeof out->key);
	memcpy(out->id, hash, KEYID_SIZE);
	return 0;
}
