/* SPDX-License-Identifier: ISC */
/* firmpack attach and detach: signatures that are made where the bundle is not */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli.h"
#include "core/hold.h"
#include "core/io.h"
#include "core/json.h"
#include "packer/front.h"
#include "packer/verbs.h"

struct wish {
	const char *bundle, *output;
	char **files;            /* NULL at the end */
	struct trust trust;
	bool json;
};

static const struct option table[] = {
	{"pubkey", required_argument, NULL, 'p'}, {"keyring", required_argument, NULL, 'k'},
	{"output", required_argument, NULL, 'o'}, {"json", no_argument, NULL, 'j'},
	{NULL, 0, NULL, 0}};

static int add_files(struct front *f, const struct wish *w, struct err *e)
{
	unsigned char prehash[PREHASH_SIZE];

	front_prehash(f, prehash);
	for (char **file = w->files; *file; file++) {
		char *text = NULL;
		size_t len = 0;
		int rc;

		if (io_read_file(&text, &len, *file, BLOCKS_MAX, e) != 0)
			return -1;
		rc = blocks_add(&f->blocks, (struct span){text, len}, &w->trust, prehash, e);
		free(text);
		if (rc != 0)
			return err_prefix(e, "%s", *file);
	}
	return 0;
}

static int attach(const struct wish *w, struct front *f, struct err *e)
{
	if (front_open(f, w->bundle, e) != 0 || add_files(f, w, e) != 0)
		return -1;
	return front_write(f, w->output ? w->output : w->bundle, e);
}

static int parse(struct wish *w, int argc, char **argv, struct err *e)
{
	int c;

	*w = (struct wish){.bundle = NULL};
	while ((c = cli_option(argc, argv, "p:o:", table, e)) != -1) {
		switch (c) {
		case 'p':
			if (trust_add_file(&w->trust, optarg, e) != 0)
				return -1;
			break;
		case 'k':
			if (trust_add_keyring_file(&w->trust, optarg, e) != 0)
				return -1;
			break;
		case 'o': w->output = optarg; break;
		case 'j': w->json = true; break;
		default: return -1;
		}
	}
	w->bundle = argv[optind];
	w->files = argv + optind + (w->bundle != NULL);
	return 0;
}

int cmd_attach(int argc, char **argv)
{
	static struct front front = {.fd = -1};
	struct err e = {.verdict = VERDICT_SYSTEM};
	struct wish w;
	int status = STATUS_DONE;

	if (parse(&w, argc, argv, &e) != 0)
		return cli_wrong(&e);
	if (!w.bundle || !*w.files || trust_is_empty(&w.trust))
		return cli_usage("want a BUNDLE, SIGNATURES and the --pubkey or --keyring they are checked by");
	if (crypto_init_verify(&e) != 0 || attach(&w, &front, &e) != 0)
		status = cli_fail_as(&e, w.json);
	else
		front_say(&front, w.output ? w.output : w.bundle, w.json);
	front_close(&front);
	return cli_done(status);
}

static int detach(const struct wish *w, struct front *f, struct err *e)
{
	size_t size = strlen(w->output) + sizeof ".minisig";
	char *name;
	int rc = -1;

	if (front_open(f, w->bundle, e) != 0)
		return -1;
	name = malloc(size);
	if (!name)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	snprintf(name, size, "%s.minisig", w->output);
	hold_begin(); /* both, or none that a signal cut off */
	if (io_write_new(w->output, f->peek.manifest, f->peek.manifest_len, 0666, false, e) == 0)
		rc = f->peek.signatures ? io_write_new(name, f->peek.signatures, f->peek.signatures_len, 0666, false, e) : 0;
	hold_end();
	free(name);
	return rc;
}

static void say_detached(const struct wish *w, const struct front *f)
{
	struct json j;

	if (!w->json) {
		printf("%s: to be signed, %zu bytes; it has %zu %s so far\n", w->output, f->peek.manifest_len, f->blocks.n,
		       cli_many(f->blocks.n, "signature", "signatures"));
		return;
	}
	json_begin(&j, stdout);
	json_open_object(&j, NULL);
	json_put_string(&j, "verdict", verdict_word(VERDICT_OK));
	json_put_number(&j, "status", STATUS_DONE);
	json_put_string(&j, "manifest", w->output);
	json_put_number(&j, "signatures", f->blocks.n);
	json_close_object(&j);
	json_finish(&j);
}

int cmd_detach(int argc, char **argv)
{
	static struct front front = {.fd = -1};
	struct err e = {.verdict = VERDICT_SYSTEM};
	struct wish w;
	int status = STATUS_DONE;

	if (parse(&w, argc, argv, &e) != 0 || !w.bundle || *w.files || !w.output || !trust_is_empty(&w.trust))
		return cli_usage("want a BUNDLE and -o NAME");
	if (crypto_init_verify(&e) != 0 || detach(&w, &front, &e) != 0)
		status = cli_fail_as(&e, w.json);
	else
		say_detached(&w, &front);
	front_close(&front);
	return cli_done(status);
}
