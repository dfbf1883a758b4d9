/* SPDX-License-Identifier: ISC */
/* firmpack inspect */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/cli.h"
#include "core/json.h"
#include "core/opened.h"
#include "packer/boards_json.h"
#include "packer/peek.h"
#include "packer/utc.h"
#include "packer/verbs.h"

struct inspected {
	const struct manifest *m;
	struct span signatures;
	const struct signers *signers; /* NULL: nothing was verified */
};

struct counts {
	uint32_t dirs, files, links;
};

static struct counts count(const struct manifest *m)
{
	struct counts c = {0, 0, 0};
	struct manifest_entry entry;

	for (uint32_t i = 0; i < manifest_head(m)->nentries; i++) {
		manifest_entry(m, i, &entry);
		*(entry.type == ENTRY_DIR ? &c.dirs : entry.type == ENTRY_FILE ? &c.files : &c.links) += 1;
	}
	return c;
}

static bool vouched(const struct inspected *in, const struct minisig *block)
{
	for (size_t i = 0; in->signers && i < in->signers->n; i++)
		if (memcmp(in->signers->ids[i], block->id, KEYID_SIZE) == 0)
			return true;
	return false;
}

/* --- text: each line says by itself whether it can be believed --- */

static void label(const struct inspected *in, const char *name)
{
	printf("%s%-9s ", in->signers ? "" : "not verified: ", name);
}

static void print_head(const struct inspected *in)
{
	const struct manifest_head *head = manifest_head(in->m);
	struct counts c = count(in->m);
	struct manifest_board board;
	char when[UTC_SIZE];

	utc_print(when, head->created);
	label(in, "product");
	printf("%s\n", head->product);
	label(in, "version");
	printf("%s\n", head->version);
	label(in, "counter");
	printf("%" PRIu64 "\n", head->counter);
	label(in, "created");
	printf("%s\n", when);
	if (head->keyring > 0) {
		label(in, "keyring");
		printf("signed under keyring %" PRIu64 "\n", head->keyring);
	}
	for (uint32_t i = 0; i < head->nboards; i++) {
		manifest_board(in->m, i, &board);
		label(in, "board");
		printf("%s revisions %" PRIu64 " to %" PRIu64 "\n", board.id, board.low, board.high);
	}
	label(in, "payload");
	printf("%" PRIu64 " bytes, packed %" PRIu64 ", %" PRIu32 " chunks of %" PRIu32 "\n", head->payload_bytes,
	       head->packed_bytes, head->nchunks, head->chunk_size);
	label(in, "entries");
	printf("%" PRIu32 " directories, %" PRIu32 " files, %" PRIu32 " links\n", c.dirs, c.files, c.links);
}

static void print_actions(const struct inspected *in)
{
	const struct manifest_head *head = manifest_head(in->m);
	char quoted[PATH_MAX_LEN * 4 + 8];
	struct manifest_attach attach;
	struct manifest_write write;
	struct manifest_run run;

	for (uint32_t i = 0; i < head->nattach; i++) {
		manifest_attach(in->m, i, &attach);
		label(in, "attached");
		printf("%s, %" PRIu64 " bytes\n", err_quote(quoted, sizeof quoted, attach.name, strlen(attach.name)), attach.size);
	}
	for (uint32_t i = 0; i < head->nwrites; i++) {
		manifest_write(in->m, i, &write);
		label(in, "write");
		printf("%s to slot %s\n", err_quote(quoted, sizeof quoted, write.path, strlen(write.path)), write.slot);
	}
	for (uint32_t i = 0; i < head->nruns; i++) {
		manifest_run(in->m, i, &run);
		label(in, "run");
		printf("%s %s\n", err_quote(quoted, sizeof quoted, run.path, strlen(run.path)),
		       run.stage == RUN_BEFORE ? "before" : "after");
	}
}

static int print_text(const struct inspected *in, struct err *e)
{
	struct span rest = in->signatures;
	struct minisig block;
	char id[KEYID_HEX + 1];
	int more;

	if (!in->signers)
		puts("not verified: neither --pubkey nor --keyring was given, so anybody may have written what follows");
	print_head(in);
	print_actions(in);
	while ((more = minisig_next(&block, &rest, e)) == 1) {
		keyid_print(id, block.id);
		label(in, in->signers ? "signed" : "claims");
		printf("%s%s: %.*s\n", id, !in->signers || vouched(in, &block) ? "" : " (not among the trusted keys, not verified)",
		       (int)block.comment.len, block.comment.at); /* printable ASCII: minisig_next has seen to it */
	}
	return more;
}

/* --- JSON --- */

static void put_attachments(struct json *j, const struct manifest *m)
{
	struct manifest_attach attach;
	char hash[HASH_HEX + 1];

	json_open_array(j, "attachments");
	for (uint32_t i = 0; i < manifest_head(m)->nattach; i++) {
		manifest_attach(m, i, &attach);
		text_put_hash(hash, attach.hash);
		json_open_object(j, NULL);
		json_put_string(j, "name", attach.name);
		json_put_number(j, "size", attach.size);
		json_put_string(j, "hash", hash);
		json_close_object(j);
	}
	json_close_array(j);
}

