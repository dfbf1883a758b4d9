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

/* Why no trusted key signed. ID: the last block's key; REVOKED: one of the blocks is by a revoked key. */
static enum decision nobody(int blocks, const char *id, bool revoked, struct err *e)
{
	if (blocks == 0)
		return err_refuse(e, VERDICT_UNSIGNED, "it has no signature");
	if (revoked)
		return err_refuse(e, VERDICT_REVOKED_KEY, "it is signed by key %s%s, which is revoked, and not by a key that is trusted here",
				  id, blocks > 1 ? " or another" : "");
	return err_refuse(e, VERDICT_UNTRUSTED_KEY, "it is signed by key %s%s, and not by a key that is trusted here", id,
			  blocks > 1 ? " and others" : "");
}

enum decision trust_check(const struct trust *t, const unsigned char prehash[static PREHASH_SIZE], struct span sigs,
			  struct signers *out, struct err *e)
{
	struct minisig block;
	char id[KEYID_HEX + 1] = "";
	bool revoked = false;
	int more, blocks = 0;

	out->n = 0;
	while ((more = minisig_next(&block, &sigs, e)) == 1) {
		const struct public_key *key;

		if (++blocks > MINISIG_BLOCKS_MAX)
			return err_refuse(e, VERDICT_MALFORMED_SIGNATURE, "more than %d signature blocks", MINISIG_BLOCKS_MAX);
		keyid_print(id, block.id);
		key = trust_find(t, block.id);
		revoked = revoked || (t->ring.serial > 0 && keyring_revokes(&t->ring, block.id));
		if (!key)
			continue;
		if (minisig_verify(&block, prehash, key) != ACCEPTED)
			return err_refuse(e, VERDICT_BAD_SIGNATURE, "the signature by key %s does not match", id);
		signers_add(out, block.id);
	}
	if (more == 0 && out->n > 0)
		return ACCEPTED;
	return more < 0 ? REFUSED : nobody(blocks, id, revoked, e);
}

void trust_prehash(unsigned char out[static PREHASH_SIZE], struct span text)
{
	struct hash hash;

	hash_init(&hash, PREHASH_SIZE);
	hash_update(&hash, text.at, text.len);
	hash_final(&hash, out, PREHASH_SIZE);
}

/* Every board, not only the one at hand: the verdict is then the same at the vendor's, at the farm and on each board. */
static bool covers_all(const struct keyring *k, const unsigned char id[static KEYID_SIZE], const struct manifest *m)
{
	const struct manifest_head *head = manifest_head(m);
	struct manifest_board board;
	uint32_t covered = 0;

	for (uint32_t i = 0; i < head->nboards; i++) {
		manifest_board(m, i, &board);
		covered += keyring_covers(k, id, head->product, board.id);
	}
	return covered == head->nboards && covered > 0;
}

enum decision trust_check_scope(const struct trust *t, const struct manifest *m, struct signers *s, struct err *e)
{
	uint32_t needed = t->ring.serial > 0 ? t->ring.release_threshold : 1;
	struct signers may = {.n = 0};
	char id[KEYID_HEX + 1];

	for (size_t i = 0; i < s->n; i++)
		if (t->ring.serial == 0 || covers_all(&t->ring, s->ids[i], m))
			signers_add(&may, s->ids[i]);
	if (may.n == 0) {
		keyid_print(id, s->ids[0]);
		return err_refuse(e, VERDICT_UNTRUSTED_KEY, "key %s%s may not sign %s for all boards that the image names", id,
				  s->n > 1 ? " (as well as the others)" : "", manifest_head(m)->product);
	}
	if (may.n < needed)
		return err_refuse(e, VERDICT_THRESHOLD, "it is signed by %zu of the %" PRIu32 " release keys that are needed", may.n, needed);
	*s = may;
	return ACCEPTED;
}

enum decision trust_check_serial(const struct trust *t, const struct manifest *m, struct err *e)
{
	uint64_t line = manifest_head(m)->keyring, least = line > t->least_serial ? line : t->least_serial;

	if (t->ring.serial == 0 || t->ring.serial >= least)
		return ACCEPTED;
	return err_refuse(e, VERDICT_KEYRING_GAP, "%s keyring %" PRIu64 ", and only keyring %" PRIu64 " is known here: use a bundle that brings "
			  "the keyrings from %" PRIu64 " on", least == line ? "it was signed under" : "this board has seen", least, t->ring.serial,
			  t->ring.serial + 1);
}

enum decision trust_check_floor(const struct trust *t, const struct manifest *m, struct err *e)
{
	const struct manifest_head *head = manifest_head(m);
	uint64_t floor;

