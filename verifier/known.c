/* SPDX-License-Identifier: ISC */
/* From the state folder to what may be believed. */
#define _GNU_SOURCE /* memmem */
#include "verifier/known.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"

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
		known_fault(k, "%s/" PROOF " proves nothing (%s): the next image that is %s replaces it", d->state, why.message,
			    d->two_sided ? "confirmed" : "installed");
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
	if (rc == 0) {
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

int known_keep_proof(const struct device *d, enum side side, struct err *e)
{
	char name[STATE_NAME_MAX], *text = NULL, *sigs = NULL, *body = NULL;
	size_t len = 0, sigs_len = 0;
	int rc = -1;

	state_side_name(name, d, "manifest", side);
	if (state_read(d, name, &text, &len, MANIFEST_MAX, e) < 0)
		goto out;
	state_side_name(name, d, "manifest.minisig", side);
	if (state_read(d, name, &sigs, &sigs_len, READER_SIGNATURES_MAX, e) < 0)
		goto out;
	body = malloc(sigs_len + len + 1);
	if (!body) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		goto out;
	}
	memcpy(body, sigs ? sigs : "", sigs_len);
	memcpy(body + sigs_len, text ? text : "", len);
	rc = state_write(d, PROOF, body, sigs_len + len, e);
out:
	free(text);
	free(sigs);
	free(body);
	return rc;
}

/* --- the second look at the floor --- */

/* The number behind "\nWORD " in TEXT, as a text and not as a manifest; 0 when there is none. */
static uint64_t number_in(struct span text, const char *word)
{
	const char *at = memmem(text.at, text.len, word, strlen(word));
	size_t left = at ? text.len - (size_t)(at - text.at) - strlen(word) : 0;
	const char *digits = at ? at + strlen(word) : NULL, *end = at ? memchr(digits, '\n', left) : NULL;
	uint64_t n = 0;

	return end && text_number(&n, (struct span){digits, (size_t)(end - digits)}, INT64_MAX) == 0 ? n : 0;
}

/* Is TEXT a manifest of D's product, and for D's board and revision? */
static bool is_for(struct span text, const struct device *d)
{
	char line[TEXT_NAME_MAX + 16];
	int n = snprintf(line, sizeof line, "\nproduct %s\n", d->product);
	const char *at, *end;
	struct span f[2];
	uint64_t low, high;

	if (!memmem(text.at, text.len, line, (size_t)n))
		return false;
	n = snprintf(line, sizeof line, "\nboard %s ", d->board);
	at = memmem(text.at, text.len, line, (size_t)n);
	end = at ? memchr(at + n, '\n', text.len - (size_t)(at + n - text.at)) : NULL;
	return end && text_fields((struct span){at + n, (size_t)(end - at - n)}, f, 2) == 2 && text_number(&low, f[0], INT64_MAX) == 0 &&
	       text_number(&high, f[1], INT64_MAX) == 0 && low <= d->revision && d->revision <= high;
}

/* How many of T's keys that may sign for D have signed. */
static size_t signed_by(const struct trust *t, const struct device *d, const unsigned char prehash[static PREHASH_SIZE], struct span sigs)
{
	const struct keyring_release *r = t->ring.releases;
	size_t good = trust_count(t->keys, t->nkeys, prehash, sigs);

	for (size_t i = 0; i < t->ring.nreleases; i++) {
		bool again = false; /* a key has a line for each product and pattern */

		for (size_t k = 0; k < i; k++)
			again = again || memcmp(r[k].key.id, r[i].key.id, KEYID_SIZE) == 0;
		if (!again && keyring_covers(&t->ring, r[i].key.id, d->product, d->board))
			good += trust_count(&r[i].key, 1, prehash, sigs);
	}
	return good;
}

/* The counter of the proof, if it is signed by as many as must sign. */
static uint64_t proven_again(const struct trust *t, const struct device *d, struct span body)
{
	static const char begin[] = "\n" MANIFEST_MAGIC "\n";
	const char *at = memmem(body.at, body.len, begin, sizeof begin - 1);
	unsigned char prehash[PREHASH_SIZE];
	struct span sigs, text;
	size_t needed = t->ring.serial > 0 && t->ring.release_threshold > 1 ? t->ring.release_threshold : 1;

	if (!at)
		return 0;
	sigs = (struct span){body.at, (size_t)(at + 1 - body.at)};
	text = (struct span){at + 1, body.len - sigs.len};
	trust_prehash(prehash, text);
	return is_for(text, d) && signed_by(t, d, prehash, sigs) >= needed ? number_in(text, "\ncounter ") : 0;
}

enum decision known_confirm_counter(const struct known *k, const struct device *d, uint64_t counter, struct err *e)
{
	char path[DEVICE_TARGET_MAX + sizeof "/" PROOF], *body = NULL;
	uint64_t proven = 0;
	struct stat st;
	int fd;

	snprintf(path, sizeof path, "%s/" PROOF, d->state);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > SUM_LINE_LENGTH && st.st_size <= (off_t)PROOF_MAX + SUM_LINE_LENGTH)
		body = malloc((size_t)st.st_size);
	if (body && io_read_full(fd, body, (size_t)st.st_size) == st.st_size)
		proven = proven_again(&k->trust, d, (struct span){body, (size_t)st.st_size - SUM_LINE_LENGTH});
	free(body);
	if (fd >= 0)
		close(fd);
	if (counter >= proven && counter >= k->counter)
		return ACCEPTED;
	return err_refuse(e, VERDICT_ROLLBACK, "the image has security counter %" PRIu64 ", and the manifest in %s proves %" PRIu64, counter, path,
			  proven);
}

int known_confirm(struct known *k, const struct device *d, enum side side, struct err *e)
{
	if (!k->images[side].any)
		return 0; /* from the factory */
	if (!k->proven[side]) {
		known_fault(k, "the image on side %s is kept, and its counter is not raised to %" PRIu64 ": its manifest is not there, or does not verify. "
		      "Install it again", side == SIDE_A ? "a" : "b", k->images[side].counter);
		return 0;
	}
	if (k->images[side].counter < k->counter)
		return 0;
	if (known_keep_proof(d, side, e) != 0)
		return -1;
	k->counter = k->images[side].counter;
	return state_set_confirmed(d, k->counter, e);
}
