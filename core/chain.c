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

int chain_check_roots(const struct keyring *k, const unsigned char prehash[static PREHASH_SIZE], struct span sigs,
		      struct signers *out, struct err *e)
{
	struct trust *roots = calloc(1, sizeof *roots);
	int rc;

	if (!roots)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	memcpy(roots->keys, k->roots, sizeof k->roots);
	roots->nkeys = k->nroots;
	rc = trust_check(roots, prehash, sigs, out, e);
	free(roots);
	if (rc != 0)
		return err_prefix(e, "roots of keyring %" PRIu64, k->serial);
	if (out->n < k->root_threshold)
		return err_set(e, VERDICT_THRESHOLD, "signed by %zu of the %" PRIu32 " roots that keyring %" PRIu64 " takes", out->n,
			       k->root_threshold, k->serial);
	return 0;
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

int chain_step(struct trust *t, struct span text, struct span sigs, struct err *e)
{
	struct keyring *new = malloc(sizeof *new);
	unsigned char prehash[PREHASH_SIZE];
	struct signers signers;
	struct hash hash;
	int rc = -1;

	if (!new)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	hash_init(&hash, PREHASH_SIZE);
	hash_update(&hash, text.at, text.len);
	hash_final(&hash, prehash, PREHASH_SIZE);
	/* The roots that are known come first: no stranger's bytes reach the parser. */
	if (chain_check_roots(&t->ring, prehash, sigs, &signers, e) != 0 || keyring_parse(new, text.at, text.len, e) != 0)
		goto out;
	if (new->serial != t->ring.serial + 1) {
		err_set(e, VERDICT_KEYRING_GAP, "it has serial %" PRIu64 ", and does not follow on %" PRIu64, new->serial, t->ring.serial);
		goto out;
	}
	if (chain_check_roots(new, prehash, sigs, &signers, e) != 0 || keeps_revocations(&t->ring, new, e) != 0)
		goto out;
	t->ring = *new;
	rc = 0;
out:
	free(new);
	return rc;
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

/* Is the pair one that T needs, and is it right? */
static int judge(struct trust *t, uint64_t serial, struct span text, struct span sigs, struct err *e)
{
	unsigned char hash[HASH_SIZE];

	if (serial > t->ring.serial)
		return chain_step(t, text, sigs, e);
	if (serial < t->ring.serial)
		return 0;
	hash_buffer(hash, text.at, text.len);
	return crypto_equal(hash, t->ring.hash, HASH_SIZE) ? 0 :
		err_set(e, VERDICT_KEYRING_GAP, "it is another keyring than the one of that serial that is known here");
}

/* In one run, and no further than one step above what is known. */
static int check_serial(const struct chain *c, uint64_t serial, const struct trust *t, struct err *e)
{
	if (t->ring.serial == 0)
		return err_set(e, VERDICT_KEYRING_GAP, "it carries keyrings, and there is none here for them to follow on");
	if (serial == 0)
		return err_set(e, VERDICT_MALFORMED_HEADER, "the name of a keyring has no serial");
	if (c->npairs > 0 && serial != c->last + 1)
		return err_set(e, VERDICT_KEYRING_GAP, "keyring %" PRIu64 " stands behind keyring %" PRIu64, serial, c->last);
	if (serial > t->ring.serial + 1)
		return err_set(e, VERDICT_KEYRING_GAP, "keyring %" PRIu64 " does not follow on %" PRIu64 ", the one that is known here",
			       serial, t->ring.serial);
	return 0;
}

int chain_take(struct chain *c, struct source *src, const unsigned char header[static USTAR_BLOCK], struct trust *t, struct err *e)
{
	unsigned char second[USTAR_BLOCK];
	char *text = NULL, *sigs = NULL;
	uint64_t serial = serial_of(header);
	struct names names = names_of(serial);
	size_t len = 0, sigs_len = 0;
	int rc = -1;

	if (check_serial(c, serial, t, e) != 0)
		return -1;
	if (member_take(src, header, names.text, KEYRING_MAX, &text, &len, e) != 0 ||
	    source_exact(src, second, sizeof second, names.sigs, e) != 0 ||
	    member_take(src, second, names.sigs, SIGNATURES_MAX, &sigs, &sigs_len, e) != 0)
		goto out;
	if (judge(t, serial, (struct span){text, len}, (struct span){sigs, sigs_len}, e) != 0) {
		err_prefix(e, "keyring %" PRIu64, serial);
		goto out;
	}
	rc = chain_add(c, serial, (struct span){text, len}, (struct span){sigs, sigs_len}, e);
out:
	free(text);
	free(sigs);
	return rc;
}

int chain_take_all(struct chain *c, const void *bytes, size_t len, struct trust *t, struct err *e)
{
	unsigned char header[USTAR_BLOCK];
	struct source_memory src;

	source_memory_init(&src, bytes, len);
	while (src.left > 0)
		if (source_exact(&src.base, header, sizeof header, "a keyring's header", e) != 0 ||
		    chain_take(c, &src.base, header, t, e) != 0)
			return -1;
	return 0;
}

size_t chain_before(const void *bytes, size_t len, uint64_t first, size_t *npairs)
{
	const unsigned char *p = bytes;
	size_t at = 0;

	*npairs = 0;
	while (len - at >= USTAR_BLOCK) {
		uint64_t serial = serial_of(p + at), size; /* 0: the signatures of the one before */
		size_t left = len - at - USTAR_BLOCK;

		if (serial >= first || ustar_take_size(&size, p + at) != 0 || size > left || ustar_padding(size) > left - size)
			break;
		*npairs += serial > 0;
		at += USTAR_BLOCK + (size_t)size + (size_t)ustar_padding(size);
	}
	return at;
}

void chain_free(struct chain *c)
{
	free(c->bytes);
	*c = (struct chain){.bytes = NULL};
}
