/* SPDX-License-Identifier: ISC */
/* Trusted keys, and the count of distinct ones that signed. */
#include "core/trust.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/io.h"

static int add_key(struct trust *t, const char *path, const char *text, size_t len, struct err *e)
{
	struct public_key key;

	if (t->nkeys == TRUST_KEYS_MAX)
		return err_set(e, VERDICT_USAGE, "more than %d public keys", TRUST_KEYS_MAX);
	if (t->ring.serial > 0)
		return err_set(e, VERDICT_USAGE, "%s: public keys and a keyring exclude each other", path);
	if (keyring_is(text, len))
		return err_set(e, VERDICT_MALFORMED_KEYRING, "%s: it is a keyring, and no public key (--keyring takes it)", path);
	if (public_key_parse(&key, text, len, e) != 0)
		return err_prefix(e, "%s", path);
	for (size_t i = 0; i < t->nkeys; i++) {
		if (memcmp(t->keys[i].id, key.id, KEYID_SIZE) != 0)
			continue;
		/* The same key twice is no second key; another key under the same id would make "claims a trusted
		 * key" ambiguous. */
		return memcmp(t->keys[i].key, key.key, ED25519_PUBLIC_SIZE) == 0 ? 0 :
			err_set(e, VERDICT_MALFORMED_KEYRING, "%s: another key with this id was given already", path);
	}
	t->keys[t->nkeys++] = key;
	return 0;
}

static int add_keyring(struct trust *t, const char *path, const char *text, size_t len, struct err *e)
{
	if (t->ring.serial > 0 || t->nkeys > 0)
		return err_set(e, VERDICT_USAGE, "%s: one keyring is all there can be, and no public keys beside it", path);
	if (keyring_parse(&t->ring, text, len, e) == 0)
		return 0;
	t->ring.serial = 0;
	return err_prefix(e, "%s", path);
}

int trust_add_file(struct trust *t, const char *path, struct err *e)
{
	char *text = NULL;
	size_t len = 0;
	int rc;

	if (io_read_file(&text, &len, path, PUBLIC_KEY_FILE_MAX, e) != 0)
		return err_prefix(e, "public key");
	rc = add_key(t, path, text, len, e);
	free(text);
	return rc;
}

int trust_add_keyring_file(struct trust *t, const char *path, struct err *e)
{
	char *text = NULL;
	size_t len = 0;
	int rc;

	if (io_read_file(&text, &len, path, KEYRING_MAX, e) != 0)
		return err_prefix(e, "keyring");
	rc = add_keyring(t, path, text, len, e);
	free(text);
	return rc;
}

int trust_add_any_file(struct trust *t, const char *path, struct err *e)
{
	char *text = NULL;
	size_t len = 0;
	int rc;

	if (io_read_file(&text, &len, path, KEYRING_MAX, e) != 0)
		return err_prefix(e, "keyring");
	rc = keyring_is(text, len) ? add_keyring(t, path, text, len, e) : add_key(t, path, text, len, e);
	free(text);
	return rc;
}

bool trust_is_empty(const struct trust *t)
{
	return t->nkeys == 0 && t->ring.serial == 0;
}

const struct public_key *trust_find(const struct trust *t, const unsigned char id[static KEYID_SIZE])
{
	for (size_t i = 0; i < t->nkeys; i++)
		if (memcmp(t->keys[i].id, id, KEYID_SIZE) == 0)
			return &t->keys[i];
	for (size_t i = 0; t->ring.serial > 0 && i < t->ring.nreleases; i++)
		if (memcmp(t->ring.releases[i].key.id, id, KEYID_SIZE) == 0)
			return &t->ring.releases[i].key;
	return NULL;
}

static void signers_add(struct signers *s, const unsigned char id[static KEYID_SIZE])
{
	for (size_t i = 0; i < s->n; i++)
		if (memcmp(s->ids[i], id, KEYID_SIZE) == 0)
			return;
	memcpy(s->ids[s->n++], id, KEYID_SIZE);
}

