/* SPDX-License-Identifier: ISC */
/* First pass: up to the manifest, with core's functions one by one. Second: the reader over everything. */
#include "packer/explain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/chain.h"
#include "core/chunks.h"
#include "core/cli.h"
#include "core/member.h"
#include "core/reader.h"

enum { THREADS_MAX = 64 };

struct explaining {
	struct explain_answer *answers;
	const struct explain_question *q;
	struct source_fd source;
	struct trust trust;      /* moves on with the keyrings */
	struct chain chain;
	char *text, *sigs;
	size_t len, sigs_len;
	struct signers signers;
	struct manifest *m;
};

static void answer(struct explaining *x, enum explain_step step, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* "ok", and why. */
static void answer(struct explaining *x, enum explain_step step, const char *format, ...)
{
	struct explain_answer *a = &x->answers[step];
	va_list args;

	a->reached = true;
	a->verdict = VERDICT_OK;
	va_start(args, format);
	vsnprintf(a->text, sizeof a->text, format, args);
	va_end(args);
}

static int refuse(struct explaining *x, enum explain_step step, const struct err *e)
{
	x->answers[step] = (struct explain_answer){.reached = true, .verdict = e->verdict};
	memcpy(x->answers[step].text, e->message, sizeof e->message);
	return -1;
}

/* "KEY KEY ..." */
static const char *list_ids(char *out, size_t size, const struct signers *s)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < s->n && n + KEYID_HEX + 2 < size; i++) {
		if (i > 0)
			out[n++] = ' ';
		keyid_print(out + n, s->ids[i]);
		n += KEYID_HEX;
	}
	return out;
}

/* --- one step each --- */

static void ask_keys(struct explaining *x)
{
	const struct trust *t = &x->trust;

	if (t->ring.serial > 0)
		answer(x, EXPLAIN_KEYS, "the board has keyring %" PRIu64 ": %zu release lines, threshold %" PRIu32 ", %zu revoked", t->ring.serial,
		       t->ring.nreleases, t->ring.release_threshold, t->ring.nrevoked);
	else
		answer(x, EXPLAIN_KEYS, "the board trusts %zu public key%s, for any product and board", t->nkeys, t->nkeys == 1 ? "" : "s");
}

/* HEADER is then the manifest's. */
static int ask_keyrings(struct explaining *x, unsigned char header[static USTAR_BLOCK], struct err *e)
{
	size_t got = 0;

	if (x->source.base.read(&x->source.base, header, USTAR_BLOCK, &got, e) != 0)
		return refuse(x, EXPLAIN_KEYRINGS, e);
	if (got < USTAR_BLOCK || (memcmp(header, "manifest", sizeof "manifest") != 0 && !chain_is_header(header))) {
		err_set(e, got > 0 && got < USTAR_BLOCK && memcmp(header, "manifest", got < 9 ? got : 9) == 0 ? VERDICT_TRUNCATED :
			VERDICT_NOT_A_BUNDLE, "it does not begin as a firmware bundle does");
		return refuse(x, EXPLAIN_KEYRINGS, e);
	}
	while (chain_is_header(header)) {
		if (chain_take(&x->chain, &x->source.base, header, &x->trust, e) != 0 ||
		    source_exact(&x->source.base, header, USTAR_BLOCK, "the header behind a keyring", e) != 0)
			return refuse(x, EXPLAIN_KEYRINGS, e);
	}
	if (x->chain.npairs > 0)
		answer(x, EXPLAIN_KEYRINGS, "it carries keyrings %" PRIu64 " to %" PRIu64 "; the board then has keyring %" PRIu64,
		       x->chain.first, x->chain.last, x->trust.ring.serial);
	else
		answer(x, EXPLAIN_KEYRINGS, "it carries none");
	return 0;
}

static enum decision check_signatures(struct explaining *x, struct err *e)
{
	unsigned char prehash[PREHASH_SIZE];

	trust_prehash(prehash, (struct span){x->text, x->len});
	return trust_check(&x->trust, prehash, (struct span){x->sigs, x->sigs_len}, &x->signers, e);
}

