/* SPDX-License-Identifier: ISC */
/* The arguments of `apply', `resume' and `retry'. */
#include <getopt.h>
#include <limits.h>
#include <string.h>

#include "core/cli.h"
#include "flasher/fleet_run.h"

enum {
	OPT_LEDGER, OPT_BUNDLE, OPT_PUBKEY, OPT_KEYRING, OPT_CREDENTIALS, OPT_USER, OPT_PASSWORD_FILE, OPT_PASSWORD_FD, OPT_REALM,
	OPT_BOARDS, OPT_METRICS, OPT_INVENTORY, OPT_STATE, OPT_API_PORT, OPT_DRY_RUN, OPT_LIFT, OPT_OPEN, OPT_JSON, OPT_QUIET,
	OPT_NONE,
};

static const struct option long_options[] = {
	{"ledger", required_argument, NULL, OPT_LEDGER},
	{"bundle", required_argument, NULL, OPT_BUNDLE},
	{"pubkey", required_argument, NULL, OPT_PUBKEY},
	{"keyring", required_argument, NULL, OPT_KEYRING},
	{"credentials", required_argument, NULL, OPT_CREDENTIALS},
	{"user", required_argument, NULL, OPT_USER},
	{"password-file", required_argument, NULL, OPT_PASSWORD_FILE},
	{"password-fd", required_argument, NULL, OPT_PASSWORD_FD},
	{"realm", required_argument, NULL, OPT_REALM},
	{"boards", required_argument, NULL, OPT_BOARDS},
	{"metrics", required_argument, NULL, OPT_METRICS},
	{"inventory", required_argument, NULL, OPT_INVENTORY},
	{"state", required_argument, NULL, OPT_STATE},
	{"api-port", required_argument, NULL, OPT_API_PORT},
	{"dry-run", optional_argument, NULL, OPT_DRY_RUN},
	{"lift", no_argument, NULL, OPT_LIFT},
	{"open", no_argument, NULL, OPT_OPEN},
	{"json", no_argument, NULL, OPT_JSON},
	{"quiet", no_argument, NULL, OPT_QUIET},
	{NULL, 0, NULL, 0},
};

/* Which verbs an option belongs to. */
static unsigned verbs_of(int option)
{
	switch (option) {
	case OPT_LEDGER:
	case OPT_DRY_RUN:
		return FLEET_APPLY;
	case OPT_LIFT:
	case OPT_OPEN:
	case OPT_INVENTORY:
		return FLEET_RESUME | FLEET_RETRY;
	case OPT_STATE:
		return FLEET_RETRY;
	default:
		return option == OPT_NONE ? 0 : FLEET_APPLY | FLEET_RESUME | FLEET_RETRY;
	}
}

static int take_flag(struct fleet_options *o, int option, const char *value)
{
	switch (option) {
	case OPT_DRY_RUN:
		o->dry_run = true;
		o->faults = value;
		return 0;
	case OPT_LIFT:
		o->lift = true;
		return 0;
	case OPT_OPEN:
		o->open_gate = true;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_QUIET:
		o->quiet = true;
		return 0;
	default:
		return -1;
	}
}

static int take(struct fleet_options *o, int option, const char *value, struct err *e)
{
	const char **texts[OPT_NONE] = {
		[OPT_LEDGER] = &o->ledger,   [OPT_BUNDLE] = &o->bundle,   [OPT_CREDENTIALS] = &o->credentials,
		[OPT_USER] = &o->user,       [OPT_PASSWORD_FILE] = &o->password_file, [OPT_REALM] = &o->realm, [OPT_BOARDS] = &o->boards_dir,
		[OPT_METRICS] = &o->metrics, [OPT_INVENTORY] = &o->inventory, [OPT_STATE] = &o->states,
	};
	uint64_t number;

	if (take_flag(o, option, value) == 0)
		return 0;
	if (option == OPT_PUBKEY || option == OPT_KEYRING) {
		if (o->ntrust == FLEET_TRUST_MAX)
			return err_set(e, VERDICT_USAGE, "there are over %d keys", FLEET_TRUST_MAX);
		o->trust[o->ntrust++] = value;
		return 0;
	}
	if (option == OPT_PASSWORD_FD) {
		if (cli_number(&number, value, INT_MAX, "--password-fd", e))
			return -1;
		o->password_fd = (int)number;
		return 0;
	}
	if (option == OPT_API_PORT) {
		o->have_api_port = true;
		return cli_number(&o->api_port, value, UINT16_MAX, "--api-port", e);
	}
	*texts[option] = value;
	return 0;
}

/* Every word must be a state in which a board can have ended badly. */
static int check_states(const char *states, struct err *e)
{
	char word[32];

	while (*states) {
		size_t n = strcspn(states, ",");
		enum session_state s;

		snprintf(word, sizeof word, "%.*s", (int)(n < sizeof word ? n : sizeof word - 1), states);
		if (session_state_find(&s, word) || !session_bad(s))
			return err_set(e, VERDICT_USAGE, "states to retry are rejected, failed, unknown, needs-card");
		states += n + (states[n] ? 1 : 0);
	}
	return 0;
}

static int check(const struct fleet_options *o, unsigned verb, struct err *e)
{
	bool single = o->user || o->password_file || o->password_fd >= 0;

	if (verb == FLEET_APPLY && !o->ledger && !o->dry_run)
		return err_set(e, VERDICT_USAGE, "--ledger FILE is missing: without one nothing could be resumed");
	if (verb == FLEET_APPLY && o->ntrust == 0)
		return err_set(e, VERDICT_USAGE, "--pubkey FILE or --keyring FILE is missing: nothing is sent that nobody vouches for");
	if (verb == FLEET_RETRY && !o->states)
		return err_set(e, VERDICT_USAGE, "--state STATE[,STATE...] is missing");
	if (verb == FLEET_RETRY && check_states(o->states, e))
		return -1;
	if (o->credentials && single)
		return err_set(e, VERDICT_USAGE, "either --credentials, or --user with a password");
	if (o->password_file && o->password_fd >= 0)
		return err_set(e, VERDICT_USAGE, "either --password-file or --password-fd");
	if (verb == FLEET_APPLY && !o->dry_run && !o->credentials && !o->password_file && o->password_fd < 0)
		return err_set(e, VERDICT_USAGE, "--credentials FILE, --password-file FILE or --password-fd N is missing");
	return 0;
}

int fleet_options_parse(struct fleet_options *o, int argc, char **argv, unsigned verb, struct err *e)
{
	int option;

	*o = (struct fleet_options){.password_fd = -1, .api_port = 4028};
	while ((option = cli_option(argc, argv, "", long_options, e)) != -1) {
		if (option != '?' && !(verbs_of(option) & verb))
			return err_set(e, VERDICT_USAGE, "`%s' has no --%s", argv[0], long_options[option].name);
		if (option == '?' || take(o, option, optarg, e))
			return -1;
	}
	if (argc - optind != 1)
		return err_set(e, VERDICT_USAGE, verb == FLEET_APPLY ? "one PLAN is wanted" : "one LEDGER is wanted");
	o->file = argv[optind];
	return check(o, verb, e);
}
