/* SPDX-License-Identifier: ISC */
/* `firmflash plan': a bundle that verifies and an inventory become a plan. Nothing is sent. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli.h"
#include "core/json.h"
#include "core/say.h"
#include "flasher/cmd.h"
#include "flasher/output.h"
#include "flasher/plan.h"

enum {
	OPT_PUBKEY = 256, OPT_KEYRING, OPT_WAVES, OPT_HALT, OPT_NO_HALTS, OPT_WIPE, OPT_REPORTS, OPT_BOARDS, OPT_JSON, OPT_FIGURES,
	OPT_ONLY, OPT_EXCLUDE, OPT_SUSPECTS, OPT_FORCE,
	OPT_FIRST_NUMBER, /* from here on: as in numbers[] */
};

/* Options that set a number. */
static const struct number {
	const char *name;
	size_t at;
	enum { COUNT, DURATION, BYTES } kind;
	bool wide; /* 64 bits */
	uint64_t low, high;
} numbers[] = {
	{"uploads", offsetof(struct plan, limits.uploads), COUNT, true, 0, 1000000},
	{"limit-rate", offsetof(struct plan, limits.rate), BYTES, true, 0, INT64_MAX},
	{"reboots", offsetof(struct plan, limits.reboots), COUNT, true, 0, 1000000},
	{"timeout", offsetof(struct plan, limits.timeout_ms), DURATION, true, 1, 86400000},
	{"tries", offsetof(struct plan, rules.tries), COUNT, false, 1, 20},
	{"backoff", offsetof(struct plan, rules.backoff_ms), DURATION, true, 1, 3600000},
	{"poll", offsetof(struct plan, rules.poll_ms), DURATION, true, 1, 3600000},
	{"boot", offsetof(struct plan, rules.boot_ms), DURATION, true, 1, 86400000},
	{"settle", offsetof(struct plan, rules.settle_ms), DURATION, true, 0, 86400000},
	{"health", offsetof(struct plan, rules.health_ms), DURATION, true, 1, 86400000},
	{"soak", offsetof(struct plan, rules.soak_ms), DURATION, true, 0, 604800000},
	{"hashrate", offsetof(struct plan, rules.hashrate_percent), COUNT, false, 0, 100},
	{"temperature", offsetof(struct plan, rules.temp_c), COUNT, false, 0, 200},
};
enum { NUMBERS = sizeof numbers / sizeof *numbers, SHOWN_MAX = 10 };

struct plan_options {
	const char *bundle, *inventory, *output, *waves, *reports, *boards_dir;
	struct trust trust;
	struct plan_pick pick;
	bool halts_given, json, force;
};

static int take_number(struct plan *p, const struct number *n, const char *text, struct err *e)
{
	uint64_t value;
	char option[32];
	uint32_t narrow;

	snprintf(option, sizeof option, "--%s", n->name);
	if (n->kind == DURATION ? cli_duration(&value, text, n->high, option, e)
	    : n->kind == BYTES  ? cli_bytes(&value, text, n->high, option, e)
				: cli_number(&value, text, n->high, option, e))
		return -1;
	if (value < n->low)
		return err_set(e, VERDICT_USAGE, "--%s %s is too little", n->name, text);
	narrow = (uint32_t)value;
	if (n->wide)
		memcpy((char *)p + n->at, &value, sizeof value);
	else
		memcpy((char *)p + n->at, &narrow, sizeof narrow);
	return 0;
}

static int take_halt(struct plan *p, struct plan_options *o, const char *value, struct err *e)
{
	if (!o->halts_given)
		p->nhalts = 0; /* halts that are given take the place of the built-in ones */
	o->halts_given = true;
	if (p->nhalts == PLAN_HALTS_MAX)
		return err_set(e, VERDICT_USAGE, "there are over %d halts", PLAN_HALTS_MAX);
	return plan_halt_parse(&p->halts[p->nhalts++], value, e);
}