static int ask_signature(struct explaining *x, const unsigned char header[static USTAR_BLOCK], struct err *e)
{
	unsigned char next[USTAR_BLOCK];
	char ids[MINISIG_BLOCKS_MAX * (KEYID_HEX + 1)];

	if (member_take(&x->source.base, header, "manifest", MANIFEST_MAX, &x->text, &x->len, e) != 0 ||
	    source_exact(&x->source.base, next, sizeof next, "the header of manifest.minisig", e) != 0)
		return refuse(x, EXPLAIN_SIGNATURE, e);
	if (memcmp(next, "payload.tar.gz", sizeof "payload.tar.gz") == 0) {
		err_set(e, VERDICT_UNSIGNED, "it carries no signature");
		return refuse(x, EXPLAIN_SIGNATURE, e);
	}
	if (member_take(&x->source.base, next, "manifest.minisig", READER_SIGNATURES_MAX, &x->sigs, &x->sigs_len, e) != 0 ||
	    check_signatures(x, e) != ACCEPTED)
		return refuse(x, EXPLAIN_SIGNATURE, e);
	answer(x, EXPLAIN_SIGNATURE, "signed by %s", list_ids(ids, sizeof ids, &x->signers));
	return 0;
}

static int ask_manifest(struct explaining *x, struct err *e)
{
	char *text = x->text;
	const struct manifest_head *head;

	x->text = NULL; /* the parser's now, also when it fails */
	if (manifest_parse(&x->m, text, x->len, e) != 0)
		return refuse(x, EXPLAIN_MANIFEST, e);
	head = manifest_head(x->m);
	answer(x, EXPLAIN_MANIFEST, "%s %s, %" PRIu32 " %s, %" PRIu32 " %s", head->product, head->version, head->nentries,
	       cli_many(head->nentries, "entry", "entries"), head->nchunks, cli_many(head->nchunks, "chunk", "chunks"));
	return 0;
}

static void ask_ring(struct explaining *x)
{
	struct err e = {.verdict = VERDICT_SYSTEM};
	char ids[MINISIG_BLOCKS_MAX * (KEYID_HEX + 1)];
	struct signers s = x->signers;
	uint64_t floor = 0;

	if (trust_check_scope(&x->trust, x->m, &s, &e) != ACCEPTED)
		refuse(x, EXPLAIN_SCOPE, &e);
	else if (x->trust.ring.serial > 0)
		answer(x, EXPLAIN_SCOPE, "%s may sign %s for all its boards; %" PRIu32 " are needed", list_ids(ids, sizeof ids, &s),
		       manifest_head(x->m)->product, x->trust.ring.release_threshold);
	else
		answer(x, EXPLAIN_SCOPE, "a plain public key may sign everything");
	if (trust_check_serial(&x->trust, x->m, &e) != ACCEPTED)
		refuse(x, EXPLAIN_SERIAL, &e);
	else if (manifest_head(x->m)->keyring == 0)
		answer(x, EXPLAIN_SERIAL, "the image does not say under which keyring it was signed");
	else
		answer(x, EXPLAIN_SERIAL, "it was signed under keyring %" PRIu64 "%s", manifest_head(x->m)->keyring,
		       x->trust.ring.serial > 0 ? "" : "; plain public keys have no serial");
	if (trust_check_floor(&x->trust, x->m, &e) != ACCEPTED)
		refuse(x, EXPLAIN_FLOOR, &e);
	else if (x->trust.ring.serial > 0 && keyring_floor(&x->trust.ring, manifest_head(x->m)->product, &floor))
		answer(x, EXPLAIN_FLOOR, "its counter is %" PRIu64 ", the keyring asks for %" PRIu64, manifest_head(x->m)->counter, floor);
	else
		answer(x, EXPLAIN_FLOOR, "there is none for this product");
}

static void ask_policy(struct explaining *x)
{
	const struct manifest_head *head = manifest_head(x->m);
	struct policy given = x->q->policy, product = {.product = given.product}, counter = {.counter = given.counter};
	struct policy board = {.board = given.board, .revision = given.revision, .any_revision = given.any_revision};
	struct err e = {.verdict = VERDICT_SYSTEM};

	if (policy_check(&product, x->m, &e) != ACCEPTED)
		refuse(x, EXPLAIN_PRODUCT, &e);
	else
		answer(x, EXPLAIN_PRODUCT, given.product ? "both are %s" : "not asked; the image is for %s", head->product);
	if (policy_check(&board, x->m, &e) != ACCEPTED)
		refuse(x, EXPLAIN_BOARD, &e);
	else
		answer(x, EXPLAIN_BOARD, "the image is for %s:%" PRIu64 "%s", board.board,
		       given.any_revision ? policy_any_revision(x->m, given.board) : board.revision, given.any_revision ? ", among others; the revision was not told" : "");
	if (policy_check(&counter, x->m, &e) != ACCEPTED)
		refuse(x, EXPLAIN_COUNTER, &e);
	else
		answer(x, EXPLAIN_COUNTER, "it has %" PRIu64 ", the board has confirmed %" PRIu64, head->counter, given.counter);
}

