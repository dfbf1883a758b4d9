/* SPDX-License-Identifier: ISC */
/* Keyring after keyring: signatures first, then the parser, then the step. */
#include "core/chain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/member.h"

enum { NAME_MAX_LEN = 40, SIGNATURES_MAX = 16 << 10 };
static const char prefix[] = "keyring.";

bool chain_is_header(const unsigned char header[static USTAR_BLOCK])
{
	return memcmp(header, prefix, sizeof prefix - 1) == 0;
}

enum decision chain_check_roots(const struct keyring *k, const unsigned char prehash[static PREHASH_SIZE], struct span sigs,
				struct signers *out, struct err *e)
{
	struct trust *roots = calloc(1, sizeof *roots);
	enum decision decision;

	if (!roots)
		return err_refuse(e, VERDICT_SYSTEM, "out of memory");
	memcpy(roots->keys, k->roots, sizeof k->roots);
	roots->nkeys = k->nroots;
	decision = trust_check(roots, prehash, sigs, out, e);
	free(roots);
	if (decision != ACCEPTED) {
		(void)err_prefix(e, "roots of keyring %" PRIu64, k->serial);
		return REFUSED;
	}
	if (out->n >= k->root_threshold && out->n > 0)
		return ACCEPTED;
	return err_refuse(e, VERDICT_THRESHOLD, "signed by %zu of the %" PRIu32 " roots that keyring %" PRIu64 " needs", out->n,
			  k->root_threshold, k->serial);
}

/* Revoked once is revoked for good. */
static int keeps_revocations(const struct keyring *old, const struct keyring *new, struct err *e)
{
	char id[KEYID_HEX + 1];

	for (size_t i = 0; i < old->nrevoked; i++) {
		if (keyring_revokes(new, old->revoked[i]))
			continue;
		keyid_print(id, old->revoked[i]);
		return err_set(e, VERDICT_REVOKED_KEY, "it takes back the revocation of key %s", id);
	}
	return 0;
}

static bool follows(const struct keyring *old, const struct keyring *new, enum chain_step kind)
{
	return kind == CHAIN_LATER ? new->serial > old->serial : new->serial == old->serial + 1;
}

/* The same once more, in other code: see trust_confirm. */
static enum decision confirm_step(const struct keyring *old, const struct keyring *new, const unsigned char prehash[static PREHASH_SIZE],
				  struct span sigs, enum chain_step kind, struct err *e)
{
	unsigned right = 0;

	right += trust_count(old->roots, old->nroots, prehash, sigs) >= old->root_threshold;
	right += trust_count(new->roots, new->nroots, prehash, sigs) >= new->root_threshold;
	right += kind == CHAIN_LATER ? old->serial < new->serial : new->serial - old->serial == 1;
	right += old->root_threshold > 0 && new->root_threshold > 0;
	return right == 4 ? ACCEPTED : err_refuse(e, VERDICT_BAD_SIGNATURE, "the keyring did not verify a second time: the board's memory or "
						  "processor may be failing. Try again");
}

enum decision chain_step(struct trust *t, struct span text, struct span sigs, enum chain_step kind, struct err *e)
{
	struct keyring *new = malloc(sizeof *new);
	unsigned char prehash[PREHASH_SIZE];
	enum decision decision = REFUSED;
	struct signers signers;

	if (!new)
		return err_refuse(e, VERDICT_SYSTEM, "out of memory");
	trust_prehash(prehash, text);
	/* The roots that are known come first: no stranger's bytes reach the parser. */
	if (chain_check_roots(&t->ring, prehash, sigs, &signers, e) != ACCEPTED || keyring_parse(new, text.at, text.len, e) != 0)
		goto out;
	if (!follows(&t->ring, new, kind)) {
		err_set(e, VERDICT_KEYRING_GAP, "it has serial %" PRIu64 ", and does not follow keyring %" PRIu64, new->serial, t->ring.serial);
		goto out;
	}
	if (chain_check_roots(new, prehash, sigs, &signers, e) != ACCEPTED || keeps_revocations(&t->ring, new, e) != 0 ||
	    confirm_step(&t->ring, new, prehash, sigs, kind, e) != ACCEPTED)
		goto out;
	t->ring = *new;
	decision = ACCEPTED;
out:
	free(new);
	return decision;
}

/* The N of "keyring.N", or 0: the comparison of the whole header finds every other spelling. */
static uint64_t serial_of(const unsigned char header[static USTAR_BLOCK])
{
	const char *digits = (const char *)header + sizeof prefix - 1;
	uint64_t n;

	return text_number(&n, (struct span){digits, strnlen(digits, 20)}, INT64_MAX) == 0 ? n : 0;
}