static void put_actions(struct json *j, const struct manifest *m)
{
	struct manifest_write write;
	struct manifest_run run;

	json_open_array(j, "writes");
	for (uint32_t i = 0; i < manifest_head(m)->nwrites; i++) {
		manifest_write(m, i, &write);
		json_open_object(j, NULL);
		json_put_path(j, "path", write.path);
		json_put_string(j, "slot", write.slot);
		json_close_object(j);
	}
	json_close_array(j);
	json_open_array(j, "runs");
	for (uint32_t i = 0; i < manifest_head(m)->nruns; i++) {
		manifest_run(m, i, &run);
		json_open_object(j, NULL);
		json_put_path(j, "path", run.path);
		json_put_string(j, "stage", run.stage == RUN_BEFORE ? "before" : "after");
		json_close_object(j);
	}
	json_close_array(j);
}

static int put_signatures(struct json *j, const struct inspected *in, struct err *e)
{
	char id[KEYID_HEX + 1], comment[MINISIG_COMMENT_MAX + 1];
	struct span rest = in->signatures;
	struct minisig block;
	int more;

	json_open_array(j, "signatures");
	while ((more = minisig_next(&block, &rest, e)) == 1) {
		keyid_print(id, block.id);
		memcpy(comment, block.comment.at, block.comment.len);
		comment[block.comment.len] = '\0';
		json_open_object(j, NULL);
		json_put_string(j, "key", id);
		json_put_string(j, "comment", comment);
		json_put_bool(j, "verified", vouched(in, &block));
		json_close_object(j);
	}
	json_close_array(j);
	return more;
}

static int print_json(const struct inspected *in, struct err *e)
{
	const struct manifest_head *head = manifest_head(in->m);
	struct counts c = count(in->m);
	struct json j;
	char when[UTC_SIZE];
	int rc;

	utc_print(when, head->created);
	json_begin(&j, stdout);
	json_open_object(&j, NULL);
	if (in->signers) { /* of what nobody has verified there is no verdict */
		json_put_string(&j, "verdict", verdict_word(VERDICT_OK));
		json_put_number(&j, "status", STATUS_DONE);
	}
	json_put_bool(&j, "verified", in->signers != NULL);
	json_put_string(&j, "product", head->product);
	json_put_string(&j, "version", head->version);
	json_put_number(&j, "counter", head->counter);
	json_put_number(&j, "created", head->created);
	json_put_string(&j, "created_utc", when);
	if (head->keyring > 0)
		json_put_number(&j, "keyring", head->keyring);
	boards_put_json(&j, in->m);
	json_put_number(&j, "payload_bytes", head->payload_bytes);
	json_put_number(&j, "packed_bytes", head->packed_bytes);
	json_put_number(&j, "chunk_size", head->chunk_size);
	json_put_number(&j, "chunks", head->nchunks);
	json_put_number(&j, "dirs", c.dirs);
	json_put_number(&j, "files", c.files);
	json_put_number(&j, "links", c.links);
	put_attachments(&j, in->m);
	put_actions(&j, in->m);
	rc = put_signatures(&j, in, e);
	json_close_object(&j);
	json_finish(&j);
	return rc;
}

/* --- */

/* Counts the blocks, so that a malformed one is refused before anything is printed. */
static int check_signatures(struct span rest, struct err *e)
{
	struct minisig block;
	int more, n = 0;

	while ((more = minisig_next(&block, &rest, e)) == 1)
		if (++n > MINISIG_BLOCKS_MAX)
			return err_set(e, VERDICT_MALFORMED_SIGNATURE, "more than %d signature blocks", MINISIG_BLOCKS_MAX);
	return more;
}

static int inspect_authentic(struct opened *b, const struct open_options *o, struct err *e)
{
	struct inspected in;

	if (opened_reader(b, o, e) != 0)
		return -1;
	in.signatures = reader_signatures(b->reader);
	in.signers = reader_signers(b->reader);
	in.m = reader_manifest(b->reader);
	return o->json ? print_json(&in, e) : print_text(&in, e);
}

static int inspect_anybodys(struct opened *b, const struct open_options *o, struct err *e)
{
	struct peek p = {.manifest = NULL};
	struct manifest *m = NULL;
	struct inspected in;
	int rc = -1;

	if (opened_source(b, o, e) != 0 || peek_read(&p, &b->source.base, e) != 0)
		goto out;
	in.signatures = (struct span){p.signatures ? p.signatures : "", p.signatures_len};
	in.signers = NULL;
	if (check_signatures(in.signatures, e) != 0)
		goto out;
	rc = manifest_parse(&m, p.manifest, p.manifest_len, e);
	p.manifest = NULL; /* the manifest's now */
	if (rc != 0)
		goto out;
	in.m = m;
	rc = o->json ? print_json(&in, e) : print_text(&in, e);
out:
	manifest_free(&m);
	peek_clear(&p);
	return rc;
}

int cmd_inspect(int argc, char **argv)
{
	struct open_options options;
	struct opened bundle;
	struct err e = {.verdict = VERDICT_SYSTEM};
	int status = STATUS_DONE;

	if (open_options_parse(&options, argc, argv, OPEN_UNVERIFIED, 1, &e) != 0)
		return cli_wrong(&e);
	if (crypto_init_verify(&e) != 0)
		return cli_fail_as(&e, options.json);
	if ((options.npubkeys > 0 || options.keyring ? inspect_authentic : inspect_anybodys)(&bundle, &options, &e) != 0)
		status = cli_fail_as(&e, options.json);
	opened_close(&bundle);
	return cli_done(status);
}
