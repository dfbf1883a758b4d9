/* SPDX-License-Identifier: ISC */
/* The arguments of `firmflash push`. */
#include "flasher/push.h"

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli.h"
#include "flasher/credentials.h"

enum {
	OPT_TO, OPT_BOARD, OPT_USER, OPT_PASSWORD_FILE, OPT_PASSWORD_FD, OPT_PUBKEY, OPT_KEYRING, OPT_WIPE, OPT_REBOOT, OPT_JSON,
	OPT_TIMEOUT, OPT_RATE, OPT_QUIET, OPT_BOARDS, OPT_REALM, OPT_NONE,
};

static const struct option long_options[] = {
	{"to", required_argument, NULL, OPT_TO},
	{"board", required_argument, NULL, OPT_BOARD},
	{"user", required_argument, NULL, OPT_USER},
	{"password-file", required_argument, NULL, OPT_PASSWORD_FILE},
	{"password-fd", required_argument, NULL, OPT_PASSWORD_FD},
	{"pubkey", required_argument, NULL, OPT_PUBKEY},
	{"keyring", required_argument, NULL, OPT_KEYRING},
	{"wipe", no_argument, NULL, OPT_WIPE},
	{"reboot", no_argument, NULL, OPT_REBOOT},
	{"json", no_argument, NULL, OPT_JSON},
	{"timeout", required_argument, NULL, OPT_TIMEOUT},
	{"limit-rate", required_argument, NULL, OPT_RATE},
	{"quiet", no_argument, NULL, OPT_QUIET},
	{"boards", required_argument, NULL, OPT_BOARDS},
	{"realm", required_argument, NULL, OPT_REALM},
	{NULL, 0, NULL, 0},
};

static int take_address(struct push_options *o, const char *value, struct err *e)
{
	struct address *a = &o->addresses[o->naddresses];

	if (address_parse(a, value, e))
		return -1;
	for (size_t i = 0; i < o->naddresses; i++)
		if (strcmp(o->addresses[i].origin, a->origin) == 0)
			return err_set(e, VERDICT_USAGE, "%s is named twice, and would get the image twice", a->text);
	o->naddresses++;
	return 0;
}

static int take_user(struct push_options *o, const char *value, struct err *e)
{
	o->user = value;
	return credential_user_valid(value) ? 0 : err_set(e, VERDICT_USAGE, "a user's name has 1 to %d printable ASCII bytes, no blank, colon, quote or backslash",
							  CREDENTIAL_USER_MAX);
}

static int take_timeout(struct push_options *o, const char *value, struct err *e)
{
	uint64_t ms;

	if (cli_duration(&ms, value, (uint64_t)PUSH_TIMEOUT_MAX * 1000, "--timeout", e) != 0)
		return -1;
	o->timeout = ms / 1000;
	return o->timeout ? 0 : err_set(e, VERDICT_USAGE, "--timeout %s is less than 1 s", value);
}

static int take_rate(struct push_options *o, const char *value, struct err *e)
{
	if (cli_bytes(&o->rate, value, INT64_MAX, "--limit-rate", e) != 0)
		return -1;
	return o->rate >= PUSH_RATE_MIN ? 0 : err_set(e, VERDICT_USAGE, "--limit-rate %s is less than %d bytes a second", value, PUSH_RATE_MIN);
}

static int take_value(struct push_options *o, int option, const char *value, struct err *e)
{
	uint64_t fd;

	switch (option) {
	case OPT_TO:
		return take_address(o, value, e);
	case OPT_BOARD:
		return cli_board(o->board, &o->revision, &o->have_revision, value, e);
	case OPT_USER:
		return take_user(o, value, e);
	case OPT_PASSWORD_FD:
		if (cli_number(&fd, value, INT_MAX, "--password-fd", e))
			return -1;
		o->password_fd = (int)fd;
		return 0;
	case OPT_PUBKEY:
		return trust_add_file(&o->trust, value, e);
	case OPT_KEYRING:
		return trust_add_keyring_file(&o->trust, value, e);
	case OPT_TIMEOUT:
		return take_timeout(o, value, e);
	case OPT_RATE:
		return take_rate(o, value, e);
	default:
		return err_set(e, VERDICT_USAGE, "this verb has no such option");
	}
}

static int take(struct push_options *o, int option, const char *value, struct err *e)
{
	switch (option) {
	case OPT_PASSWORD_FILE:
		o->password_file = value;
		return 0;
	case OPT_BOARDS:
		o->boards_dir = value;
		return 0;
	case OPT_REALM:
		o->realm = value;
		return 0;
	case OPT_WIPE:
		o->wipe = true;
		return 0;
	case OPT_REBOOT:
		o->reboot = true;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_QUIET:
		o->quiet = true;
		return 0;
	default:
		return take_value(o, option, value, e);
	}
}

static int check(const struct push_options *o, struct err *e)
{
	if (o->naddresses == 0)
		return err_set(e, VERDICT_USAGE, "--to HOST is missing");
	if (!o->board[0])
		return err_set(e, VERDICT_USAGE, "--board ID is missing (`firmflash boards' lists them)");
	if (trust_is_empty(&o->trust))
		return err_set(e, VERDICT_USAGE, "--pubkey FILE or --keyring FILE is missing: nothing is sent that nobody vouches for");
	if ((o->password_file != NULL) == (o->password_fd >= 0))
		return err_set(e, VERDICT_USAGE, "either --password-file or --password-fd is wanted");
	return 0;
}

int push_options_parse(struct push_options *o, int argc, char **argv, struct err *e)
{
	int option;

	*o = (struct push_options){.user = "root", .password_fd = -1, .timeout = PUSH_TIMEOUT_DEFAULT};
	o->addresses = calloc((size_t)argc, sizeof *o->addresses); /* more than there can be */
	if (!o->addresses)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	while ((option = cli_option(argc, argv, "", long_options, e)) != -1)
		if (option == '?' || take(o, option, optarg, e))
			return -1;
	if (argc - optind != 1)
		return err_set(e, VERDICT_USAGE, "one BUNDLE is wanted");
	o->bundle = argv[optind];
	return check(o, e);
}

void push_options_free(struct push_options *o)
{
	free(o->addresses);
	o->addresses = NULL;
	o->naddresses = 0;
}
