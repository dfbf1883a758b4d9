/* SPDX-License-Identifier: ISC */
/* From the state folder to what may be believed. */
#define _GNU_SOURCE /* memmem */
#include "verifier/known.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The proof of the floor: signature blocks, then the manifest, in one file, so that one rename replaces both. */
#define PROOF "floor"
enum { PROOF_MAX = MANIFEST_MAX + READER_SIGNATURES_MAX };

void known_fault(struct known *k, const char *format, ...)
{
	va_list args;

	if (k->nfaults == KNOWN_FAULTS_MAX)
		return;
	va_start(args, format);
	vsnprintf(k->faults[k->nfaults++], KNOWN_FAULT_MAX, format, args);
	va_end(args);
}

/* A manifest that was kept, and is the vendor's, for this board. */
struct kept {
	bool there;                 /* there is a file */
	struct manifest *m;         /* or NULL: it proves nothing */
	char *sigs;
	size_t sigs_len;
};

static void kept_free(struct kept *kept)
{
	manifest_free(&kept->m);
	free(kept->sigs);
	*kept = (struct kept){.m = NULL};
}

/* Takes over TEXT, and uses KEPT's signatures. Returns 0, also when it proves nothing; -1: memory. */
static int authenticate(struct kept *kept, const struct known *k, const struct device *d, char *text, size_t len, struct err *why)
{
	struct policy policy = {.board = d->board, .revision = d->revision, .product = d->product};
	struct signers signers;

	if (trust_authenticate(&kept->m, &signers, &k->trust, text, len, (struct span){kept->sigs, kept->sigs_len}, TRUST_ORIGIN, why) == ACCEPTED &&
	    policy_check(&policy, kept->m, why) == ACCEPTED)
		return 0;
	manifest_free(&kept->m);
	return why->verdict == VERDICT_SYSTEM ? -1 : 0;
}

/* Reads the manifest in NAME and its signatures in SIGS. Returns 0 or -1 (memory). */
static int read_pair(struct kept *kept, struct known *k, const struct device *d, const char *name, const char *sigs, struct err *e)
{
	struct err why = {.verdict = VERDICT_SYSTEM};
	char *text = NULL;
	size_t len = 0;
	int rc;

	*kept = (struct kept){.m = NULL};
	rc = state_salvage(d, name, &text, &len, MANIFEST_MAX, &why);
	kept->there = rc != STATE_MISSING;
	if (rc == 0)
		rc = state_salvage(d, sigs, &kept->sigs, &kept->sigs_len, READER_SIGNATURES_MAX, &why);
	if (rc == 0)
		rc = authenticate(kept, k, d, text, len, &why);
	else
		free(text);
	if (rc < 0)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (kept->there && !kept->m)
		known_fault(k, "%s/%s proves nothing (%s): the next install replaces it", d->state, name,
		      rc == STATE_MISSING ? "its signature is missing" : why.message);
	return 0;
}

static int read_proof(struct kept *kept, struct known *k, const struct device *d, struct err *e)
{
	static const char begin[] = "\n" MANIFEST_MAGIC "\n";
	struct err why = {.verdict = VERDICT_SYSTEM};
	char *body = NULL, *at = NULL, *text = NULL;
	size_t len = 0;
	int rc;

	*kept = (struct kept){.m = NULL};
	rc = state_salvage(d, PROOF, &body, &len, PROOF_MAX, &why);
	kept->there = rc != STATE_MISSING;
	if (rc == 0) {
		err_set(&why, VERDICT_MALFORMED_MANIFEST, "there is no manifest in it");
		at = memmem(body, len, begin, sizeof begin - 1);
	}
	if (at) {
		kept->sigs = body;
		kept->sigs_len = (size_t)(++at - body);
		text = malloc(len - kept->sigs_len + 1);
		rc = text ? 0 : -1;
	} else {
		free(body);
	}
	if (text) {
		memcpy(text, at, len - kept->sigs_len);
		text[len - kept->sigs_len] = '\0';
		rc = authenticate(kept, k, d, text, len - kept->sigs_len, &why);
	}
	if (rc < 0)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (kept->there && !kept->m)
		known_fault(k, "%s/" PROOF " proves nothing (%s): the next `firmverify confirm' replaces it", d->state, why.message);
	return 0;
}

/* The record of what is on SIDE, and whether KEPT is its manifest. */
static void match_record(struct known *k, const struct device *d, enum side side, const struct kept *kept)
{
	struct installed *image = &k->images[side];
	struct err why = {.verdict = VERDICT_SYSTEM};
	unsigned char hash[HASH_SIZE];
	char name[STATE_NAME_MAX];
	struct span text;

	if (state_installed(d, side, image, &why) != 0) {
		*image = (struct installed){.any = false};
		state_side_name(name, d, "installed", side);
		known_fault(k, "%s/%s is damaged: what is installed there is not known. Install an image", d->state, name);
		return;
	}
	if (!image->any || !kept->m)
		return;
	text = manifest_text(kept->m);
	hash_buffer(hash, text.at, text.len);
	k->proven[side] = crypto_equal(hash, image->manifest, HASH_SIZE) && image->counter == manifest_head(kept->m)->counter;
}

static void learn(struct known *k, const struct kept *kept, uint64_t *best)
{
	const struct manifest_head *head;

	if (!kept->m)
		return;
	head = manifest_head(kept->m);
	if (head->keyring > k->trust.least_serial)
		k->trust.least_serial = head->keyring;
	if (head->counter > *best)
		*best = head->counter;
}

