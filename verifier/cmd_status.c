/* SPDX-License-Identifier: ISC */
/* firmverify status */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "core/cli.h"
#include "core/json.h"
#include "verifier/journal.h"
#include "verifier/verbs.h"

static void print_text(const struct device *d, const struct installed *now, bool busy)
{
	printf("board     %s:%" PRIu64 "\nproduct   %s\n", d->board, d->revision, d->product);
	if (now->any)
		printf("installed %s, counter %" PRIu64 "\n", now->version, now->counter);
	else
		printf("installed nothing yet\n");
	for (size_t i = 0; i < d->nslots; i++)
		printf("slot      %s %s\n", d->slots[i].name, d->slots[i].target);
	if (busy)
		printf("an install is under way\n");
}

static void print_json(const struct device *d, const struct installed *now, bool busy)
{
	struct json j;

	json_begin(&j, stdout);
	json_object(&j, NULL);
	json_string(&j, "verdict", verdict_word(VERDICT_OK));
	json_number(&j, "status", STATUS_DONE);
	json_string(&j, "board", d->board);
	json_number(&j, "revision", d->revision);
	json_string(&j, "product", d->product);
	json_bool(&j, "installed", now->any);
	if (now->any) {
		json_string(&j, "version", now->version);
		json_number(&j, "counter", now->counter);
	}
	json_bool(&j, "busy", busy);
	json_array(&j, "slots");
	for (size_t i = 0; i < d->nslots; i++) {
		json_object(&j, NULL);
		json_string(&j, "name", d->slots[i].name);
		json_string(&j, "target", d->slots[i].target);
		json_end_object(&j);
	}
	json_end_array(&j);
	json_end_object(&j);
	json_finish(&j);
}

/* Finishes an interrupted install first, unless one is under way right now. */
static int look(const char *device_file, struct device *d, struct installed *now, bool *busy, struct err *e)
{
	int lock;

	if (crypto_init_verify(e) != 0 || device_load(d, device_file, e) != 0)
		return -1;
	lock = state_lock(d, e);
	*busy = lock < 0 && e->verdict == VERDICT_BUSY;
	if (lock < 0 && !*busy)
		return -1;
	if (lock >= 0) {
		int rc = journal_finish(d, e);

		close(lock);
		if (rc != 0)
			return -1;
	}
	return state_installed(d, now, e);
}

int cmd_status(int argc, char **argv)
{
	static const struct option table[] = {
		{"device", required_argument, NULL, 'd'}, {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	const char *device_file = DEVICE_FILE_DEFAULT;
	struct installed now;
	struct device device;
	struct err e = {.verdict = VERDICT_OK};
	bool json = false, busy = false;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (c == 'd')
			device_file = optarg;
		else if (c == 'j')
			json = true;
		else
			return cli_usage("an option is unknown, ambiguous, or lacks its value");
	}
	if (argc != optind)
		return cli_usage("want no more arguments");
	if (look(device_file, &device, &now, &busy, &e) != 0)
		return cli_done(cli_fail_as(&e, json));
	if (json)
		print_json(&device, &now, busy);
	else
		print_text(&device, &now, busy);
	return cli_done(STATUS_DONE);
}
