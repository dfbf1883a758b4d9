/* SPDX-License-Identifier: ISC */
/* firmverify: stands on the board, and lets nothing unsigned through. */
#include <string.h>

#include "core/cli.h"
#include "core/verbs.h"
#include "verifier/verbs.h"

static const struct verb verbs[] = {
	VERB_CHECK,
	VERB_UNPACK,
	{"install", cmd_install, "BUNDLE|- [--clear] [--device FILE] [--json]", "Installs a bundle into this board's slots"},
	{"status", cmd_status, "[--device FILE] [--json]", "Says what is installed on this board"},
	{"audit", cmd_audit,
	 "[--device FILE] [--bundle BUNDLE|-] [--root DIR] [--state DIR]\n"
	 "  [--pubkey FILE]...        keys to trust instead of the device file's\n"
	 "  [--known-bad FILE]        signs of infections to look for\n"
	 "  [--setting PATH]...       a path in the tree that may differ\n"
	 "  [--json]",
	 "Compares the tree and every raw copy with the signed manifest"},
	{"cgi", cmd_cgi, "[--device FILE]", "Is the web-upgrade endpoint: a CGI program (also when called NAME.cgi)"},
	{NULL, NULL, NULL, NULL},
};

static const struct program program = {
	.name = "firmverify",
	.purpose = "refuse unsigned, foreign, old or damaged firmware; install the rest",
	.verbs = verbs,
};

/* A web server runs upgrade.cgi, which is a link to this program. */
static bool is_cgi(const char *name)
{
	size_t n = name ? strlen(name) : 0;

	return n > 4 && strcmp(name + n - 4, ".cgi") == 0;
}

int main(int argc, char **argv)
{
	if (argc > 0 && is_cgi(argv[0])) {
		static char verb[] = "cgi";
		char *as[] = {argv[0], verb, NULL};

		return cli_run(&program, 2, as);
	}
	return cli_run(&program, argc, argv);
}