/* The number in STATE/confirmed counts as far as a manifest proves it: BEST. A board with one side has confirmed what it has installed. */
static void find_counter(struct known *k, const struct device *d, uint64_t proof, uint64_t best)
{
	struct err why = {.verdict = VERDICT_SYSTEM};
	uint64_t number = 0;

	if (!d->two_sided) {
		k->counter = best;
		if (k->images[SIDE_A].any && k->images[SIDE_A].counter > best)
			known_fault(k, "%s/installed says counter %" PRIu64 ", and no kept manifest proves more than %" PRIu64 ", which counts. The next "
			      "install repairs it", d->state, k->images[SIDE_A].counter, best);
		return;
	}
	if (state_confirmed(d, &number, &why) < 0)
		known_fault(k, "%s/confirmed is damaged: the signed manifests that were kept count. The next `firmverify confirm' repairs it", d->state);
	if (number > best) {
		known_fault(k, "%s/confirmed says counter %" PRIu64 ", and no kept manifest proves more than %" PRIu64 ", which counts. The next "
		      "`firmverify confirm' repairs it", d->state, number, best);
		number = best;
	}
	k->counter = number > proof ? number : proof;
}

static int read_manifests(struct known *k, const struct device *d, struct err *e)
{
	char name[STATE_NAME_MAX], sigs[STATE_NAME_MAX];
	uint64_t best = 0, proof = 0;
	struct kept kept;
	int rc = 0;

	for (enum side side = SIDE_A; rc == 0 && side < (d->two_sided ? SIDES : SIDE_B); side++) {
		state_side_name(name, d, "manifest", side);
		state_side_name(sigs, d, "manifest.minisig", side);
		rc = read_pair(&kept, k, d, name, sigs, e);
		match_record(k, d, side, &kept);
		learn(k, &kept, &best);
		kept_free(&kept);
	}
	if (rc == 0 && d->two_sided) {
		rc = read_proof(&kept, k, d, e);
		learn(k, &kept, &proof);
		kept_free(&kept);
	}
	find_counter(k, d, proof, best > proof ? best : proof);
	return rc;
}

int known_load(struct known *k, const struct device *d, struct err *e)
{
	*k = (struct known){.trust = d->trust};
	if (keyrings_load(&k->keyrings, d, &k->trust, e) != 0)
		return -1;
	if (k->keyrings.faulty)
		known_fault(k, "%s/keyrings is damaged or forged (%s): it leads to keyring %" PRIu64 ", which counts. The next bundle that brings keyrings from "
		      "%" PRIu64 " on repairs it", d->state, k->keyrings.fault.message, k->trust.ring.serial, k->trust.ring.serial + 1);
	if (read_manifests(k, d, e) != 0)
		return -1;
	if (k->trust.ring.serial > 0 && k->trust.ring.serial < k->trust.least_serial)
		known_fault(k, "this board has seen keyring %" PRIu64 ", and only keyring %" PRIu64 " is left. It takes no bundle but one that brings the keyrings "
		      "from %" PRIu64 " on", k->trust.least_serial, k->trust.ring.serial, k->trust.ring.serial + 1);
	return 0;
}

struct known *known_new(const struct device *d, struct err *e)
{
	struct known *k = malloc(sizeof *k);

	if (!k)
		err_set(e, VERDICT_SYSTEM, "out of memory");
	else if (known_load(k, d, e) != 0)
		known_free(&k);
	return k;
}

void known_free(struct known **k)
{
	if (*k)
		keyrings_free(&(*k)->keyrings);
	free(*k);
	*k = NULL;
}

struct policy known_policy(const struct known *k, const struct device *d)
{
	return (struct policy){.board = d->board, .revision = d->revision, .product = d->product, .counter = k->counter};
}

/* Makes the manifest of SIDE the proof of the floor. */
static int keep_proof(struct known *k, const struct device *d, const struct kept *kept, struct err *e)
{
	struct span text = manifest_text(kept->m);
	size_t len = kept->sigs_len + text.len;
	char *body = malloc(len);
	int rc;

	if (!body)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	memcpy(body, kept->sigs, kept->sigs_len);
	memcpy(body + kept->sigs_len, text.at, text.len);
	rc = state_write(d, PROOF, body, len, e);
	free(body);
	if (rc != 0)
		return -1;
	k->counter = manifest_head(kept->m)->counter;
	return state_set_confirmed(d, k->counter, e);
}

int known_confirm(struct known *k, const struct device *d, enum side side, struct err *e)
{
	char name[STATE_NAME_MAX], sigs[STATE_NAME_MAX];
	struct kept kept;
	int rc = 0;

	state_side_name(name, d, "manifest", side);
	state_side_name(sigs, d, "manifest.minisig", side);
	if (!k->images[side].any)
		return 0; /* from the factory */
	if (!k->proven[side]) {
		known_fault(k, "the image on side %s is kept, and its counter is not raised to %" PRIu64 ": its manifest is not there, or does not verify. "
		      "Install it again", side == SIDE_A ? "a" : "b", k->images[side].counter);
		return 0;
	}
	if (read_pair(&kept, k, d, name, sigs, e) != 0)
		rc = -1;
	else if (kept.m && manifest_head(kept.m)->counter >= k->counter)
		rc = keep_proof(k, d, &kept, e);
	kept_free(&kept);
	return rc;
}
