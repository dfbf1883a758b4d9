/* SPDX-License-Identifier: ISC */
/* One verb, four acts. */
#include "flasher/card_options.h"

#include <string.h>

#include "core/cli.h"
#include "flasher/card_names.h"
#include "flasher/disk.h"

enum {
	OPT_BOARD = 256, OPT_PUBKEY, OPT_KEYRING, OPT_SIZE, OPT_MAX_SIZE, OPT_CONFIRM, OPT_RECEIPT, OPT_BOARDS, OPT_LANG, OPT_VERIFY,
	OPT_STEPS, OPT_SHEET, OPT_JSON, OPT_QUIET, OPT_FORCE,
};

static const struct option long_options[] = {
	{"board", required_argument, NULL, OPT_BOARD},     {"pubkey", required_argument, NULL, OPT_PUBKEY},
	{"keyring", required_argument, NULL, OPT_KEYRING}, {"size", required_argument, NULL, OPT_SIZE},
	{"max-size", required_argument, NULL, OPT_MAX_SIZE}, {"confirm", required_argument, NULL, OPT_CONFIRM},
	{"receipt", required_argument, NULL, OPT_RECEIPT}, {"boards", required_argument, NULL, OPT_BOARDS},
	{"lang", required_argument, NULL, OPT_LANG},       {"verify", no_argument, NULL, OPT_VERIFY},
	{"steps", no_argument, NULL, OPT_STEPS},           {"sheet", no_argument, NULL, OPT_SHEET},
	{"json", no_argument, NULL, OPT_JSON},             {"quiet", no_argument, NULL, OPT_QUIET},
	{"force", no_argument, NULL, OPT_FORCE},
	{NULL, 0, NULL, 0},
};

static int take_size(uint64_t *out, const char *value, const char *what, struct err *e)
{
	if (cli_bytes(out, value, DISK_MOST, what, e))
		return -1;
	return *out > 0 ? 0 : err_set(e, VERDICT_USAGE, "%s is 0", what);
}

static int take_act(struct card_options *o, enum card_act_wanted act, struct err *e)
{
	if (o->act != CARD_WRITE)
		return err_set(e, VERDICT_USAGE, "one of --verify, --steps and --sheet at a time");
	o->act = act;
	return 0;
}

static int take_value(struct card_options *o, int option, const char *value, struct err *e)
{
	switch (option) {
	case OPT_BOARD: return cli_board(o->board, &o->revision, &o->have_revision, value, e);
	case OPT_PUBKEY: return trust_add_file(&o->trust, value, e);
	case OPT_KEYRING: return trust_add_keyring_file(&o->trust, value, e);
	case OPT_SIZE: return take_size(&o->size, value, "--size", e);
	case OPT_MAX_SIZE: return take_size(&o->most, value, "--max-size", e);
	case OPT_VERIFY: return take_act(o, CARD_VERIFY, e);
	case OPT_STEPS: return take_act(o, CARD_STEPS, e);
	case OPT_SHEET: return take_act(o, CARD_SHEET, e);
	case OPT_LANG:
		o->lang = value;
		return strcmp(value, "en") == 0 || strcmp(value, "ru") == 0 ? 0
									     : err_set(e, VERDICT_USAGE, "--lang is en or ru");
	case OPT_CONFIRM:
		if (o->nconfirm == CARD_TARGETS_MAX)
			return err_set(e, VERDICT_USAGE, "more than %d --confirm", CARD_TARGETS_MAX);
		o->confirm[o->nconfirm++] = value;
		return 0;
	default: return err_set(e, VERDICT_USAGE, "this verb has no such option");
	}
}

static int take(struct card_options *o, int option, const char *value, struct err *e)
{
	switch (option) {
	case OPT_RECEIPT: o->receipt = value; return 0;
	case OPT_BOARDS: o->boards_dir = value; return 0;
	case OPT_FORCE: o->force = true; return 0;
	case OPT_JSON: o->json = true; return 0;
	case OPT_QUIET: o->quiet = true; return 0;
	default: return take_value(o, option, value, e);
	}
}

static int check(const struct card_options *o, struct err *e)
{
	bool guide = o->act == CARD_STEPS || o->act == CARD_SHEET;

	if (guide && o->ntargets > 0)
		return err_set(e, VERDICT_USAGE, "`%s' is one argument too many", o->targets[0]);
	if (!guide && o->ntargets == 0)
		return err_set(e, VERDICT_USAGE, "no TARGET: the name of an image file, or a disk (`firmflash cards' lists them)");
	if (!o->board[0] && o->act != CARD_VERIFY)
		return err_set(e, VERDICT_USAGE, "--board ID is missing (`firmflash boards' lists them)");
	if (!guide && trust_is_empty(&o->trust))
		return err_set(e, VERDICT_USAGE, "--pubkey or --keyring is missing: whose signature is to be trusted");
	return card_names_check(o, e);
}

int card_options_parse(struct card_options *o, int argc, char **argv, struct err *e)
{
	int option;

	*o = (struct card_options){.act = CARD_WRITE, .lang = "en", .most = DISK_MOST_DEFAULT};
	while ((option = cli_option(argc, argv, "", long_options, e)) != -1)
		if (option == '?' || take(o, option, optarg, e))
			return -1;
	if (o->act == CARD_WRITE) {
		if (optind == argc)
			return err_set(e, VERDICT_USAGE, "no BUNDLE is named");
		o->bundle = argv[optind++];
	}
	for (; optind < argc; optind++) {
		if (o->ntargets == CARD_TARGETS_MAX)
			return err_set(e, VERDICT_USAGE, "more than %d targets", CARD_TARGETS_MAX);
		o->targets[o->ntargets++] = argv[optind];
	}
	return check(o, e);
}
