/* SPDX-License-Identifier: ISC */
/* `firmflash push`: one bundle, verified whole before the first packet, to one board after another. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "boards/board.h"
#include "core/cli.h"
#include "core/json.h"
#include "flasher/cmd.h"
#include "flasher/device.h"
#include "flasher/http.h"
#include "flasher/image.h"
#include "flasher/push.h"

/* How the reboot went. */
enum rebooted { NOT_ASKED, NOT_WANTED, BY_ITSELF, TOLD, NOT_TOLD };

/* All that one run holds. */
struct run {
	struct push_options options;
	struct board board;
	struct secret *password;
	struct image image;
	size_t count[OUTCOME_COUNT], not_told;
};

static void print_json(const struct run *run, const struct address *to, const struct result *r, enum rebooted rebooted)
{
	static const char *const words[] = {[NOT_ASKED] = "no",
					    [NOT_WANTED] = "no",
					    [BY_ITSELF] = "itself",
					    [TOLD] = "told",
					    [NOT_TOLD] = "failed"};
	struct json j;

	json_begin(&j, stdout);
	json_object(&j, NULL);
	json_string(&j, "address", to->text);
	json_string(&j, "board", run->board.id);
	json_string(&j, "product", run->image.head.product);
	json_string(&j, "version", run->image.head.version);
	json_string(&j, "outcome", outcome_word(r->outcome));
	if (r->judged)
		json_string(&j, "verdict", verdict_word(r->verdict));
	json_string(&j, "message", r->text);
	json_string(&j, "reboot", words[rebooted]);
	json_end_object(&j);
	json_finish(&j);
}

static void print_line(const struct address *to, const struct result *r, enum rebooted rebooted)
{
	static const char *const notes[] = {[NOT_ASKED] = "",
					    [NOT_WANTED] = "; still to be rebooted (--reboot does it)",
					    [BY_ITSELF] = "; it reboots by itself",
					    [TOLD] = "; told to reboot",
					    [NOT_TOLD] = "; NOT REBOOTED"};

	printf("%s: %s%s%s%s%s%s\n", to->text, outcome_word(r->outcome), r->judged ? ": " : "",
	       r->judged ? verdict_word(r->verdict) : "", notes[rebooted], *r->text ? ": " : "", r->text);
}

/* What follows an accepted image. The text of R tells why a board could not be told to reboot. */
static enum rebooted reboot(const struct run *run, struct device *device, struct result *r)
{
	const struct board_way *way = run->options.wipe ? &run->board.wipe : &run->board.keep;
	struct err e = {0};

	if (r->outcome != OUTCOME_ACCEPTED)
		return NOT_ASKED;
	if (!way->reboot[0])
		return BY_ITSELF;
	if (!run->options.reboot)
		return NOT_WANTED;
	if (device->reboot(device, &e) >= 0)
		return TOLD;
	snprintf(r->text, sizeof r->text, "%.*s", (int)sizeof r->text - 1, e.message);
	return NOT_TOLD;
}

/* Everything for one board. The result is on standard output before the next board is touched. */
static int push_one(struct run *run, const struct address *to, struct err *e)
{
	const struct push_options *o = &run->options;
	const struct http_options http = {to, &run->board, o->user, run->password, o->wipe, o->timeout * 1000, o->rate};
	struct device *device = NULL;
	struct progress progress;
	struct result r = {0};
	enum rebooted rebooted;

	if (http_open(&device, &http, e))
		return -1;
	if (device->probe(device, &r) == 0) {
		progress_begin(&progress, to->text, run->image.size, o->quiet);
		device->upload(device, &run->image, &progress, &r);
		progress_end(&progress);
	}
	rebooted = reboot(run, device, &r);
	device->close(device);
	run->count[r.outcome]++;
	run->not_told += rebooted == NOT_TOLD;
	if (o->json)
		print_json(run, to, &r, rebooted);
	else
		print_line(to, &r, rebooted);
	return fflush(stdout) == 0 ? 0 : err_errno(e, "cannot write the result of %s", to->text);
}

/* Unknown outcomes come first: who reads "some failed" must be able to trust that the rest is settled. */
static int status_of(const struct run *run)
{
	if (run->count[OUTCOME_UNKNOWN])
		return STATUS_UNKNOWN;
	if (run->count[OUTCOME_FAILED] || run->count[OUTCOME_REJECTED] || run->not_told)
		return STATUS_SOME_FAILED;
	return STATUS_DONE;
}

static int prepare(struct run *run, struct err *e)
{
	struct push_options *o = &run->options;
	struct policy policy = {.board = o->board, .revision = o->revision};
	struct board_dirs dirs;

	if (secret_protect_process(e) || crypto_init_verify(e))
		return -1;
	if (board_dirs_init(&dirs, o->boards_dir, e) || board_find(&run->board, &dirs, o->board, e))
		return -1;
	if (o->wipe && !run->board.wipe.upgrade[0])
		return err_set(e, VERDICT_USAGE, "%s has no way to upgrade and wipe the settings", run->board.id);
	if (secret_read(&run->password, o->password_file, o->password_fd, e))
		return -1;
	if (image_open(&run->image, o->bundle, &o->trust, &policy, e)) {
		if (e->verdict == VERDICT_WRONG_BOARD && !o->have_revision)
			err_prefix(e, "a bundle for some revisions only wants --board %s:REVISION", o->board);
		return -1;
	}
	if (!o->quiet)
		fprintf(stderr, "%s %s, counter %" PRIu64 ", %" PRIu64 " bytes: verified\n", run->image.head.product,
			run->image.head.version, run->image.head.counter, run->image.size);
	return 0;
}

int cmd_push(int argc, char **argv)
{
	struct run run = {.image = {.fd = -1}};
	struct err e = {0};
	int status = -1;
	bool started = false;

	if (push_options_parse(&run.options, argc, argv, &e)) {
		status = e.verdict == VERDICT_USAGE ? cli_usage("%s", e.message) : cli_fail_as(&e, run.options.json);
		goto out;
	}
	if (prepare(&run, &e) || http_start(&e)) {
		status = cli_fail_as(&e, run.options.json);
		goto out;
	}
	started = true;
	for (size_t i = 0; i < run.options.naddresses; i++) {
		if (push_one(&run, &run.options.addresses[i], &e)) {
			status = cli_fail(&e);
			goto out;
		}
	}
	status = cli_done(status_of(&run));
out:
	if (started)
		http_stop();
	secret_free(&run.password);
	image_close(&run.image);
	push_options_free(&run.options);
	return status;
}