/* Why there is nobody. ID: the last block's key; REVOKED: one of the blocks is by a revoked key. */
static int nobody(int blocks, const char *id, bool revoked, struct err *e)
{
	if (blocks == 0)
		return err_set(e, VERDICT_UNSIGNED, "it carries no signature");
	if (revoked)
		return err_set(e, VERDICT_REVOKED_KEY, "it is signed by key %s%s, which is revoked, and by none that is trusted here",
			       id, blocks > 1 ? " or another" : "");
	return err_set(e, VERDICT_UNTRUSTED_KEY, "it is signed by key %s%s, and none that is trusted here", id,
		       blocks > 1 ? " and others" : "");
}

int trust_check(const struct trust *t, const unsigned char prehash[static PREHASH_SIZE], struct span sigs,
		struct signers *out, struct err *e)
{
	struct signers good = {.n = 0};
	struct minisig block;
	char id[KEYID_HEX + 1] = "";
	bool revoked = false;
	int more, blocks = 0;

	while ((more = minisig_next(&block, &sigs, e)) == 1) {
		const struct public_key *key;

		if (++blocks > MINISIG_BLOCKS_MAX)
			return err_set(e, VERDICT_MALFORMED_SIGNATURE, "more than %d signature blocks", MINISIG_BLOCKS_MAX);
		keyid_print(id, block.id);
		key = trust_find(t, block.id);
		revoked = revoked || (t->ring.serial > 0 && keyring_revokes(&t->ring, block.id));
		if (!key)
			continue;
		if (!minisig_verify(&block, prehash, key))
			return err_set(e, VERDICT_BAD_SIGNATURE, "the signature by key %s does not match", id);
		signers_add(&good, block.id);
	}
	if (more < 0)
		return -1;
	if (good.n == 0)
		return nobody(blocks, id, revoked, e);
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

/* Every board, not only the one at hand: the verdict is then the same at the vendor's, at the farm and on each board. */
static bool covers_all(const struct keyring *k, const unsigned char id[static KEYID_SIZE], const struct manifest *m)
{
	const struct manifest_head *head = manifest_head(m);
	struct manifest_board board;

	for (uint32_t i = 0; i < head->nboards; i++) {
		manifest_board(m, i, &board);
		if (!keyring_covers(k, id, head->product, board.id))
			return false;
	}
	return true;
}

int trust_check_scope(const struct trust *t, const struct manifest *m, struct signers *s, struct err *e)
{
	struct signers may = {.n = 0};
	char id[KEYID_HEX + 1];

	if (t->ring.serial == 0)
		return 0;
	for (size_t i = 0; i < s->n; i++)
		if (covers_all(&t->ring, s->ids[i], m))
			signers_add(&may, s->ids[i]);
	if (may.n == 0) {
		keyid_print(id, s->ids[0]);
		return err_set(e, VERDICT_UNTRUSTED_KEY, "key %s%s may not sign %s for all boards that the image names", id,
			       s->n > 1 ? " (as well as the others)" : "", manifest_head(m)->product);
	}
	if (may.n < t->ring.release_threshold)
		return err_set(e, VERDICT_THRESHOLD, "it is signed by %zu of the %" PRIu32 " release keys that it takes", may.n,
			       t->ring.release_threshold);
	*s = may;
	return 0;
}

int trust_check_floor(const struct trust *t, const struct manifest *m, struct err *e)
{
	const struct manifest_head *head = manifest_head(m);
	uint64_t floor;

	if (t->ring.serial == 0 || !keyring_floor(&t->ring, head->product, &floor) || head->counter >= floor)
		return 0;
	return err_set(e, VERDICT_ROLLBACK, "the image has security counter %" PRIu64 ", the keyring's floor for %s is %" PRIu64,
		       head->counter, head->product, floor);
}
