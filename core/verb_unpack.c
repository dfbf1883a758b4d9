/* SPDX-License-Identifier: ISC */
/* The verb `unpack`. */
#include <inttypes.h>
#include <stdio.h>

#include "core/chunks.h"
#include "core/cli.h"
#include "core/extract.h"
#include "core/hold.h"
#include "core/json.h"
#include "core/opened.h"
#include "core/progress.h"
#include "core/say.h"
#include "core/verbs.h"

static int extract_all(struct reader *r, struct extract *x, bool quiet, struct err *e)
{
	struct reader_item item;
	struct progress progress;
	int rc;

	progress_begin(&progress, "unpacking", manifest_head(reader_manifest(r))->packed_bytes, quiet);
	while ((rc = reader_next(r, &item, e)) == 1) {
		rc = extract_item(x, &item, e) == 0 ? hold_check(e) : -1;
		if (rc != 0)
			break;
		progress_update(&progress, reader_position(r));
	}
	progress_end(&progress);
	if (rc != 0 || extract_finish(x, e) != 0 || reader_complete(r, e) != ACCEPTED)
		return -1;
	return extract_commit(x, e);
}

static int unpack(struct opened *b, const struct open_options *o, struct err *e)
{
	struct extract *x = NULL;
	int rc;

	if (opened_reader(b, o, e) != 0)
		return -1;
	reader_pace(b->reader, CHUNKS_AT_HAND, READER_BEHIND);
	hold_begin(); /* what is half-made is removed before a signal ends this */
	rc = extract_begin(&x, o->dir, o->owners ? EXTRACT_OWNERS : 0, reader_manifest(b->reader), e);
	if (rc == 0)
		rc = extract_all(b->reader, x, o->quiet, e);
	extract_free(&x);
	hold_end();
	return rc;
}

static void print(const struct open_options *o, const struct manifest_head *head)
{
	struct json j;

	if (!o->json) {
		if (!o->quiet)
			say(stdout, "%s: ok: %s %s, %" PRIu32 " %s\n", o->dir, head->product, head->version, head->nentries,
			       cli_many(head->nentries, "entry", "entries"));
		return;
	}
	json_begin(&j, stdout);
	json_open_object(&j, NULL);
	json_put_string(&j, "verdict", verdict_word(VERDICT_OK));
	json_put_number(&j, "status", STATUS_DONE);
	json_put_string(&j, "dir", o->dir);
	json_put_string(&j, "product", head->product);
	json_put_string(&j, "version", head->version);
	json_put_number(&j, "entries", head->nentries);
	json_close_object(&j);
	json_finish(&j);
}

int verb_unpack(int argc, char **argv)
{
	struct open_options options;
	struct opened bundle;
	struct err e = {.verdict = VERDICT_SYSTEM};
	int status = STATUS_DONE;

	if (open_options_parse(&options, argc, argv, OPEN_OWNERS | OPEN_POLICY, 2, &e) != 0)
		return cli_wrong(&e);
	if (crypto_init_verify(&e) != 0)
		return cli_fail_as(&e, options.json);
	if (unpack(&bundle, &options, &e) != 0)
		status = cli_fail_as(&e, options.json);
	else
		print(&options, manifest_head(reader_manifest(bundle.reader)));
	opened_close(&bundle);
	return cli_done(status);
}
