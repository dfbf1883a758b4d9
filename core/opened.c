/* SPDX-License-Identifier: ISC */
/* Arguments and opening, as the reading verbs share them. */
#include "core/opened.h"

#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "core/chunks.h"
#include "core/cli.h"
#include "core/policy.h"

/* On a host many; boards have one or two processors, and each thread costs two chunks of memory. */
enum { THREADS_MAX = 64 };

enum code { CODE_PUBKEY = 256, CODE_JSON, CODE_QUICK, CODE_BOARD, CODE_PRODUCT, CODE_COUNTER, CODE_OWNERS,
	    CODE_QUIET, CODE_KEYRING };

/* In the order of the codes. */
static const struct option table[] = {
	{"pubkey", required_argument, NULL, CODE_PUBKEY},
	{"json", no_argument, NULL, CODE_JSON},
	{"quick", no_argument, NULL, CODE_QUICK},
	{"board", required_argument, NULL, CODE_BOARD},
	{"product", required_argument, NULL, CODE_PRODUCT},
	{"counter", required_argument, NULL, CODE_COUNTER},
	{"owners", no_argument, NULL, CODE_OWNERS},
	{"quiet", no_argument, NULL, CODE_QUIET},
	{"keyring", required_argument, NULL, CODE_KEYRING},
	{NULL, 0, NULL, 0},
};

/* The option that the verb must allow for this code, or 0, and its name for the complaint. */
static unsigned needed(int code)
{
	switch (code) {
	case CODE_QUICK: return OPEN_QUICK;
	case CODE_BOARD:
	case CODE_PRODUCT:
	case CODE_COUNTER: return OPEN_POLICY;
	case CODE_OWNERS: return OPEN_OWNERS;
	default: return 0;
	}
}

static int take_option(struct open_options *o, int code, const char *value, unsigned allowed, struct err *e)
{
	if ((needed(code) & ~allowed) != 0)
		return err_set(e, VERDICT_USAGE, "this verb has no --%s", table[code - CODE_PUBKEY].name);
	switch (code) {
	case CODE_PUBKEY:
		if (o->npubkeys == TRUST_KEYS_MAX)
			return err_set(e, VERDICT_USAGE, "more than %d --pubkey", TRUST_KEYS_MAX);
		o->pubkeys[o->npubkeys++] = value;
		return 0;
	case CODE_JSON: o->json = true; return 0;
	case CODE_QUICK: o->quick = true; return 0;
	case CODE_BOARD: o->board = value; return 0;
	case CODE_PRODUCT: o->product = value; return 0;
	case CODE_COUNTER: o->counter = value; return 0;
	case CODE_OWNERS: o->owners = true; return 0;
	case CODE_QUIET: o->quiet = true; return 0;
	case CODE_KEYRING:
		if (o->keyring)
			return err_set(e, VERDICT_USAGE, "more than one --keyring");
		o->keyring = value;
		return 0;
	default: return err_set(e, VERDICT_USAGE, "this verb has no such option");
	}
}

/* What limits what is accepted must not get lost between ARGV and O: the words are looked for once more. getopt takes them abbreviated. */
static bool limits_are_complete(const struct open_options *o, int argc, char **argv)
{
	const struct {
		const char *least;
		const char *value;
	} limits[] = {{"--bo", o->board}, {"--pr", o->product}, {"--co", o->counter}};
	unsigned words = 0, values = 0;

	for (size_t k = 0; k < sizeof limits / sizeof *limits; k++) {
		bool said = false;

		for (int i = 1; i < argc; i++)
			said = said || strncmp(argv[i], limits[k].least, 4) == 0;
		words += said;
		values += limits[k].value != NULL;
	}
	return words <= values;
}

int open_options_parse(struct open_options *o, int argc, char **argv, unsigned allowed, int nargs, struct err *e)
{
	int code;

	*o = (struct open_options){.bundle = NULL};
	optind = 1;
	while ((code = cli_option(argc, argv, "", table, e)) != -1)
		if (code == '?' || take_option(o, code, optarg, allowed, e) != 0)
			return -1;
	if (argc - optind != nargs)
		return err_set(e, VERDICT_USAGE, nargs == 1 ? "want one BUNDLE" : allowed & OPEN_PAIR ? "want OLD and NEW" : "want BUNDLE and DIR");
	if (!limits_are_complete(o, argc, argv))
		return err_set(e, VERDICT_USAGE, "the values of --board, --product and --counter must be words of their own, and not begin with --");
	o->bundle = argv[optind];
	o->dir = nargs > 1 ? argv[optind + 1] : NULL;
	if (o->npubkeys > 0 && o->keyring)
		return err_set(e, VERDICT_USAGE, "--pubkey and --keyring exclude each other");
	if (o->npubkeys == 0 && !o->keyring && !(allowed & OPEN_UNVERIFIED))
		return err_set(e, VERDICT_USAGE, "--pubkey or --keyring is needed: whose signature is to be trusted");
	return 0;
}

int opened_source(struct opened *b, const struct open_options *o, struct err *e)
{
	*b = (struct opened){.fd = -1};
	for (size_t i = 0; i < o->npubkeys; i++)
		if (trust_add_file(&b->trust, o->pubkeys[i], e) != 0)
			return -1;
	if (o->keyring && trust_add_keyring_file(&b->trust, o->keyring, e) != 0)
		return -1;
	b->fd = strcmp(o->bundle, "-") == 0 ? STDIN_FILENO : open(o->bundle, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (b->fd < 0)
		return err_errno(e, "cannot open %s", o->bundle);
	source_fd_init(&b->source, b->fd);
	return 0;
}

static int take_policy(struct opened *b, struct policy *policy, const struct open_options *o, struct err *e)
{
	bool have_revision = false;

	*policy = (struct policy){.product = o->product, .counter = o->counter ? UINT64_MAX : 0}; /* a number that got lost lets nothing pass */
	if (o->counter && cli_number(&policy->counter, o->counter, INT64_MAX, "counter", e) != 0)
		return -1;
	if (!o->board)
		return 0;
	if (cli_board(b->board, &policy->revision, &have_revision, o->board, e) != 0)
		return -1;
	policy->board = b->board;
	policy->any_revision = !have_revision;
	return 0;
}

int opened_reader(struct opened *b, const struct open_options *o, struct err *e)
{
	if (opened_source(b, o, e) != 0 || take_policy(b, &b->policy, o, e) != 0)
		return -1;
	return reader_open(&b->reader, &b->source.base, &b->trust, &b->policy, chunks_threads(THREADS_MAX), e);
}

void opened_close(struct opened *b)
{
	reader_free(&b->reader);
	if (b->fd > STDIN_FILENO)
		close(b->fd);
	b->fd = -1;
}
