/* SPDX-License-Identifier: ISC */
/* firmkey show */
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "core/cli.h"
#include "core/json.h"
#include "core/trust.h"
#include "keys/cmd.h"
#include "keys/seal.h"
#include "keys/sigfile.h"

static const struct option options[] = {
	{"json", no_argument, NULL, 'j'},
	{NULL, 0, NULL, 0},
};

enum kind { KIND_PUBLIC, KIND_SECRET, KIND_SIGNATURE };

/* Where the answer goes: J, or plain lines that begin with NAME. */
struct answer {
	struct json *j;
	const char *name;
};

/* By the length of the base64 line, which each kind has its own of; what follows checks all the rest. */
static enum kind guess(const char *text, size_t len)
{
	const char *line = memchr(text, '\n', len), *end;
	size_t n;

	if (!line)
		return KIND_PUBLIC; /* the bare line */
	line++;
	end = memchr(line, '\n', len - (size_t)(line - text));
	n = end ? (size_t)(end - line) : len - (size_t)(line - text);
	if (seal_is_secret(text, len))
		return KIND_SECRET;
	return n + 1 >= BASE64_SIZE(MINISIG_BLOB) ? KIND_SIGNATURE : KIND_PUBLIC;
}

static int show_public(const struct answer *a, const char *text, size_t len, struct err *e)
{
	char id[KEYID_HEX + 1];
	struct public_key key;

	if (public_key_parse(&key, text, len, e) != 0)
		return -1;
	keyid_print(id, key.id);
	if (a->j) {
		json_put_string(a->j, "kind", "public-key");
		json_put_string(a->j, "key", id);
	} else {
		printf("%s: public key %s\n", a->name, id);
	}
	return 0;
}

static int show_secret(const struct answer *a, const char *text, size_t len, struct err *e)
{
	const char *end = memchr(text, '\n', len), *said;
	char id[KEYID_HEX + 1], comment[256];
	struct seckey_about about;

	if (!end)
		return err_set(e, VERDICT_MALFORMED_KEYRING, "not a minisign secret key");
	if (seckey_look(&about, text, len, e) != 0)
		return -1;
	keyid_print(id, about.id);
	/* seckey_look has seen the two words, and the end of the line. */
	said = text + strlen("untrusted comment: ");
	err_quote(comment, sizeof comment, said, (size_t)(end - said));
	if (a->j) {
		json_put_string(a->j, "kind", "secret-key");
		json_put_bool(a->j, "sealed", about.sealed);
		if (about.sealed)
			json_put_number(a->j, "memory_mib", about.memory_mib);
		else
			json_put_string(a->j, "key", id);
		json_put_string(a->j, "comment", comment);
	} else if (about.sealed) {
		printf("%s: secret key, sealed with a password (%u MiB to open); it says \"%s\"\n", a->name,
		       about.memory_mib, comment);
	} else {
		printf("%s: secret key %s, without a password\n", a->name, id);
	}
	return 0;
}

static int show_signature(const struct answer *a, const char *text, size_t len, struct err *e)
{
	char id[KEYID_HEX + 1], quoted[512];
	struct span rest = {text, len};
	struct minisig block;
	int more;

	if (a->j) {
		json_put_string(a->j, "kind", "signature");
		json_open_array(a->j, "claims");
	}
	while ((more = minisig_next(&block, &rest, e)) == 1) {
		keyid_print(id, block.id);
		err_quote(quoted, sizeof quoted, block.comment.at, block.comment.len);
		if (a->j) {
			json_open_object(a->j, NULL);
			json_put_string(a->j, "key", id);
			json_put_string(a->j, "comment", quoted);
			json_close_object(a->j);
		} else {
			printf("%s: signature, not checked, by key %s: \"%s\"\n", a->name, id, quoted);
		}
	}
	if (a->j)
		json_close_array(a->j);
	return more;
}

static int show(const char *name, struct json *j, struct err *e)
{
	char *text, quoted[160];
	struct answer a = {j, err_quote(quoted, sizeof quoted, name, strlen(name))};
	size_t len = 0;
	int rc;

	if (seal_read_file(&text, &len, name, SIGFILE_MAX, seal_is_secret, e) != 0)
		return -1;
	switch (guess(text, len)) {
	case KIND_SECRET: rc = show_secret(&a, text, len, e); break;
	case KIND_SIGNATURE: rc = show_signature(&a, text, len, e); break;
	default:
		rc = show_public(&a, text, len, e);
		if (rc != 0 && len > 0)
			err_set(e, VERDICT_MALFORMED_KEYRING, "neither a key nor a signature of minisign's kind");
		break;
	}
	sodium_free(text);
	return rc == 0 ? 0 : err_prefix(e, "%s", a.name);
}

static int show_all(char **names, struct json *j)
{
	int status = STATUS_DONE;

	for (; *names; names++) {
		struct err e = {.verdict = VERDICT_SYSTEM};
		int failed = 0;

		if (j) {
			json_open_object(j, NULL);
			json_put_string(j, "file", *names);
		}
		if (show(*names, j, &e) != 0) {
			failed = cli_fail(&e);


			status = status == STATUS_DONE ? failed : status;
		}
		if (j) {
			json_put_string(j, "verdict", verdict_word(failed ? e.verdict : VERDICT_OK));
			if (failed)
				json_put_string(j, "message", e.message);
			json_close_object(j);
		}
	}
	return status;
}

int cmd_show(int argc, char **argv)
{
	struct json j;
	struct err e = {.verdict = VERDICT_SYSTEM};
	bool json = false;
	int c, status;

	while ((c = cli_option(argc, argv, "", options, &e)) != -1) {
		if (c != 'j')
			return cli_wrong(&e);
		json = true;
	}
	if (optind == argc)
		return cli_usage("at least one FILE is needed");
	if (!json)
		return cli_done(show_all(argv + optind, NULL));
	json_begin(&j, stdout);
	json_open_object(&j, NULL);
	json_open_array(&j, "files");
	status = show_all(argv + optind, &j);
	json_close_array(&j);
	json_put_number(&j, "status", (uint64_t)status);
	json_close_object(&j);
	json_finish(&j);
	return cli_done(status);
}
