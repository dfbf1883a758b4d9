/* SPDX-License-Identifier: ISC */
/* firmpack evidence */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/chunks.h"
#include "core/cli.h"
#include "core/json.h"
#include "core/opened.h"
#include "core/ustar.h"
#include "packer/evidence.h"
#include "packer/evidence_check.h"
#include "packer/tap.h"
#include "packer/verbs.h"

enum { THREADS_MAX = 64, KINDS = 3 };
#define EVIDENCE_MAX ((uint64_t)64 << 20) /* bytes of one piece */

static const char *const names[KINDS] = {EVIDENCE_SBOM, EVIDENCE_PROVENANCE, EVIDENCE_STATEMENT};
enum kind { KIND_SBOM, KIND_PROVENANCE, KIND_STATEMENT };

/* A piece of evidence, caught while the reader goes over it. */
struct piece {
	uint64_t from, size;   /* in the bundle */
	char *text;            /* NULL: it is not there */
	char sha256[SHA256_HEX + 1];
};

struct look {
	struct opened b;
	struct tap tap;
	uint64_t payload_from, payload_to;
	struct sha256 payload;
	char payload_sha256[SHA256_HEX + 1];
	struct piece pieces[KINDS];
	struct sbom_found sbom;
	struct provenance_found provenance;
};

/* The part of LEN bytes at AT that lies in FROM to TO: its length, and *SKIP bytes before it. */
static size_t overlap(uint64_t at, size_t len, uint64_t from, uint64_t to, size_t *skip)
{
	uint64_t begin = at > from ? at : from, end = at + len < to ? at + len : to;

	if (begin >= end)
		return 0;
	*skip = (size_t)(begin - at);
	return (size_t)(end - begin);
}

static void see(void *owner, uint64_t at, const unsigned char *bytes, size_t len)
{
	struct look *l = owner;
	size_t skip = 0, n = overlap(at, len, l->payload_from, l->payload_to, &skip);

	if (n > 0)
		sha256_update(&l->payload, bytes + skip, n);
	for (int i = 0; i < KINDS; i++) {
		struct piece *p = &l->pieces[i];

		n = p->text ? overlap(at, len, p->from, p->from + p->size, &skip) : 0;
		if (n > 0)
			memcpy(p->text + (at + skip - p->from), bytes + skip, n);
	}
}

/* The reader has come to the payload's first byte: all that follows lies where the manifest says. */
static int place(struct look *l, struct err *e)
{
	const struct manifest *m = reader_manifest(l->b.reader);
	uint64_t at = l->tap.at;
	struct manifest_attach attach;

	l->payload_from = at;
	at += manifest_head(m)->packed_bytes;
	l->payload_to = at;
	at += ustar_padding(manifest_head(m)->packed_bytes);
	for (uint32_t i = 0; i < manifest_head(m)->nattach; i++) {
		manifest_attach(m, i, &attach);
		at += USTAR_BLOCK;
		for (int k = 0; k < KINDS; k++) {
			if (strcmp(attach.name, names[k]) != 0)
				continue;
			if (attach.size > EVIDENCE_MAX)
				return err_set(e, VERDICT_TOO_LARGE, "%s is over %" PRIu64 " bytes", names[k], EVIDENCE_MAX);
			l->pieces[k] = (struct piece){.from = at, .size = attach.size, .text = calloc(1, (size_t)attach.size + 1)};
			if (!l->pieces[k].text)
				return err_set(e, VERDICT_SYSTEM, "out of memory");
		}
		at += attach.size + ustar_padding(attach.size);
	}
	sha256_init(&l->payload);
	l->tap.owner = l;
	l->tap.see = see;
	return 0;
}

static int read_all(struct look *l, struct err *e)
{
	struct reader_item item;
	int rc;

	while ((rc = reader_next(l->b.reader, &item, e)) == 1)
		;
	if (rc != 0 || reader_complete(l->b.reader, e) != ACCEPTED)
		return -1;
	sha256_final(&l->payload, l->payload_sha256);
	for (int i = 0; i < KINDS; i++) {
		struct sha256 hash = {.state = {0}};

		sha256_init(&hash);
		if (l->pieces[i].text)
			sha256_update(&hash, l->pieces[i].text, (size_t)l->pieces[i].size);
		sha256_final(&hash, l->pieces[i].sha256);
	}
	return 0;
}

