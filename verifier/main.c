/* SPDX-License-Identifier: ISC */
/* firmverify: stands on the board, and lets nothing unsigned through. */
#include <assert.h>
#include <string.h>
#include <time.h>

#include "core/cli.h"
#include "core/verbs.h"
#include "verifier/verbs.h"

static_assert(sizeof(time_t) >= 8, "stamps after January 2038: on 32-bit machines with glibc, CPPFLAGS=-D_TIME_BITS=64");

static const struct verb verbs[] = {
	VERB_CHECK,
	VERB_UNPACK,
	{"install", cmd_install, "BUNDLE|- [--clear] [--device FILE] [--json]", "Installs a bundle into this board's slots"},
	{"status", cmd_status, "[--device FILE] [--json]", "Says what is installed on this board"},
	{"confirm", cmd_confirm, "[--device FILE] [--json]", "Keeps the image that runs on trial, after a healthy start"},
	{"rollback", cmd_rollback, "[--device FILE] [--json]", "Goes back to the other side's image"},
	{"boot-attempt", cmd_boot_attempt, "[--device FILE] [--json]",
	 "Counts a start of an image on trial, and prints the side to start: a or b"},
	{"audit", cmd_audit,
	 "[--device FILE] [--bundle BUNDLE|-] [--root DIR] [--state DIR]\n"
	 "  [--pubkey FILE]... [--keyring FILE]  keys to trust instead of the device file's\n"
	 "  [--known-bad FILE]        signs of infections to look for\n"
	 "  [--setting PATH]...       a path in the tree that may differ\n"
	 "  [--side a|b]              of a board with two sides; else the one that runs\n"
	 "  [--json]",
	 "Compares the tree and every raw copy with the signed manifest"},
	{"cgi", cmd_cgi, "[--clear|--status] [--device FILE]",
	 "Is the web endpoint: a CGI program (also when called upgrade.cgi, upgrade_clear.cgi, status.cgi)"},
	{NULL, NULL, NULL, NULL},
};

static const struct program program = {
	.name = "firmverify",
	.purpose = "refuse unsigned, foreign, old or damaged firmware; install the rest",
	.verbs = verbs,
};

/* A web server runs these names, which are links to this program. */
static const struct page {
	const char *name;
	char *option;            /* of the verb cgi, or NULL */
} pages[] = {
	{"upgrade.cgi", NULL},
	{"upgrade_clear.cgi", (char[]){"--clear"}},
	{"status.cgi", (char[]){"--status"}},
	{NULL, NULL},
};

/* What a web server calls NAME is the verb cgi and nothing else: words that it takes from the query (RFC 3875 section 4.4) are
 * no arguments of ours, and a name that is no page is an argument too many. */
static int run_page(char *path, char *name)
{
	static char verb[] = "cgi";
	char *option = name;

	for (const struct page *p = pages; p->name; p++)
		if (strcmp(p->name, name) == 0)
			option = p->option;
	return cli_run(&program, option ? 3 : 2, (char *[]){path, verb, option, NULL});
}

int main(int argc, char **argv)
{
	char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL, *name = slash ? slash + 1 : argc > 0 ? argv[0] : NULL;
	size_t n = name ? strlen(name) : 0;

	if (n > 4 && strcmp(name + n - 4, ".cgi") == 0)
		return run_page(argv[0], name);
	return cli_run(&program, argc, argv);
}
