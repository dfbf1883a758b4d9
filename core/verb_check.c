/* SPDX-License-Identifier: ISC */
/* The verb `check`. */
#include <inttypes.h>
#include <stdio.h>

#include "core/cli.h"
#include "core/json.h"
#include "core/opened.h"
#include "core/progress.h"
#include "core/say.h"
#include "core/verbs.h"

static int check_all(struct reader *r, bool quiet, struct err *e)
{
	struct reader_item item;
	struct progress progress;
	int rc;

	progress_begin(&progress, "checking", manifest_head(reader_manifest(r))->packed_bytes, quiet);
	while ((rc = reader_next(r, &item, e)) == 1)
		progress_update(&progress, reader_position(r));
	progress_end(&progress);
	return rc;
}

static enum decision check(struct opened *b, const struct open_options *o, struct err *e)
{
	if (opened_reader(b, o, e) != 0)
		return REFUSED;
	if ((o->quick ? reader_authenticate(b->reader, e) : check_all(b->reader, o->quiet, e)) != 0)
		return REFUSED;
	return policy_confirm(&b->policy, reader_manifest(b->reader), e);
}

static void print_json(const struct reader *r, bool quick)
{
	const struct manifest_head *head = manifest_head(reader_manifest(r));
	const struct signers *signers = reader_signers(r);
	char id[KEYID_HEX + 1];
	struct json j;

	json_begin(&j, stdout);
	json_open_object(&j, NULL);
	json_put_string(&j, "verdict", verdict_word(VERDICT_OK));
	json_put_number(&j, "status", STATUS_DONE);
	json_put_string(&j, "checked", quick ? "signature and hashes" : "everything");
	json_put_string(&j, "product", head->product);
	json_put_string(&j, "version", head->version);
	json_put_number(&j, "counter", head->counter);
	json_open_array(&j, "signers");
	for (size_t i = 0; i < signers->n; i++) {
		keyid_print(id, signers->ids[i]);
		json_put_string(&j, NULL, id);
	}
	json_close_array(&j);
	json_close_object(&j);
	json_finish(&j);
}

static void print_text(const struct reader *r, const char *name)
{
	const struct manifest_head *head = manifest_head(reader_manifest(r));
	const struct signers *signers = reader_signers(r);
	char id[KEYID_HEX + 1];

	say(stdout, "%s: ok: %s %s, counter %" PRIu64 ", signed by", name, head->product, head->version, head->counter);
	for (size_t i = 0; i < signers->n; i++) {
		keyid_print(id, signers->ids[i]);
		say(stdout, " %s", id);
	}
	say(stdout, "\n");
}

static int say_ok(const struct reader *r, const struct open_options *o)
{
	if (o->json)
		print_json(r, o->quick);
	else if (!o->quiet)
		print_text(r, o->bundle);
	return STATUS_DONE;
}

int verb_check(int argc, char **argv)
{
	struct open_options options;
	struct opened bundle;
	struct err e = {.verdict = VERDICT_SYSTEM};
	int status;

	if (open_options_parse(&options, argc, argv, OPEN_QUICK | OPEN_POLICY, 1, &e) != 0)
		return cli_wrong(&e);
	if (crypto_init_verify(&e) != 0)
		return cli_fail_as(&e, options.json);
	if (check(&bundle, &options, &e) == ACCEPTED && reader_complete(bundle.reader, &e) == ACCEPTED)
		status = say_ok(bundle.reader, &options);
	else
		status = cli_fail_as(&e, options.json);
	opened_close(&bundle);
	return cli_done(status);
}
