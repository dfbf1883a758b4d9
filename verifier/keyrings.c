/* SPDX-License-Identifier: ISC */
/* STATE/keyrings. */
#include "verifier/keyrings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/state.h"

#define FILE_NAME "keyrings"

static bool same_roots(const struct keyring *a, const struct keyring *b)
{
	if (a->nroots != b->nroots || a->root_threshold != b->root_threshold)
		return false;
	for (size_t i = 0; i < a->nroots; i++)
		if (memcmp(a->roots[i].id, b->roots[i].id, KEYID_SIZE) != 0 || memcmp(a->roots[i].key, b->roots[i].key, ED25519_PUBLIC_SIZE) != 0)
			return false;
	return true;
}

/* One pair is what it says, and T is led on by it if it is newer. Returns 0 or -1. */
static int take(struct keyrings_pair *pair, struct trust *t, const struct chain_pair *p, struct err *e)
{
	struct keyring *before;

	pair->step = p->serial > t->ring.serial;
	if (!pair->step)
		return 0;
	before = malloc(sizeof *before);
	if (!before)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	*before = t->ring;
	if (chain_step(t, (struct span){p->text, p->len}, (struct span){p->sigs, p->sigs_len}, CHAIN_LATER, e) != ACCEPTED) {
		free(before);
		return -1;
	}
	pair->new_roots = !same_roots(before, &t->ring);
	free(before);
	return p->serial == t->ring.serial ? 0 :
		err_set(e, VERDICT_MALFORMED_KEYRING, "it has serial %" PRIu64 " in its name and %" PRIu64 " in its text", p->serial, t->ring.serial);
}

/* Reads pair after pair of K's bytes. Returns 0 when all were right, 1 and *WHY at the first that is not, -1: memory. */
static int walk(struct keyrings *k, struct trust *t, struct err *why)
{
	struct source_memory src;

	source_memory_init(&src, k->bytes, k->len);
	while (src.left > 0) {
		unsigned char header[USTAR_BLOCK];
		struct keyrings_pair pair = {.at = k->len - src.left};
		struct chain_pair p = {.text = NULL};
		struct keyrings_pair *more;
		int rc = source_exact(&src.base, header, sizeof header, "a keyring's header", why);

		if (rc == 0)
			rc = chain_pair_read(&p, &src.base, header, why);
		if (rc == 0)
			rc = take(&pair, t, &p, why);
		chain_pair_free(&p);
		if (rc != 0)
			return why->verdict == VERDICT_SYSTEM ? -1 : 1;
		more = realloc(k->pairs, (k->npairs + 1) * sizeof *more);
		if (!more)
			return err_set(why, VERDICT_SYSTEM, "out of memory");
		pair.len = k->len - src.left - pair.at;
		k->pairs = more;
		k->pairs[k->npairs++] = pair;
	}
	return 0;
}

int keyrings_load(struct keyrings *k, const struct device *d, struct trust *t, struct err *e)
{
	struct err why = {.verdict = VERDICT_SYSTEM};
	int rc;

	*k = (struct keyrings){.bytes = NULL};
	if (t->ring.serial == 0)
		return 0;
	rc = state_salvage(d, FILE_NAME, &k->bytes, &k->len, KEYRINGS_MAX, &k->fault);
	if (rc < 0)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	k->faulty = rc != 0 && rc != STATE_MISSING;
	if (!k->bytes)
		return 0;
	rc = walk(k, t, &why);
	if (rc == 1 && !k->faulty)
		k->fault = why;
	k->faulty = k->faulty || rc == 1;
	return rc < 0 ? err_set(e, VERDICT_SYSTEM, "out of memory") : 0;
}

void keyrings_free(struct keyrings *k)
{
	free(k->bytes);
	free(k->pairs);
	*k = (struct keyrings){.bytes = NULL};
}

/* --- keeping what was learned --- */

