/* SPDX-License-Identifier: ISC */
/* Signature blocks, each verified before it leaves. */
#include "keys/sign.h"

#include <stdio.h>
#include <string.h>

static int check_comment(const char *comment, size_t len, struct err *e)
{
	if (len > MINISIG_COMMENT_MAX)
		return err_set(e, VERDICT_USAGE, "the trusted comment is over %d bytes", MINISIG_COMMENT_MAX);
	for (size_t i = 0; i < len; i++)
		if (comment[i] < 0x20 || comment[i] > 0x7e)
			return err_set(e, VERDICT_USAGE, "the trusted comment is not printable ASCII");
	return 0;
}

/* A signature made while memory or processor err can give the key away, and a block that boards refuse is of no use. */
static int check_block(const char *text, size_t len, const struct public_key *public,
		       const unsigned char prehash[static PREHASH_SIZE], struct err *e)
{
	struct span rest = {text, len};
	struct minisig block;

	if (minisig_next(&block, &rest, e) != 1 || rest.len != 0 || minisig_verify(&block, prehash, public) != ACCEPTED)
		return err_set(e, VERDICT_SYSTEM, "the signature just made does not verify: is this machine sound?");
	return 0;
}

int sign_prehash_by(char out[static SIGN_BLOCK_MAX], const struct hand *h, const unsigned char prehash[static PREHASH_SIZE],
		    const char *comment, struct err *e)
{
	unsigned char blob[MINISIG_BLOB] = "ED", *sig = blob + 2 + KEYID_SIZE;
	unsigned char global[ED25519_SIG_SIZE + MINISIG_COMMENT_MAX], global_sig[ED25519_SIG_SIZE];
	char id[KEYID_HEX + 1], line[BASE64_SIZE(MINISIG_BLOB)], global_line[BASE64_SIZE(ED25519_SIG_SIZE)];
	size_t len = strlen(comment);
	struct public_key public;
	int n;

	if (check_comment(comment, len, e) != 0)
		return -1;
	hand_public(h, &public);
	memcpy(blob + 2, public.id, KEYID_SIZE);
	if (hand_sign(h, sig, prehash, PREHASH_SIZE, e) != 0)
		return -1;
	memcpy(global, sig, ED25519_SIG_SIZE);
	memcpy(global + ED25519_SIG_SIZE, comment, len);
	if (hand_sign(h, global_sig, global, ED25519_SIG_SIZE + len, e) != 0)
		return -1;
	keyid_print(id, public.id);
	base64_encode(line, sizeof line, blob, sizeof blob);
	base64_encode(global_line, sizeof global_line, global_sig, sizeof global_sig);
	n = snprintf(out, SIGN_BLOCK_MAX, "untrusted comment: firmseal key %s\n%s\ntrusted comment: %s\n%s\n", id, line,
		     comment, global_line);
	return check_block(out, (size_t)n, &public, prehash, e) == 0 ? n : -1;
}

int sign_prehash(char out[static SIGN_BLOCK_MAX], const struct seckey *k,
		 const unsigned char prehash[static PREHASH_SIZE], const char *comment, struct err *e)
{
	return sign_prehash_by(out, &(struct hand){.key = k}, prehash, comment, e);
}

void sign_manifest_comment(char *out, size_t size, const char *product, const char *version,
			   unsigned long long counter)
{
	snprintf(out, size, "firmseal product:%s version:%s counter:%llu", product, version, counter);
}
