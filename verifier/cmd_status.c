/* SPDX-License-Identifier: ISC */
/* firmverify status */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/cli.h"
#include "verifier/status.h"
#include "verifier/verbs.h"

static void print_sides(const struct status_report *r)
{
	for (enum side side = SIDE_A; side < SIDES; side++) {
		const struct installed *image = &r->images[side];

		printf("side      %s%s%s", boot_letter(side), side == r->running ? ", running" : "", side == r->boot.side ? ", starts next" : "");
		if (side == r->boot.side && r->boot.trial)
			printf(", on trial after %" PRIu32 " starts", r->boot.tries);
		if (image->any)
			printf(": %s, counter %" PRIu64 "\n", image->version, image->counter);
		else
			printf(": no image on record\n");
	}
	printf("confirmed counter %" PRIu64 "\n", r->counter);
}

static void print_text(const struct device *d, const struct status_report *report)
{
	const struct installed *now = &report->now;

	printf("board     %s:%" PRIu64 "\nproduct   %s\n", d->board, d->revision, d->product);
	if (now->any)
		printf("installed %s, counter %" PRIu64 "\n", now->version, now->counter);
	else
		printf("installed nothing yet\n");
	if (d->two_sided)
		print_sides(report);
	for (size_t i = 0; i < d->nslots; i++)
		printf("slot      %s %s%s%s\n", d->slots[i].name, d->slots[i].target[SIDE_A], d->slots[i].target[SIDE_B][0] ? " " : "",
		       d->slots[i].target[SIDE_B]);
	if (report->known->trust.ring.serial > 0)
		printf("keyring   %" PRIu64 "\n", report->known->trust.ring.serial);
	for (size_t i = 0; i < report->known->nfaults; i++)
		printf("note      %s\n", report->known->faults[i]);
	if (report->torn)
		printf("a record is damaged: the one before it is used\n");
	if (report->half_written.any)
		printf("interrupted: %s was being written to flash when it was cut off; install an image before the next start\n",
		       report->half_written.version);
	if (report->busy)
		printf("an install is under way\n");
}

int cmd_device_options(const char **device_file, bool *json, int argc, char **argv)
{
	static const struct option table[] = {
		{"device", required_argument, NULL, 'd'}, {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	struct err e = {.verdict = VERDICT_SYSTEM};
	int c;

	while ((c = cli_option(argc, argv, "", table, &e)) != -1) {
		if (c == 'd')
			*device_file = optarg;
		else if (c == 'j')
			*json = true;
		else
			return cli_wrong(&e);
	}
	return argc == optind ? 0 : cli_usage("want no more arguments");
}

int cmd_status(int argc, char **argv)
{
	const char *device_file = DEVICE_FILE_DEFAULT;
	struct status_report report = {.known = NULL};
	struct device device;
	struct err e = {.verdict = VERDICT_SYSTEM};
	bool json = false;
	int usage = cmd_device_options(&device_file, &json, argc, argv), status = STATUS_DONE;

	if (usage != 0)
		return usage;
	if (crypto_init_verify(&e) != 0 || device_load(&device, device_file, &e) != 0 || status_settle(&report, &device, &e) != 0)
		status = cli_fail_as(&e, json);
	else if (json)
		status_print_json(stdout, &device, &report);
	else
		print_text(&device, &report);
	status_free(&report);
	return cli_done(status);
}
