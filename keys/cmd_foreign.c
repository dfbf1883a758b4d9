/* SPDX-License-Identifier: ISC */
/* firmkey import and export: keys to and from other tools */
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli.h"
#include "core/io.h"
#include "keys/adopt.h"
#include "keys/cmd.h"
#include "keys/foreign.h"
#include "keys/seal.h"

enum { OPT_NO_PASSWORD = 256, OPT_PASSWORD_FILE, OPT_PASSWORD_FD, OPT_FORM, OPT_SECRET, OPT_LOW_MEMORY, OPT_JSON };

static const struct option options[] = {
	{"output", required_argument, NULL, 'o'},
	{"form", required_argument, NULL, OPT_FORM},
	{"secret", no_argument, NULL, OPT_SECRET},
	{"no-password", no_argument, NULL, OPT_NO_PASSWORD},
	{"password-file", required_argument, NULL, OPT_PASSWORD_FILE},
	{"password-fd", required_argument, NULL, OPT_PASSWORD_FD},
	{"low-memory", no_argument, NULL, OPT_LOW_MEMORY},
	{"json", no_argument, NULL, OPT_JSON},
	{NULL, 0, NULL, 0},
};

struct wish {
	const char *file, *output, *form;
	struct password pw;
	bool secret, bare, low_memory, json;
};

/* Reads the arguments of either verb. Returns 0, or -1: usage. */
static int parse(struct wish *w, int argc, char **argv, struct err *e)
{
	int c, rc = 0;

	*w = (struct wish){.pw = {.fd = -1}};
	while (rc == 0 && (c = cli_option(argc, argv, "o:", options, e)) != -1) {
		switch (c) {
		case 'o': w->output = optarg; break;
		case OPT_FORM: w->form = optarg; break;
		case OPT_SECRET: w->secret = true; break;
		case OPT_LOW_MEMORY: w->low_memory = true; break;
		case OPT_JSON: w->json = true; break;
		case OPT_NO_PASSWORD: w->bare = true; break;
		case OPT_PASSWORD_FILE: rc = password_use_file(&w->pw, optarg, e); break;
		case OPT_PASSWORD_FD: rc = password_use_fd(&w->pw, optarg, e); break;
		default: rc = -1;
		}
	}
	if (rc == 0 && argc - optind != 1)
		rc = err_set(e, VERDICT_USAGE, "want one FILE");
	w->file = argv[optind];
	return rc;
}

/* A public key of whatever kind. */
static int any_public(struct public_key *out, const char *text, size_t len, struct err *e)
{
	return public_key_parse(out, text, len, NULL) == 0 ? 0 : adopt_parse(out, text, len, e);
}

static int import_secret(const struct wish *w, const char *text, size_t len, struct public_key *public, struct err *e)
{
	struct seckey *k = NULL;
	bool weaker = w->low_memory;
	int rc = foreign_secret(&k, text, len, e);

	if (rc == 0)
		rc = seckey_save(k, w->output, w->bare ? NULL : &w->pw, &weaker, e);
	if (rc == 0)
		seckey_public(k, public);
	seckey_free(&k);
	if (rc == 0 && weaker)
		fputs("firmkey: memory was short: the password is harder to guess where 1 GiB is free\n", stderr);
	return rc;
}

static int import_public(const struct wish *w, const char *text, size_t len, struct public_key *public, struct err *e)
{
	size_t size = strlen(w->output) + sizeof ".pub";
	char *name = malloc(size);
	int rc = -1;

	if (!name)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	snprintf(name, size, "%s.pub", w->output);
	if (any_public(public, text, len, e) == 0)
		rc = seckey_save_public(public, name, e);
	free(name);
	return rc;
}

int cmd_import(int argc, char **argv)
{
	struct err e = {.verdict = VERDICT_SYSTEM};
	char *text = NULL, said[512], quoted[160];
	struct public_key public;
	bool secret;
	struct wish w;
	size_t len = 0;
	int rc;

	if (parse(&w, argc, argv, &e) != 0)
		return cli_wrong(&e);
	if (!w.output || w.form || w.secret || (w.bare && (w.pw.file || w.pw.fd >= 0)))
		return cli_usage("want one FILE, -o NAME, and at most one source of a password");
	if (seal_read_file(&text, &len, w.file, FOREIGN_FILE_MAX, foreign_is_secret, &e) != 0)
		return cli_fail_as(&e, w.json);
	secret = foreign_is_secret(text, len);
	rc = secret ? import_secret(&w, text, len, &public, &e) : import_public(&w, text, len, &public, &e);
	sodium_free(text);
	if (rc != 0) {
		err_prefix(&e, "%s", err_quote(quoted, sizeof quoted, w.file, strlen(w.file)));
		return cli_fail_as(&e, w.json);
	}
	err_quote(quoted, sizeof quoted, w.output, strlen(w.output));
	if (secret)
		snprintf(said, sizeof said, "%s.key is secret%s, %s.pub is for everyone", quoted, w.bare ? " and has no password" : "", quoted);
	else
		snprintf(said, sizeof said, "%s.pub is for everyone", quoted);
	return cmd_answer_key(&public, w.output, said, w.json);
}

static int export_public(const struct wish *w, enum foreign_form form, struct public_key *key, struct err *e)
{
	char out[FOREIGN_TEXT_MAX], *text = NULL;
	size_t len = 0;
	int rc;

	if (io_read_file(&text, &len, w->file, FOREIGN_FILE_MAX, e) != 0)
		return -1;
	rc = any_public(key, text, len, e);
	free(text);
	if (rc != 0)
		return err_prefix(e, "%s", w->file);
	foreign_public_text(out, key, form);
	if (w->output)
		return io_write_new(w->output, out, strlen(out), 0644, true, e);
	fputs(out, stdout);
	return 0;
}

static int export_secret(const struct wish *w, enum foreign_form form, struct public_key *public, struct err *e)
{
	struct seckey *k = NULL;
	char *text;
	int rc = -1;

	if (seckey_load(&k, w->file, &w->pw, e) != 0)
		return -1;
	seckey_public(k, public);
	text = foreign_secret_text(k, form, e);
	if (text)
		rc = io_write_new(w->output, text, strlen(text), 0600, true, e);
	sodium_free(text);
	seckey_free(&k);
	return rc;
}

int cmd_export(int argc, char **argv)
{
	struct err e = {.verdict = VERDICT_SYSTEM};
	enum foreign_form form;
	struct public_key key;
	struct wish w;

	if (parse(&w, argc, argv, &e) != 0)
		return cli_wrong(&e);
	if (!w.form || w.bare || (w.secret && !w.output))
		return cli_usage("want one FILE and --form; a secret key only leaves into a file: -o");
	if (foreign_form(&form, w.form, &e) != 0)
		return cli_wrong(&e);
	if (w.secret && form != FORM_SIGNIFY && form != FORM_PEM)
		return cli_usage("a secret key can be written for signify or in pem");
	if (w.json && !w.output)
		return cli_usage("--json goes with -o: the key goes to standard output");
	if ((w.secret ? export_secret : export_public)(&w, form, &key, &e) != 0)
		return cli_fail_as(&e, w.json);
	return w.json ? cmd_answer_key(&key, w.output, "", true) : cli_done(STATUS_DONE);
}