static int check(struct look *l, struct err *e)
{
	const struct piece *sbom = &l->pieces[KIND_SBOM], *sealed = &l->pieces[KIND_PROVENANCE], *bare = &l->pieces[KIND_STATEMENT];
	struct evidence_facts facts = {
		.m = reader_manifest(l->b.reader), .payload_sha256 = l->payload_sha256, .trust = reader_trust(l->b.reader),
		.sbom_sha256 = sbom->text ? sbom->sha256 : NULL, .signers = reader_signers(l->b.reader),
	};

	if (!sbom->text && !sealed->text && !bare->text)
		return err_set(e, VERDICT_UNSIGNED, "it carries no evidence: neither %s nor %s", EVIDENCE_SBOM, EVIDENCE_PROVENANCE);
	if (sbom->text && sbom_check(&l->sbom, &facts, sbom->text, (size_t)sbom->size, e) != 0)
		return err_prefix(e, EVIDENCE_SBOM);
	if (sealed->text && provenance_check(&l->provenance, &facts, sealed->text, (size_t)sealed->size, e) != 0)
		return err_prefix(e, EVIDENCE_PROVENANCE);
	if (bare->text && statement_check(&l->provenance, &facts, bare->text, (size_t)bare->size, e) != 0)
		return err_prefix(e, EVIDENCE_STATEMENT);
	return 0;
}

static int look(struct look *l, const struct open_options *o, struct err *e)
{
	if (opened_source(&l->b, o, e) != 0)
		return -1;
	tap_init(&l->tap, &l->b.source.base);
	if (reader_open(&l->b.reader, &l->tap.base, &l->b.trust, &policy_none, chunks_threads(THREADS_MAX), e) != 0 || place(l, e) != 0 ||
	    read_all(l, e) != 0)
		return -1;
	return check(l, e);
}

/* --- what was found --- */

static void print_text(const struct look *l)
{
	const struct provenance_found *p = &l->provenance;
	char id[KEYID_HEX + 1], quoted[EVIDENCE_TEXT_MAX + 8];

	printf("payload     sha256 %s\n", l->payload_sha256);
	if (l->pieces[KIND_SBOM].text)
		printf("sbom        ok: %" PRIu32 " files as in the manifest, %" PRIu32 " packages, %s\n", l->sbom.files,
		       l->sbom.packages, err_quote(quoted, sizeof quoted, l->sbom.serial, strlen(l->sbom.serial)));
	if (!l->pieces[KIND_PROVENANCE].text && !l->pieces[KIND_STATEMENT].text)
		return;
	printf("provenance  ok: built by %s", err_quote(quoted, sizeof quoted, p->builder, strlen(p->builder)));
	if (p->source[0])
		printf(" from %s", err_quote(quoted, sizeof quoted, p->source, strlen(p->source)));
	if (p->commit[0])
		printf(" at %s", err_quote(quoted, sizeof quoted, p->commit, strlen(p->commit)));
	fputs(l->pieces[KIND_PROVENANCE].text ? ", signed by" : ", a bare statement: only the bundle's own signatures vouch for it",
	      stdout);
	for (size_t i = 0; i < p->signers.n; i++) {
		keyid_print(id, p->signers.ids[i]);
		printf(" %s", id);
	}
	putchar('\n');
}

static void put_provenance(struct json *j, const struct look *l)
{
	const struct provenance_found *p = &l->provenance;
	char id[KEYID_HEX + 1];

	json_open_object(j, "provenance");
	json_put_string(j, "builder", p->builder);
	json_put_string(j, "source", p->source);
	json_put_string(j, "commit", p->commit);
	json_open_array(j, "signers");
	for (size_t i = 0; i < p->signers.n; i++) {
		keyid_print(id, p->signers.ids[i]);
		json_put_string(j, NULL, id);
	}
	json_close_array(j);
	json_close_object(j);
}

static void print_json(const struct look *l)
{
	struct json j;

	json_begin(&j, stdout);
	json_open_object(&j, NULL);
	json_put_string(&j, "verdict", verdict_word(VERDICT_OK));
	json_put_number(&j, "status", STATUS_DONE);
	json_put_string(&j, "payload_sha256", l->payload_sha256);
	if (l->pieces[KIND_SBOM].text) {
		json_open_object(&j, "sbom");
		json_put_string(&j, "serial", l->sbom.serial);
		json_put_number(&j, "files", l->sbom.files);
		json_put_number(&j, "packages", l->sbom.packages);
		json_close_object(&j);
	}
	if (l->pieces[KIND_PROVENANCE].text || l->pieces[KIND_STATEMENT].text)
		put_provenance(&j, l);
	json_close_object(&j);
	json_finish(&j);
}

int cmd_evidence(int argc, char **argv)
{
	static struct look l;
	struct open_options options;
	struct err e = {.verdict = VERDICT_SYSTEM};
	int status = STATUS_DONE;

	if (open_options_parse(&options, argc, argv, 0, 1, &e) != 0)
		return cli_wrong(&e);
	if (crypto_init_verify(&e) != 0)
		return cli_fail_as(&e, options.json);
	if (look(&l, &options, &e) != 0)
		status = cli_fail_as(&e, options.json);
	else if (options.json)
		print_json(&l);
	else
		print_text(&l);
	opened_close(&l.b);
	for (int i = 0; i < KINDS; i++)
		free(l.pieces[i].text);
	return cli_done(status);
}