/* --- the second pass --- */

/* Was it behind the payload that reading failed? */
static bool is_rest(const struct reader *r, const struct err *e)
{
	if (e->verdict == VERDICT_ATTACHMENT_HASH || e->verdict == VERDICT_TRAILING_DATA)
		return true;
	return (e->verdict == VERDICT_TRUNCATED || e->verdict == VERDICT_MALFORMED_HEADER) &&
		reader_position(r) == manifest_head(reader_manifest(r))->packed_bytes;
}

static void ask_payload(struct explaining *x)
{
	const struct manifest_head *head = manifest_head(x->m);
	struct err e = {.verdict = VERDICT_SYSTEM};
	struct reader_item item;
	struct reader *r = NULL;
	int rc;

	if (reader_open(&r, &x->source.base, x->q->trust, &policy_none, chunks_threads(THREADS_MAX), &e) != 0) {
		refuse(x, EXPLAIN_PAYLOAD, &e);
		return;
	}
	while ((rc = reader_next(r, &item, &e)) == 1)
		;
	if (rc == 0 && reader_complete(r, &e) != ACCEPTED)
		rc = -1;
	if (rc != 0 && !is_rest(r, &e)) {
		refuse(x, EXPLAIN_PAYLOAD, &e);
	} else {
		answer(x, EXPLAIN_PAYLOAD, "%" PRIu64 " bytes: every chunk, header and file is as signed", head->payload_bytes);
		if (rc != 0)
			refuse(x, EXPLAIN_REST, &e);
		else
			answer(x, EXPLAIN_REST, "%" PRIu32 " attachment%s as signed, and nothing behind the end", head->nattach,
			       head->nattach == 1 ? "" : "s");
	}
	reader_free(&r);
}

static void ask_all(struct explaining *x, int fd)
{
	unsigned char header[USTAR_BLOCK];
	struct err e = {.verdict = VERDICT_SYSTEM};

	ask_keys(x);
	if (ask_keyrings(x, header, &e) != 0 || ask_signature(x, header, &e) != 0 || ask_manifest(x, &e) != 0)
		return;
	ask_ring(x);
	ask_policy(x);
	/* The reader goes no further where the keyring says no. */
	if (x->answers[EXPLAIN_SCOPE].verdict != VERDICT_OK || x->answers[EXPLAIN_SERIAL].verdict != VERDICT_OK ||
	    x->answers[EXPLAIN_FLOOR].verdict != VERDICT_OK)
		return;
	if (lseek(fd, 0, SEEK_SET) == 0) {
		ask_payload(x);
		return;
	}
	err_errno(&e, "cannot read it again");
	refuse(x, EXPLAIN_PAYLOAD, &e);
}

enum verdict explain(struct explain_answer answers[static EXPLAIN_STEPS], int fd, const struct explain_question *q)
{
	struct explaining *x = calloc(1, sizeof *x);

	memset(answers, 0, EXPLAIN_STEPS * sizeof answers[0]);
	if (!x)
		return VERDICT_SYSTEM;
	x->answers = answers;
	x->q = q;
	x->trust = *q->trust;
	source_fd_init(&x->source, fd);
	ask_all(x, fd);
	chain_free(&x->chain);
	manifest_free(&x->m);
	free(x->text);
	free(x->sigs);
	free(x);
	for (int i = 0; i < EXPLAIN_STEPS; i++)
		if (answers[i].reached && answers[i].verdict != VERDICT_OK)
			return answers[i].verdict;
	return VERDICT_OK;
}

const char *explain_name(enum explain_step step)
{
	static const char *const names[EXPLAIN_STEPS] = {"keys", "keyrings", "signature", "manifest", "scope", "serial", "floor", "product", "board",
							 "counter", "payload", "rest"};

	return names[step];
}