static int append(struct chain *c, const char *name, struct span text, struct err *e)
{
	size_t size = USTAR_BLOCK + text.len + (size_t)ustar_padding(text.len);
	unsigned char *more;

	if (size > CHAIN_MAX - c->len)
		return err_set(e, VERDICT_TOO_LARGE, "the keyrings are over %d bytes together", CHAIN_MAX);
	more = realloc(c->bytes, c->len + size);
	if (!more)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	c->bytes = more;
	more += c->len;
	memset(more, 0, size);
	ustar_member(more, name, text.len);
	memcpy(more + USTAR_BLOCK, text.at, text.len);
	c->len += size;
	return 0;
}

struct names {
	char text[NAME_MAX_LEN], sigs[NAME_MAX_LEN + 8];
};

static struct names names_of(uint64_t serial)
{
	struct names n = {.text = ""};

	snprintf(n.text, sizeof n.text, "%s%" PRIu64, prefix, serial);
	snprintf(n.sigs, sizeof n.sigs, "%s.minisig", n.text);
	return n;
}

int chain_add(struct chain *c, uint64_t serial, struct span text, struct span sigs, struct err *e)
{
	struct names names = names_of(serial);

	if (c->npairs == CHAIN_PAIRS_MAX)
		return err_set(e, VERDICT_TOO_LARGE, "more than %d keyrings", CHAIN_PAIRS_MAX);
	if (append(c, names.text, text, e) != 0 || append(c, names.sigs, sigs, e) != 0)
		return -1;
	c->first = c->npairs++ == 0 ? serial : c->first;
	c->last = serial;
	return 0;
}

/* In one run, and no further than one step above what is known. */
static int check_serial(const struct chain *c, uint64_t serial, const struct trust *t, struct err *e)
{
	if (t->ring.serial == 0)
		return err_set(e, VERDICT_KEYRING_GAP, "it brings keyrings, and there is no keyring here for them to follow");
	if (serial == 0)
		return err_set(e, VERDICT_MALFORMED_HEADER, "the name of a keyring has no serial");
	if (c->nseen > 0 && serial != c->seen + 1)
		return err_set(e, VERDICT_KEYRING_GAP, "keyring %" PRIu64 " comes after keyring %" PRIu64, serial, c->seen);
	if (serial > t->ring.serial + 1)
		return err_set(e, VERDICT_KEYRING_GAP, "keyring %" PRIu64 " does not follow keyring %" PRIu64 ", the newest that is known here",
			       serial, t->ring.serial);
	if (c->nseen == CHAIN_PAIRS_MAX)
		return err_set(e, VERDICT_TOO_LARGE, "more than %d keyrings", CHAIN_PAIRS_MAX);
	return 0;
}

int chain_pair_read(struct chain_pair *p, struct source *src, const unsigned char header[static USTAR_BLOCK], struct err *e)
{
	unsigned char second[USTAR_BLOCK];
	struct names names;

	*p = (struct chain_pair){.serial = serial_of(header)};
	names = names_of(p->serial);
	if (member_take(src, header, names.text, KEYRING_MAX, &p->text, &p->len, e) != 0 ||
	    source_exact(src, second, sizeof second, names.sigs, e) != 0)
		return -1;
	return member_take(src, second, names.sigs, SIGNATURES_MAX, &p->sigs, &p->sigs_len, e);
}

void chain_pair_free(struct chain_pair *p)
{
	free(p->text);
	free(p->sigs);
	*p = (struct chain_pair){.text = NULL};
}

/* What the pair is for T: a step, its own keyring once more, or an older one, of which nothing can be said and nothing is kept. */
static int judge(struct chain *c, const struct chain_pair *p, struct trust *t, struct err *e)
{
	struct span text = {p->text, p->len}, sigs = {p->sigs, p->sigs_len};
	unsigned char hash[HASH_SIZE];

	if (p->serial < t->ring.serial)
		return 0;
	if (p->serial > t->ring.serial)
		return chain_step(t, text, sigs, CHAIN_NEXT, e) == ACCEPTED ? chain_add(c, p->serial, text, sigs, e) : -1;
	hash_buffer(hash, text.at, text.len);
	return crypto_equal(hash, t->ring.hash, HASH_SIZE) ? 0 :
		err_set(e, VERDICT_KEYRING_GAP, "it differs from the trusted keyring with the same serial");
}

int chain_take(struct chain *c, struct source *src, const unsigned char header[static USTAR_BLOCK], struct trust *t, struct err *e)
{
	struct chain_pair p;
	uint64_t serial = serial_of(header);
	int rc = -1;

	if (check_serial(c, serial, t, e) != 0)
		return -1;
	if (chain_pair_read(&p, src, header, e) == 0) {
		rc = judge(c, &p, t, e);
		if (rc != 0)
			err_prefix(e, "keyring %" PRIu64, serial);
	}
	chain_pair_free(&p);
	c->nseen++;
	c->seen = serial;
	return rc;
}

void chain_free(struct chain *c)
{
	free(c->bytes);
	*c = (struct chain){.bytes = NULL};
}
