/* SPDX-License-Identifier: ISC */
/* Trusted keys, and the count of distinct ones that signed. */
#include "core/trust.h"

#include <stdlib.h>
#include <string.h>

#include "core/io.h"

int trust_add_file(struct trust *t, const char *path, struct err *e)
{
	struct public_key key;
	char *text = NULL;
	size_t len = 0;
	int rc = -1;

	if (t->nkeys == TRUST_KEYS_MAX)
		return err_set(e, VERDICT_USAGE, "more than %d public keys", TRUST_KEYS_MAX);
	if (io_read_file(&text, &len, path, PUBLIC_KEY_FILE_MAX, e) != 0)
		return err_prefix(e, "public key");
	if (public_key_parse(&key, text, len, e) != 0) {
		err_prefix(e, "%s", path);
		goto out;
	}
	for (size_t i = 0; i < t->nkeys; i++) {
		if (memcmp(t->keys[i].id, key.id, KEYID_SIZE) != 0)
			continue;
		/* The same key twice is no second key; another key under the same id would make "claims a trusted
		 * key" ambiguous. */
		rc = memcmp(t->keys[i].key, key.key, ED25519_PUBLIC_SIZE) == 0 ? 0 :
			err_set(e, VERDICT_MALFORMED_KEYRING, "%s: another key with this id was given already", path);
		goto out;
	}
	t->keys[t->nkeys++] = key;
	rc = 0;
out:
	free(text);
	return rc;
}

static const struct public_key *find(const struct trust *t, const unsigned char id[static KEYID_SIZE])
{
	for (size_t i = 0; i < t->nkeys; i++)
		if (memcmp(t->keys[i].id, id, KEYID_SIZE) == 0)
			return &t->keys[i];
	return NULL;
}

static void signers_add(struct signers *s, const unsigned char id[static KEYID_SIZE])
{
	for (size_t i = 0; i < s->n; i++)
		if (memcmp(s->ids[i], id, KEYID_SIZE) == 0)
			return;
	memcpy(s->ids[s->n++], id, KEYID_SIZE);
}

int trust_check(const struct trust *t, const unsigned char prehash[static PREHASH_SIZE], struct span sigs,
		struct signers *out, struct err *e)
{
	struct signers good = {.n = 0};
	struct minisig block;
	char id[KEYID_HEX + 1];
	int more, blocks = 0;

	while ((more = minisig_next(&block, &sigs, e)) == 1) {
		const struct public_key *key;

		if (++blocks > MINISIG_BLOCKS_MAX)
			return err_set(e, VERDICT_MALFORMED_SIGNATURE, "more than %d signature blocks", MINISIG_BLOCKS_MAX);
		keyid_print(id, block.id);
		key = find(t, block.id);
		if (!key)
			continue;
		if (!minisig_verify(&block, prehash, key))
			return err_set(e, VERDICT_BAD_SIGNATURE, "the signature by key %s does not match", id);
		signers_add(&good, block.id);
	}
	if (more < 0)
		return -1;
	if (blocks == 0)
		return err_set(e, VERDICT_UNSIGNED, "it carries no signature");
	if (good.n == 0)
		return err_set(e, VERDICT_UNTRUSTED_KEY, "it is signed by key %s%s, and none that is trusted here", id,
			       blocks > 1 ? " and others" : "");
	*out = good;
	return 0;
}

int trust_check_text(const struct trust *t, struct span text, struct span sigs, struct signers *out, struct err *e)
{
	unsigned char prehash[PREHASH_SIZE];
	struct hash hash;

	hash_init(&hash, PREHASH_SIZE);
	hash_update(&hash, text.at, text.len);
	hash_final(&hash, prehash, PREHASH_SIZE);
	return trust_check(t, prehash, sigs, out, e);
}
