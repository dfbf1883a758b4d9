/* SPDX-License-Identifier: ISC */
/* firmkey generate */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "core/cli.h"
#include "keys/cmd.h"
#include "keys/seckey.h"

enum { OPT_NO_PASSWORD = 256, OPT_PASSWORD_FILE, OPT_PASSWORD_FD, OPT_LOW_MEMORY, OPT_JSON };

static const struct option options[] = {
	{"output", required_argument, NULL, 'o'},
	{"no-password", no_argument, NULL, OPT_NO_PASSWORD},
	{"password-file", required_argument, NULL, OPT_PASSWORD_FILE},
	{"password-fd", required_argument, NULL, OPT_PASSWORD_FD},
	{"low-memory", no_argument, NULL, OPT_LOW_MEMORY},
	{"json", no_argument, NULL, OPT_JSON},
	{NULL, 0, NULL, 0},
};

static int generate(const char *name, const struct password *pw, bool weaker, bool json)
{
	struct err e = {.verdict = VERDICT_SYSTEM};
	struct seckey *k = NULL;
	struct public_key public;
	char quoted[160], text[512];
	int rc = -1;

	if (seckey_generate(&k, &e) == 0)
		rc = seckey_save(k, name, pw, &weaker, &e);
	if (rc == 0)
		seckey_public(k, &public);
	seckey_free(&k);
	if (rc != 0)
		return cli_fail_as(&e, json);
	if (weaker)
		fputs("firmkey: memory was short: the password is harder to guess where 1 GiB is free\n", stderr);
	err_quote(quoted, sizeof quoted, name, strlen(name));
	snprintf(text, sizeof text, "%s.key is secret%s, %s.pub is for everyone", quoted, pw ? "" : " and has no password", quoted);
	return cmd_answer_key(&public, name, text, json);
}

int cmd_generate(int argc, char **argv)
{
	struct password pw = {.fd = -1};
	struct err e = {.verdict = VERDICT_SYSTEM};
	const char *name = NULL;
	bool bare = false, low_memory = false, json = false;
	int c, rc = 0;

	while (rc == 0 && (c = cli_option(argc, argv, "o:", options, &e)) != -1) {
		switch (c) {
		case 'o': name = optarg; break;
		case OPT_NO_PASSWORD: bare = true; break;
		case OPT_LOW_MEMORY: low_memory = true; break;
		case OPT_JSON: json = true; break;
		case OPT_PASSWORD_FILE: rc = password_use_file(&pw, optarg, &e); break;
		case OPT_PASSWORD_FD: rc = password_use_fd(&pw, optarg, &e); break;
		default: return cli_wrong(&e);
		}
	}
	if (rc != 0)
		return cli_fail(&e);
	if (!name || optind != argc)
		return cli_usage("-o NAME is needed, and nothing else but options");
	if (bare && (pw.file || pw.fd >= 0))
		return cli_usage("--no-password goes with no password");
	return generate(name, bare ? NULL : &pw, low_memory, json);
}
