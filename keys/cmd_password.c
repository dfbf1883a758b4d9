/* SPDX-License-Identifier: ISC */
/* firmkey password */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "core/cli.h"
#include "keys/cmd.h"
#include "keys/seckey.h"

enum { OPT_NO_PASSWORD = 256, OPT_PASSWORD_FILE, OPT_PASSWORD_FD, OPT_NEW_FILE, OPT_NEW_FD, OPT_LOW_MEMORY, OPT_JSON };

static const struct option options[] = {
	{"no-password", no_argument, NULL, OPT_NO_PASSWORD},
	{"password-file", required_argument, NULL, OPT_PASSWORD_FILE},
	{"password-fd", required_argument, NULL, OPT_PASSWORD_FD},
	{"new-password-file", required_argument, NULL, OPT_NEW_FILE},
	{"new-password-fd", required_argument, NULL, OPT_NEW_FD},
	{"low-memory", no_argument, NULL, OPT_LOW_MEMORY},
	{"json", no_argument, NULL, OPT_JSON},
	{NULL, 0, NULL, 0},
};

static int change(const char *path, const struct password *old, const struct password *new, bool weaker, bool json)
{
	struct err e = {.verdict = VERDICT_SYSTEM};
	struct seckey *k = NULL;
	struct public_key public;
	char quoted[160], text[512];
	int rc = -1;

	if (seckey_load(&k, path, old, &e) == 0)
		rc = seckey_reseal(k, path, new, &weaker, &e);
	if (rc == 0)
		seckey_public(k, &public);
	seckey_free(&k);
	if (rc != 0)
		return cli_fail_as(&e, json);
	if (weaker)
		fputs("firmkey: memory was short: the password is harder to guess where 1 GiB is free\n", stderr);
	snprintf(text, sizeof text, "%s has %s", err_quote(quoted, sizeof quoted, path, strlen(path)),
		 new ? "a new password" : "no password any more");
	return cmd_answer_key(&public, path, text, json);
}

int cmd_password(int argc, char **argv)
{
	struct password old = {.fd = -1}, new = {.fd = -1};
	struct err e = {.verdict = VERDICT_SYSTEM};
	bool bare = false, low_memory = false, json = false;
	int c, rc = 0;

	while (rc == 0 && (c = cli_option(argc, argv, "", options, &e)) != -1) {
		switch (c) {
		case OPT_NO_PASSWORD: bare = true; break;
		case OPT_LOW_MEMORY: low_memory = true; break;
		case OPT_JSON: json = true; break;
		case OPT_PASSWORD_FILE: rc = password_use_file(&old, optarg, &e); break;
		case OPT_PASSWORD_FD: rc = password_use_fd(&old, optarg, &e); break;
		case OPT_NEW_FILE: rc = password_use_file(&new, optarg, &e); break;
		case OPT_NEW_FD: rc = password_use_fd(&new, optarg, &e); break;
		default: return cli_wrong(&e);
		}
	}
	if (rc != 0)
		return cli_fail(&e);
	if (optind + 1 != argc)
		return cli_usage("one KEY is needed");
	if (bare && (new.file || new.fd >= 0))
		return cli_usage("--no-password goes with no new password");
	return change(argv[optind], &old, bare ? NULL : &new, low_memory, json);
}
