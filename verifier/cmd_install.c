/* SPDX-License-Identifier: ISC */
/* firmverify install */
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/cli.h"
#include "core/json.h"
#include "verifier/boot.h"
#include "verifier/install.h"
#include "verifier/verbs.h"

static void print_text(const struct device *d, const struct install_result *r)
{
	printf("installed: %s %s, counter %" PRIu64 ", %" PRIu32 " %s\n", r->product, r->version, r->counter, r->slots,
	       cli_many(r->slots, "slot", "slots"));
	if (r->trial)
		printf("side %s starts next, on trial\n", boot_letter(r->side));
	if (r->hooks_skipped)
		printf("%" PRIu32 " %s not run: this board has hooks off\n", r->hooks_skipped, cli_many(r->hooks_skipped, "hook was", "hooks were"));
	for (size_t i = 0; i < d->nsettings; i++)
		if (r->settings[i] != SETTING_NOT_ASKED)
			printf("setting %s: %s\n", d->settings[i], setting_fate_text(r->settings[i]));
}

static void print_json(const struct device *d, const struct install_result *r)
{
	struct json j;

	json_begin(&j, stdout);
	json_open_object(&j, NULL);
	json_put_string(&j, "verdict", verdict_word(VERDICT_OK));
	json_put_number(&j, "status", STATUS_DONE);
	json_put_string(&j, "product", r->product);
	json_put_string(&j, "version", r->version);
	json_put_number(&j, "counter", r->counter);
	json_put_number(&j, "slots", r->slots);
	json_put_bool(&j, "trial", r->trial);
	if (r->trial)
		json_put_string(&j, "side", boot_letter(r->side));
	json_put_number(&j, "hooks_skipped", r->hooks_skipped);
	settings_print_json(&j, d, r->settings);
	json_close_object(&j);
	json_finish(&j);
}

/* Says nothing of what was not done. */
static int say_done(const struct device *d, const struct install_result *r, bool json)
{
	if (r->done != ACCEPTED)
		return STATUS_SYSTEM;
	if (json)
		print_json(d, r);
	else
		print_text(d, r);
	return STATUS_DONE;
}

static int run(struct install_result *result, struct device *device, const char *bundle, const char *device_file,
	       enum install_settings settings, struct err *e)
{
	struct source_fd source;
	int fd, rc;

	if (crypto_init_verify(e) != 0 || device_load(device, device_file, e) != 0)
		return -1;
	fd = strcmp(bundle, "-") == 0 ? STDIN_FILENO : open(bundle, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, "cannot open %s", bundle);
	source_fd_init(&source, fd);
	rc = install(device, &source.base, settings, result, e);
	if (fd != STDIN_FILENO)
		close(fd);
	return rc;
}

int cmd_install(int argc, char **argv)
{
	static const struct option table[] = {
		{"device", required_argument, NULL, 'd'}, {"json", no_argument, NULL, 'j'}, {"clear", no_argument, NULL, 'c'},
		{NULL, 0, NULL, 0}};
	const char *device_file = DEVICE_FILE_DEFAULT;
	enum install_settings settings = INSTALL_KEEP;
	struct device device;
	struct install_result result = {.slots = 0};
	struct err e = {.verdict = VERDICT_SYSTEM};
	bool json = false;
	int c;

	while ((c = cli_option(argc, argv, "", table, &e)) != -1) {
		if (c == 'd')
			device_file = optarg;
		else if (c == 'j')
			json = true;
		else if (c == 'c')
			settings = INSTALL_CLEAR;
		else
			return cli_wrong(&e);
	}
	if (argc - optind != 1)
		return cli_usage("want one BUNDLE");
	if (run(&result, &device, argv[optind], device_file, settings, &e) != 0 || result.done != ACCEPTED)
		return cli_done(cli_fail_as(&e, json));
	return cli_done(say_done(&device, &result, json));
}