static int take(struct plan *p, struct plan_options *o, int option, const char *value, struct err *e)
{
	switch (option) {
	case 'o':
		o->output = value;
		return 0;
	case OPT_PUBKEY:
		return trust_add_file(&o->trust, value, e);
	case OPT_KEYRING:
		return trust_add_keyring_file(&o->trust, value, e);
	case OPT_WAVES:
		o->waves = value;
		return 0;
	case OPT_HALT:
		return take_halt(p, o, value, e);
	case OPT_NO_HALTS:
		o->halts_given = true;
		p->nhalts = 0;
		return 0;
	case OPT_WIPE:
		p->wipe = true;
		p->rules.pools = false;
		return 0;
	case OPT_REPORTS:
		o->reports = value;
		return 0;
	case OPT_BOARDS:
		o->boards_dir = value;
		return 0;
	case OPT_FORCE:
		o->force = true;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_ONLY:
	case OPT_EXCLUDE:
		return plan_pick_add(&o->pick, option == OPT_EXCLUDE, value, e);
	case OPT_SUSPECTS:
		o->pick.suspects = true;
		return 0;
	case OPT_FIGURES:
		p->rules.baseline = true;
		return 0;
	default:
		if (option >= OPT_FIRST_NUMBER && option < OPT_FIRST_NUMBER + NUMBERS)
			return take_number(p, &numbers[option - OPT_FIRST_NUMBER], value, e);
		return err_set(e, VERDICT_USAGE, "this verb has no such option");
	}
}

static int parse(struct plan *p, struct plan_options *o, int argc, char **argv, struct err *e)
{
	static const struct option fixed[] = {
		{"output", required_argument, NULL, 'o'},        {"pubkey", required_argument, NULL, OPT_PUBKEY},
		{"keyring", required_argument, NULL, OPT_KEYRING}, {"waves", required_argument, NULL, OPT_WAVES},
		{"halt", required_argument, NULL, OPT_HALT},     {"no-halts", no_argument, NULL, OPT_NO_HALTS},
		{"wipe", no_argument, NULL, OPT_WIPE},           {"reports", required_argument, NULL, OPT_REPORTS},
		{"boards", required_argument, NULL, OPT_BOARDS}, {"json", no_argument, NULL, OPT_JSON},
		{"need-figures", no_argument, NULL, OPT_FIGURES}, {"only", required_argument, NULL, OPT_ONLY},
		{"exclude", required_argument, NULL, OPT_EXCLUDE}, {"include-suspects", no_argument, NULL, OPT_SUSPECTS},
		{"force", no_argument, NULL, OPT_FORCE}};
	enum { FIXED = sizeof fixed / sizeof *fixed };
	struct option options[FIXED + NUMBERS + 1] = {{0}};
	int option;

	memcpy(options, fixed, sizeof fixed);
	for (int i = 0; i < NUMBERS; i++)
		options[FIXED + i] = (struct option){numbers[i].name, required_argument, NULL, OPT_FIRST_NUMBER + i};
	*o = (struct plan_options){.waves = "2,10%,100%"};
	plan_defaults(p);
	while ((option = cli_option(argc, argv, "o:", options, e)) != -1)
		if (option == '?' || take(p, o, option, optarg, e))
			return -1;
	if (argc - optind != 2)
		return err_set(e, VERDICT_USAGE, "BUNDLE and INVENTORY are wanted");
	o->bundle = argv[optind];
	o->inventory = argv[optind + 1];
	if (strcmp(o->bundle, "-") == 0 || strlen(o->bundle) > PLAN_BUNDLE_MAX)
		return err_set(e, VERDICT_USAGE, "the bundle must be a file, with a name of at most %d bytes", PLAN_BUNDLE_MAX);
	if (trust_is_empty(&o->trust))
		return err_set(e, VERDICT_USAGE, "--pubkey FILE or --keyring FILE is missing: nothing is planned that nobody vouches for");
	return 0;
}

/* What of the bundle and of the command line the plan says. */
static int describe(struct plan *p, const struct plan_options *o, const struct image *image, struct err *e)
{
	const char *reports = o->reports ? o->reports : image->head.version;

	snprintf(p->bundle, sizeof p->bundle, "%s%s", strcmp(o->bundle, "*") == 0 ? "./" : "", o->bundle); /* a plan's `*' is nothing */
	p->size = image->size;
	memcpy(p->hash, image->hash, HASH_SIZE);
	memcpy(p->product, image->head.product, sizeof p->product);
	memcpy(p->version, image->head.version, sizeof p->version);
	p->counter = image->head.counter;
	if (!*reports || strlen(reports) > LINK_TEXT_MAX || strcmp(reports, "*") == 0)
		return err_set(e, VERDICT_USAGE, "--reports wants 1 to %d bytes", LINK_TEXT_MAX);
	snprintf(p->rules.version, sizeof p->rules.version, "%s", reports);
	return 0;
}