	if (t->ring.serial == 0 || !keyring_floor(&t->ring, head->product, &floor) || head->counter >= floor)
		return ACCEPTED;
	return err_refuse(e, VERDICT_ROLLBACK, "the image has security counter %" PRIu64 ", the keyring's floor for %s is %" PRIu64,
			  head->counter, head->product, floor);
}

enum decision trust_authenticate(struct manifest **m, struct signers *s, const struct trust *t, char *text, size_t len, struct span sigs,
				 enum trust_question question, struct err *e)
{
	unsigned char prehash[PREHASH_SIZE];

	*m = NULL;
	trust_prehash(prehash, (struct span){text, len});
	if (trust_check(t, prehash, sigs, s, e) != ACCEPTED) {
		free(text);
		return REFUSED;
	}
	if (manifest_parse(m, text, len, e) != 0)
		return REFUSED;
	if (trust_check_scope(t, *m, s, e) == ACCEPTED &&
	    (question == TRUST_ORIGIN || (trust_check_serial(t, *m, e) == ACCEPTED && trust_check_floor(t, *m, e) == ACCEPTED)))
		return ACCEPTED;
	manifest_free(m);
	return REFUSED;
}

/* --- the second look: other code for the same questions --- */

size_t trust_count(const struct public_key *keys, size_t n, const unsigned char prehash[static PREHASH_SIZE], struct span sigs)
{
	size_t good = 0;

	for (size_t k = 0; k < n; k++) {
		struct span rest = sigs;
		struct minisig block;
		size_t matches = 0, blocks = 0;

		while (minisig_next(&block, &rest, NULL) == 1 && blocks++ < MINISIG_BLOCKS_MAX)
			if (memcmp(block.id, keys[k].id, KEYID_SIZE) == 0)
				matches += minisig_verify(&block, prehash, &keys[k]) == ACCEPTED;
		good += matches > 0;
	}
	return good;
}

/* The keys of S, those that T still trusts for the image, into KEYS. Returns how many. */
static size_t keys_of(struct public_key keys[static MINISIG_BLOCKS_MAX], const struct trust *t, const struct manifest *m, const struct signers *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n && i < MINISIG_BLOCKS_MAX; i++) {
		const struct public_key *key = trust_find(t, s->ids[i]);
		bool ring = t->ring.serial > 0;

		if (key && !(ring && keyring_revokes(&t->ring, key->id)) && (!ring || covers_all(&t->ring, key->id, m)))
			keys[n++] = *key;
	}
	return n;
}

/* The keyring's floor for PRODUCT, by another walk than keyring_floor's: the highest of all that are for it. */
static uint64_t floor_again(const struct keyring *k, const char *product)
{
	uint64_t floor = 0;

	for (size_t i = KEYRING_FLOORS_MAX; i-- > 0;)
		if (i < k->nfloors && strncmp(product, k->floors[i].product, sizeof k->floors[i].product) == 0 && k->floors[i].counter > floor)
			floor = k->floors[i].counter;
	return floor;
}

static enum decision confirm_parsed(const struct trust *t, const struct manifest *again, struct span sigs, const struct signers *s,
				    enum trust_question question)
{
	const struct keyring *ring = &t->ring;
	const struct manifest_head *head = manifest_head(again);
	struct public_key keys[MINISIG_BLOCKS_MAX];
	unsigned char prehash[PREHASH_SIZE];
	size_t n = keys_of(keys, t, again, s), needed = ring->serial > 0 && ring->release_threshold > 1 ? ring->release_threshold : 1;
	unsigned right = 0;

	trust_prehash(prehash, manifest_text(again));
	right += trust_count(keys, n, prehash, sigs) >= needed;
	right += n == s->n;
	if (question == TRUST_ORIGIN || ring->serial == 0)
		return right == 2 ? ACCEPTED : REFUSED;
	right += ring->serial >= head->keyring;
	right += ring->serial >= t->least_serial;
	right += head->counter >= floor_again(ring, head->product);
	return right == 5 ? ACCEPTED : REFUSED;
}

enum decision trust_confirm(const struct trust *t, const struct manifest *m, struct span sigs, const struct signers *s,
			    enum trust_question question, struct err *e)
{
	struct span text = manifest_text(m);
	struct manifest *again = NULL;
	enum decision decision;
	char *copy = malloc(text.len + 1);

	if (!copy)
		return err_refuse(e, VERDICT_SYSTEM, "out of memory");
	memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	if (manifest_parse(&again, copy, text.len, e) != 0)
		return REFUSED; /* it has been parsed before, so this is a lack of memory */
	decision = confirm_parsed(t, again, sigs, s, question);
	manifest_free(&again);
	if (decision == ACCEPTED)
		return ACCEPTED;
	return err_refuse(e, VERDICT_BAD_SIGNATURE, "the signature did not verify a second time: the board's memory or processor may be failing. "
			  "Try again, and replace the board when it happens again");
}
