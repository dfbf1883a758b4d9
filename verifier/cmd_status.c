/* SPDX-License-Identifier: ISC */
/* firmverify status */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/cli.h"
#include "verifier/status.h"
#include "verifier/verbs.h"

static void print_text(const struct device *d, const struct status_report *report)
{
	const struct installed *now = &report->now;

	printf("board     %s:%" PRIu64 "\nproduct   %s\n", d->board, d->revision, d->product);
	if (now->any)
		printf("installed %s, counter %" PRIu64 "\n", now->version, now->counter);
	else
		printf("installed nothing yet\n");
	for (size_t i = 0; i < d->nslots; i++)
		printf("slot      %s %s\n", d->slots[i].name, d->slots[i].target);
	if (d->trust.ring.serial > 0)
		printf("keyring   %" PRIu64 "\n", d->trust.ring.serial);
	if (report->busy)
		printf("an install is under way\n");
}

int cmd_status(int argc, char **argv)
{
	static const struct option table[] = {
		{"device", required_argument, NULL, 'd'}, {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	const char *device_file = DEVICE_FILE_DEFAULT;
	struct status_report report;
	struct device device;
	struct err e = {.verdict = VERDICT_OK};
	bool json = false;
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
	if (crypto_init_verify(&e) != 0 || device_load(&device, device_file, &e) != 0 || status_settle(&report, &device, &e) != 0)
		return cli_done(cli_fail_as(&e, json));
	if (json)
		status_print_json(stdout, &device, &report);
	else
		print_text(&device, &report);
	return cli_done(STATUS_DONE);
}