static int write_plan(const struct plan *p, const char *to, bool force, struct err *e)
{
	struct output out;

	if (output_open(&out, e))
		return -1;
	plan_write(out.file, p);
	return output_commit(&out, to, force, e);
}

/* On standard error; or as one object, when the plan itself went to a file. */
static void tell(const struct plan *p, const struct plan_options *o)
{
	struct json j;

	if (o->json && o->output && strcmp(o->output, "-") != 0) {
		json_begin(&j, stdout);
		json_open_object(&j, NULL);
		json_put_string(&j, "verdict", verdict_word(VERDICT_OK));
		json_put_number(&j, "status", STATUS_DONE);
		json_put_string(&j, "product", p->product);
		json_put_string(&j, "version", p->version);
		json_put_number(&j, "devices", p->n - p->nskipped);
		json_put_number(&j, "skipped", p->nskipped);
		json_open_array(&j, "waves");
		for (size_t w = 0; w < p->nwaves; w++)
			json_put_number(&j, NULL, p->waves[w].count);
		json_close_array(&j);
		json_close_object(&j);
		json_finish(&j);
		return;
	}
	say(stderr, "%s %s: %zu %s in %zu %s (", p->product, p->version, p->n - p->nskipped,
		cli_many(p->n - p->nskipped, "board", "boards"), p->nwaves, cli_many(p->nwaves, "wave", "waves"));
	for (size_t w = 0; w < p->nwaves; w++)
		say(stderr, "%s%zu", w ? ", " : "", p->waves[w].count);
	say(stderr, "), %zu skipped\n", p->nskipped);
	for (size_t i = p->n - p->nskipped, shown = 0; i < p->n && shown < SHOWN_MAX; i++, shown++)
		say(stderr, "  skipped %s: %s\n", plan_device_key(&p->devices[i]), p->devices[i].reason);
	if (p->nskipped > SHOWN_MAX)
		say(stderr, "  and %zu more: the `skip\' lines of the plan name all\n", p->nskipped - SHOWN_MAX);
}

static int make(struct plan *p, const struct plan_options *o, struct err *e)
{
	struct image image = {.fd = -1};
	struct inventory inv = {0};
	struct board *boards = NULL;
	struct policy any = {0};
	struct board_dirs dirs;
	size_t nboards = 0;
	int rc = -1;

	if (output_prove(o->output, o->force, e) || crypto_init_verify(e) || image_open(&image, o->bundle, &o->trust, &any, e) || describe(p, o, &image, e) ||
	    inventory_read(&inv, o->inventory, e) || board_dirs_init(&dirs, o->boards_dir, e) ||
	    board_list(&boards, &nboards, &dirs, e) || plan_add_boards(p, &inv, &o->pick, &image, boards, nboards, e) ||
	    plan_add_waves(p, o->waves, e))
		goto out;
	if (p->n == p->nskipped) {
		err_set(e, VERDICT_WRONG_BOARD, "no board of this inventory can be in the plan%s%s%s%s", p->n ? ": " : "",
			p->n ? plan_device_key(&p->devices[0]) : "", p->n ? ": " : "", p->n ? p->devices[0].reason : "");
		goto out;
	}
	rc = write_plan(p, o->output, o->force, e);
out:
	image_close(&image);
	inventory_free(&inv);
	free(boards);
	return rc;
}

int cmd_plan(int argc, char **argv)
{
	struct plan *p = calloc(1, sizeof *p);
	struct plan_options *o = calloc(1, sizeof *o);
	struct err e = {0};
	int status;

	if (!p || !o) {
		err_set(&e, VERDICT_SYSTEM, "out of memory");
		status = cli_fail(&e);
	} else if (parse(p, o, argc, argv, &e)) {
		status = cli_wrong(&e);
	} else if (make(p, o, &e)) {
		status = cli_fail_as(&e, o->json);
	} else {
		tell(p, o);
		status = cli_done(STATUS_DONE);
	}
	if (p)
		plan_free(p);
	free(p);
	free(o);
	return status;
}
