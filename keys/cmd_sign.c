/* SPDX-License-Identifier: ISC */
/* firmkey sign */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "core/cli.h"
#include "keys/cmd.h"
#include "keys/sigfile.h"
#include "keys/sign.h"
#include "keys/subject.h"

enum { OPT_PASSWORD_FILE = 256, OPT_PASSWORD_FD, OPT_APPEND };

static const struct option options[] = {
	{"key", required_argument, NULL, 'k'},
	{"comment", required_argument, NULL, 't'},
	{"append", no_argument, NULL, OPT_APPEND},
	{"password-file", required_argument, NULL, OPT_PASSWORD_FILE},
	{"password-fd", required_argument, NULL, OPT_PASSWORD_FD},
	{NULL, 0, NULL, 0},
};

struct wish {
	const char *key, *comment;
	struct password pw;
	bool append;
};

static int sign_file(const struct seckey *k, const char *name, const struct wish *w, struct err *e)
{
	struct public_key public;
	struct subject subject;
	char block[SIGN_BLOCK_MAX], id[KEYID_HEX + 1], quoted[160];
	int len;

	if (subject_read(&subject, name, e) != 0)
		return -1;
	len = sign_prehash(block, k, subject.prehash, w->comment ? w->comment : subject.comment, e);
	if (len < 0)
		return -1;
	if (strcmp(name, "-") == 0) {
		fputs(block, stdout); /* cli_done sees to it that it went out */
		return 0;
	}
	seckey_public(k, &public);
	if (sigfile_put(name, block, (size_t)len, public.id, w->append, e) != 0)
		return -1;
	keyid_print(id, public.id);
	printf("%s: signed by key %s\n", err_quote(quoted, sizeof quoted, name, strlen(name)), id);
	return 0;
}

static int sign_all(char **names, const struct wish *w)
{
	struct err e = {.verdict = VERDICT_OK};
	struct seckey *k = NULL;
	int rc = seckey_load(&k, w->key, &w->pw, &e);

	for (; rc == 0 && *names; names++)
		rc = sign_file(k, *names, w, &e);
	seckey_free(&k);
	return rc == 0 ? cli_done(STATUS_DONE) : cli_fail(&e);
}

int cmd_sign(int argc, char **argv)
{
	struct wish w = {.pw = {.fd = -1}};
	struct err e = {.verdict = VERDICT_OK};
	int c, rc = 0;

	while (rc == 0 && (c = getopt_long(argc, argv, "k:t:", options, NULL)) != -1) {
		switch (c) {
		case 'k': w.key = optarg; break;
		case 't': w.comment = optarg; break;
		case OPT_APPEND: w.append = true; break;
		case OPT_PASSWORD_FILE: rc = password_use_file(&w.pw, optarg, &e); break;
		case OPT_PASSWORD_FD: rc = password_use_fd(&w.pw, optarg, &e); break;
		default: return cli_usage("unknown option, or one without its argument");
		}
	}
	if (rc != 0)
		return cli_fail(&e);
	if (!w.key || optind == argc)
		return cli_usage("-k KEY and at least one FILE are needed");
	return sign_all(argv + optind, &w);
}