/* How much of the old pairs is kept. */
enum keeping {
	KEEP_ALL,
	KEEP_STEPS_THAT_COUNT, /* of steps with the same roots the last: the roots before have signed it, too */
	KEEP_NO_OLDER,         /* and nothing that the image's own keyring makes needless */
};

static bool is_kept(const struct keyrings *k, size_t i, enum keeping keeping)
{
	const struct keyrings_pair *pair = &k->pairs[i];

	if (keeping == KEEP_ALL)
		return true;
	if (!pair->step)
		return keeping == KEEP_STEPS_THAT_COUNT;
	return pair->new_roots || i + 1 == k->npairs;
}

/* Copies the pairs of K that are kept into OUT, or only counts when OUT is NULL. Returns how many bytes; *N pairs. */
static size_t copy(char *out, const struct keyrings *k, enum keeping keeping, size_t *n)
{
	size_t len = 0;

	*n = 0;
	for (size_t i = 0; i < k->npairs; i++) {
		if (!is_kept(k, i, keeping))
			continue;
		if (out)
			memcpy(out + len, k->bytes + k->pairs[i].at, k->pairs[i].len);
		len += k->pairs[i].len;
		(*n)++;
	}
	return len;
}

/* Old and new in one: K's pairs, then the steps of NEW. Verified from D's own keyring. keyrings_free is due. */
static int join(struct keyrings *all, const struct keyrings *k, const struct chain *new, const struct trust *own, const struct keyring *goal,
		struct err *e)
{
	struct trust *t = malloc(sizeof *t);
	size_t n, older = copy(NULL, k, KEEP_ALL, &n);
	int rc = -1;

	*all = (struct keyrings){.bytes = malloc(older + new->len), .len = older + new->len};
	if (!t || !all->bytes) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		goto out;
	}
	copy(all->bytes, k, KEEP_ALL, &n);
	memcpy(all->bytes + older, new->bytes, new->len);
	*t = *own;
	if (walk(all, t, e) != 0)
		err_prefix(e, "the bundle's keyrings after the ones that are kept");
	else if (t->ring.serial != goal->serial || !crypto_equal(t->ring.hash, goal->hash, HASH_SIZE))
		err_set(e, VERDICT_KEYRING_GAP, "the kept keyrings lead to keyring %" PRIu64 ", and not to the bundle's keyring %" PRIu64,
			t->ring.serial, goal->serial);
	else
		rc = 0;
out:
	free(t);
	return rc;
}

/* Writes what of K has to be kept, in the plain form as long as it fits. */
static int write(const struct device *d, const struct keyrings *k, struct err *e)
{
	enum keeping keeping = KEEP_ALL;
	size_t n, len = copy(NULL, k, keeping, &n);
	char *body;
	int rc;

	if (n > KEYRINGS_PLAIN_PAIRS || len > KEYRINGS_PLAIN_MAX)
		len = copy(NULL, k, keeping = KEEP_STEPS_THAT_COUNT, &n);
	if (len > KEYRINGS_MAX)
		len = copy(NULL, k, keeping = KEEP_NO_OLDER, &n);
	if (len > KEYRINGS_MAX)
		return err_set(e, VERDICT_TOO_LARGE, "the keyrings that this board must keep are over %d bytes", KEYRINGS_MAX);
	body = malloc(len);
	if (!body)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	copy(body, k, keeping, &n);
	rc = state_write(d, FILE_NAME, body, len, e);
	free(body);
	return rc;
}

int keyrings_adopt(const struct keyrings *k, const struct device *d, const struct trust *t, const struct reader *r, struct err *e)
{
	const struct keyring *goal = &reader_trust(r)->ring;
	struct keyrings all;
	int rc;

	if (goal->serial <= t->ring.serial)
		return 0;
	rc = join(&all, k, reader_chain(r), &d->trust, goal, e);
	if (rc == 0)
		rc = write(d, &all, e);
	keyrings_free(&all);
	return rc;
}
