/* SPDX-License-Identifier: ISC */
/* `firmflash cards`: which disks a card could be written to, and why not to the others. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/cli.h"
#include "core/json.h"
#include "core/say.h"
#include "flasher/cmd.h"
#include "flasher/disk.h"

enum { OPT_ROOT = 256, OPT_MAX_SIZE, OPT_JSON, ROOT_MAX = 4096 };

static void print_json(const struct disk *d, const struct err *why)
{
	struct json j;

	json_begin(&j, stdout);
	json_open_object(&j, NULL);
	json_put_string(&j, "disk", d->name);
	json_put_bool(&j, "usable", !why);
	if (why) {
		json_put_string(&j, "verdict", verdict_word(why->verdict));
		json_put_string(&j, "message", why->message);
	}
	json_put_number(&j, "bytes", d->size);
	json_put_string(&j, "model", d->model);
	json_put_string(&j, "serial", d->serial);
	json_put_bool(&j, "removable", d->removable);
	json_put_bool(&j, "mmc", d->mmc);
	json_close_object(&j);
	json_finish(&j);
}

static void print_line(const struct disk *d, const struct err *why)
{
	if (why)
		say(stdout, "no   %s\n", why->message);
	else
		say(stdout, "yes  %s  %" PRIu64 " MB  %s%s--confirm %s\n", d->name, d->size / 1000000, d->model, d->model[0] ? "  " : "", d->serial);
}

static int list(const struct disk_roots *roots, uint64_t most, bool json, struct err *e)
{
	char (*names)[DISK_NAME_MAX] = NULL;
	size_t n = 0;

	if (disk_list(&names, &n, roots, e) != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct err why = {.verdict = VERDICT_SYSTEM};
		struct disk d;
		bool no = disk_judge(&d, names[i], roots, most, &why) != 0;

		if (json)
			print_json(&d, no ? &why : NULL);
		else
			print_line(&d, no ? &why : NULL);
	}
	free(names);
	return 0;
}

struct wish {
	char sys[ROOT_MAX], proc[ROOT_MAX];
	uint64_t most;
	bool json;
};

static int take_option(struct wish *w, int option, const char *value, struct err *e)
{
	switch (option) {
	case OPT_JSON:
		w->json = true;
		return 0;
	case OPT_MAX_SIZE:
		return cli_bytes(&w->most, value, DISK_MOST, "--max-size", e);
	case OPT_ROOT:
		if ((size_t)snprintf(w->sys, sizeof w->sys, "%s/sys", value) >= sizeof w->sys ||
		    (size_t)snprintf(w->proc, sizeof w->proc, "%s/proc", value) >= sizeof w->proc)
			return err_set(e, VERDICT_USAGE, "--root is too long");
		return 0;
	default:
		return err_set(e, VERDICT_USAGE, "this verb has no such option");
	}
}

int cmd_cards(int argc, char **argv)
{
	static const struct option options[] = {{"root", required_argument, NULL, OPT_ROOT},
						{"max-size", required_argument, NULL, OPT_MAX_SIZE},
						{"json", no_argument, NULL, OPT_JSON},
						{NULL, 0, NULL, 0}};
	struct wish w = {.sys = "/sys", .proc = "/proc", .most = DISK_MOST_DEFAULT};
	struct err e = {0};
	int option;

	while ((option = cli_option(argc, argv, "", options, &e)) != -1)
		if (option == '?' || take_option(&w, option, optarg, &e) != 0)
			return cli_wrong(&e);
	if (optind != argc)
		return cli_usage("`%s' is one argument too many", argv[optind]);
	if (list(&(struct disk_roots){w.sys, w.proc}, w.most, w.json, &e) != 0)
		return cli_fail_as(&e, w.json);
	return cli_done(STATUS_DONE);
}
