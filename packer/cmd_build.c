/* SPDX-License-Identifier: ISC */
/* firmpack build */
#include <inttypes.h>
#include <stdio.h>

#include "core/cli.h"
#include "core/json.h"
#include "keys/seckey.h"
#include "packer/build.h"
#include "packer/terminal.h"
#include "packer/verbs.h"

static void say_notes(const char *what, const struct notes *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		fprintf(stderr, "firmpack: %s: \"%s\": %s\n", what, notes->at[i].path, notes->at[i].reason);
	if (notes->more > 0)
		fprintf(stderr, "firmpack: %s: and %zu more\n", what, notes->more);
}

/* What was refused is always said, even with --quiet: it is what fails the build, or what is missing from the bundle. */
static void say_tree(const struct build_options *o, const struct tree *t)
{
	if (!t)
		return;
	if (!o->quiet)
		say_notes("warning", &t->warnings);
	say_notes(o->drop_unsafe ? "left out" : "refused", &t->refused);
}

static void put_notes(struct json *j, const char *key, const struct notes *notes)
{
	json_open_array(j, key);
	for (size_t i = 0; i < notes->n; i++) {
		json_open_object(j, NULL);
		json_put_string(j, "path", notes->at[i].path);
		json_put_string(j, "reason", notes->at[i].reason);
		json_close_object(j);
	}
	json_close_array(j);
}

static void put_result(struct json *j, const struct build_options *o, const struct build_result *r)
{
	char id[KEYID_HEX + 1];

	json_put_string(j, "bundle", o->output);
	json_put_string(j, "product", o->product);
	json_put_string(j, "version", o->version);
	json_put_number(j, "counter", o->counter);
	json_put_number(j, "created", r->created);
	json_put_number(j, "entries", r->nentries);
	json_put_number(j, "payload_bytes", r->payload_bytes);
	json_put_number(j, "packed_bytes", r->packed_bytes);
	json_put_number(j, "chunks", r->nchunks);
	json_put_number(j, "bundle_bytes", r->bundle_bytes);
	json_open_array(j, "signers");
	for (size_t i = 0; i < r->nsigners; i++) {
		keyid_print(id, r->signers[i]);
		json_put_string(j, NULL, id);
	}
	json_close_array(j);
}

/* REFUSAL: why nothing was built, or NULL. */
static void print_json(const struct build_options *o, const struct build_result *r, const struct err *refusal)
{
	enum verdict verdict = refusal ? refusal->verdict : VERDICT_OK;
	struct json j;

	json_begin(&j, stdout);
	json_open_object(&j, NULL);
	json_put_string(&j, "verdict", verdict_word(verdict));
	json_put_number(&j, "status", (uint64_t)verdict_status(verdict));
	if (refusal)
		json_put_string(&j, "message", refusal->message);
	else
		put_result(&j, o, r);
	if (r->tree) {
		put_notes(&j, "refused", &r->tree->refused);
		put_notes(&j, "warnings", &r->tree->warnings);
	}
	json_close_object(&j);
	json_finish(&j);
}

static void print_text(const struct build_options *o, const struct build_result *r)
{
	char id[KEYID_HEX + 1];

	printf("%s: %s %s, counter %" PRIu64 ", %zu %s, %" PRIu64 " bytes in %" PRIu64 ", %s", o->output, o->product,
	       o->version, o->counter, r->nentries, cli_many(r->nentries, "entry", "entries"), r->payload_bytes, r->bundle_bytes,
	       r->nsigners > 0 ? "signed by" : "not signed yet: see `detach' and `attach'");
	for (size_t i = 0; i < r->nsigners; i++) {
		keyid_print(id, r->signers[i]);
		printf(" %s", id);
	}
	putchar('\n');
}

int cmd_build(int argc, char **argv)
{
	static struct build_options options;
	struct build_result result = {.tree = NULL};
	struct terminal terminal;
	struct err e = {.verdict = VERDICT_SYSTEM};
	int status = STATUS_DONE;

	if (options_parse(&options, argc, argv, cli_relay, &e) != 0)
		return cli_wrong(&e);
	terminal_init(&terminal, options.quiet);
	if (keys_init(&e) != 0 || build_run(&result, &options, &terminal.base, &e) != 0)
		status = (int)verdict_status(e.verdict);
	say_tree(&options, result.tree);
	if (status != STATUS_DONE)
		(void)cli_fail(&e);
	if (options.json)
		print_json(&options, &result, status == STATUS_DONE ? NULL : &e);
	else if (status == STATUS_DONE && !options.quiet)
		print_text(&options, &result);
	tree_free(&result.tree);
	return cli_done(status);
}
