/* SPDX-License-Identifier: ISC */
/* firmkey sign */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "core/cli.h"
#include "core/json.h"
#include "keys/cmd.h"
#include "keys/sigfile.h"
#include "keys/sign.h"
#include "keys/subject.h"

enum { OPT_PASSWORD_FILE = 256, OPT_PASSWORD_FD, OPT_APPEND, OPT_JSON, OPT_SIGNER };

static const struct option options[] = {
	{"key", required_argument, NULL, 'k'},
	{"comment", required_argument, NULL, 't'},
	{"append", no_argument, NULL, OPT_APPEND},
	{"password-file", required_argument, NULL, OPT_PASSWORD_FILE},
	{"password-fd", required_argument, NULL, OPT_PASSWORD_FD},
	{"json", no_argument, NULL, OPT_JSON},
	SIGNER_OPTIONS(OPT_SIGNER),
	{NULL, 0, NULL, 0},
};

struct wish {
	const char *key, *comment;
	struct password pw;
	struct signer_list signers; /* one, or none */
	bool append, json;
};

static void say_file(const char *name, const struct public_key *public, bool json)
{
	char id[KEYID_HEX + 1], quoted[160];
	struct json j;

	keyid_print(id, public->id);
	if (!json) {
		printf("%s: signed by key %s\n", err_quote(quoted, sizeof quoted, name, strlen(name)), id);
		return;
	}
	json_begin(&j, stdout); /* a line for each file, when it has been signed */
	json_open_object(&j, NULL);
	json_put_string(&j, "file", name);
	json_put_string(&j, "verdict", verdict_word(VERDICT_OK));
	json_put_number(&j, "status", STATUS_DONE);
	json_put_string(&j, "key", id);
	json_close_object(&j);
	json_finish(&j);
}

static int sign_file(const struct hand *h, const char *name, const struct wish *w, struct err *e)
{
	struct public_key public;
	struct subject subject;
	char block[SIGN_BLOCK_MAX];
	int len;

	if (subject_read(&subject, name, e) != 0)
		return -1;
	len = sign_prehash_by(block, h, subject.prehash, w->comment ? w->comment : subject.comment, e);
	if (len < 0)
		return -1;
	if (strcmp(name, "-") == 0) {
		fputs(block, stdout); /* cli_done sees to it that it went out */
		return 0;
	}
	hand_public(h, &public);
	if (sigfile_put(name, block, (size_t)len, public.id, w->append, e) != 0)
		return -1;
	say_file(name, &public, w->json);
	return 0;
}

static int sign_all(char **names, const struct wish *w)
{
	struct err e = {.verdict = VERDICT_SYSTEM};
	struct seckey *k = NULL;
	int rc = w->key ? seckey_load(&k, w->key, &w->pw, &e) : 0;
	struct hand hand = {.key = k, .signer = &w->signers.at[0]};

	for (; rc == 0 && *names; names++)
		rc = sign_file(&hand, *names, w, &e);
	seckey_free(&k);
	return rc == 0 ? cli_done(STATUS_DONE) : cli_fail_as(&e, w->json);
}

static int take_option(struct wish *w, int c, struct err *e)
{
	switch (c) {
	case 'k': w->key = optarg; return 0;
	case 't': w->comment = optarg; return 0;
	case OPT_APPEND: w->append = true; return 0;
	case OPT_JSON: w->json = true; return 0;
	case OPT_PASSWORD_FILE: return password_use_file(&w->pw, optarg, e);
	case OPT_PASSWORD_FD: return password_use_fd(&w->pw, optarg, e);
	case OPT_SIGNER:
	case OPT_SIGNER + SIGNER_ARG:
	case OPT_SIGNER + SIGNER_PUBKEY:
	case OPT_SIGNER + SIGNER_TIMEOUT:
		return signer_take(&w->signers, (enum signer_option)(c - OPT_SIGNER), optarg, e);
	default: return err_set(e, VERDICT_USAGE, "this verb has no such option");
	}
}

int cmd_sign(int argc, char **argv)
{
	static struct wish w = {.pw = {.fd = -1}, .signers = {.say = cli_relay}};
	struct err e = {.verdict = VERDICT_SYSTEM};
	int c;

	while ((c = cli_option(argc, argv, "k:t:", options, &e)) != -1)
		if (c == '?' || take_option(&w, c, &e) != 0)
			return cli_wrong(&e);
	if ((w.key != NULL) + w.signers.n != 1 || optind == argc)
		return cli_usage("-k KEY or one --signer, and at least one FILE are needed");
	if (signer_complete(&w.signers, &e) != 0)
		return cli_wrong(&e);
	for (char **name = argv + optind; w.json && *name; name++)
		if (strcmp(*name, "-") == 0)
			return cli_usage("the signature of standard input goes to standard output, where --json would go as well");
	return sign_all(argv + optind, &w);
}
