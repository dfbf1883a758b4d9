/* SPDX-License-Identifier: ISC */
/* `firmflash push`: one bundle, verified whole before the first packet, to one board after another. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "boards/board.h"
#include "core/cli.h"
#include "core/json.h"
#include "core/progress.h"
#include "core/say.h"
#include "flasher/cmd.h"
#include "flasher/http.h"
#include "flasher/image.h"
#include "flasher/push.h"

enum { BEAT_MS = 200 }; /* between two looks at the progress */

/* How the reboot went. */
enum rebooted { NOT_ASKED, NOT_WANTED, BY_ITSELF, TOLD, NOT_TOLD };

/* All that one run holds. */
struct run {
	struct push_options options;
	struct board board;
	struct credentials *credentials;
	struct image image;
	struct loop *loop;
	struct client *client;
	struct bucket bandwidth;
	bool started;
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
	json_open_object(&j, NULL);
	json_put_string(&j, "address", to->text);
	json_put_string(&j, "board", run->board.id);
	json_put_string(&j, "product", run->image.head.product);
	json_put_string(&j, "version", run->image.head.version);
	json_put_string(&j, "outcome", outcome_word(r->outcome));
	if (r->judged)
		json_put_string(&j, "verdict", verdict_word(r->verdict));
	json_put_string(&j, "message", r->text);
	json_put_string(&j, "reboot", words[rebooted]);
	json_close_object(&j);
	json_finish(&j);
}

static void print_line(const struct address *to, const struct result *r, enum rebooted rebooted)
{
	static const char *const notes[] = {[NOT_ASKED] = "",
					    [NOT_WANTED] = "; still to be rebooted (--reboot does it)",
					    [BY_ITSELF] = "; it reboots by itself",
					    [TOLD] = "; told to reboot",
					    [NOT_TOLD] = "; NOT REBOOTED"};

	say(stdout, "%s: %s%s%s%s%s%s\n", to->text, outcome_word(r->outcome), r->judged ? ": " : "",
	       r->judged ? verdict_word(r->verdict) : "", notes[rebooted], *r->text ? ": " : "", r->text);
}

/* One board, its progress on the terminal, and what is waited for just now. */
struct one {
	struct run *run;
	struct http *http;
	struct progress progress;
	struct loop_timer beat;
	struct result result;
};

static void on_told(void *owner, const struct result *r)
{
	struct one *one = owner;

	one->result = *r;
	loop_stop(one->run->loop);
}

static void on_beat(void *owner)
{
	struct one *one = owner;

	progress_update(&one->progress, http_sent(one->http));
	IGNORE(loop_arm(one->run->loop, &one->beat, BEAT_MS, NULL));
}

static int upload(struct one *one, const char *name, struct err *e)
{
	struct run *run = one->run;
	int rc;

	progress_begin(&one->progress, name, run->image.size, run->options.quiet);
	one->beat = (struct loop_timer){.fire = on_beat, .owner = one};
	IGNORE(loop_arm(run->loop, &one->beat, BEAT_MS, NULL));
	http_upload(one->http, &run->image, on_told, one);
	rc = loop_run(run->loop, e);
	loop_disarm(run->loop, &one->beat);
	progress_end(&one->progress);
	return rc;
}

/* What follows an accepted image. The text of the result tells why a board could not be told to reboot. */
static int reboot(struct one *one, enum rebooted *rebooted, struct err *e)
{
	struct result accepted = one->result;

	*rebooted = NOT_ASKED;
	if (accepted.outcome != OUTCOME_ACCEPTED)
		return 0;
	*rebooted = !http_wants_reboot(one->http) ? BY_ITSELF : NOT_WANTED;
	if (*rebooted == BY_ITSELF || !one->run->options.reboot)
		return 0;
	http_reboot(one->http, on_told, one);
	if (loop_run(one->run->loop, e))
		return -1;
	*rebooted = one->result.outcome == OUTCOME_ACCEPTED ? TOLD : NOT_TOLD;
	if (*rebooted == NOT_TOLD)
		memcpy(accepted.text, one->result.text, sizeof accepted.text);
	one->result = accepted;
	return 0;
}

/* Probe, upload, reboot; ONE->result tells how it ended. */
static int visit_board(struct one *one, const struct address *to, enum rebooted *rebooted, struct err *e)
{
	struct run *run = one->run;
	const struct push_options *o = &run->options;
	const struct http_options http = {to, &run->board, o->wipe, o->timeout * 1000, &run->bandwidth};

	*rebooted = NOT_ASKED;
	if (http_open(&one->http, run->client, &http, e))
		return -1;
	http_login(one->http, &credentials_find(run->credentials, "")->each[0], o->realm);
	http_probe(one->http, on_told, one);
	if (loop_run(run->loop, e))
		return -1;
	if (one->result.outcome != OUTCOME_ACCEPTED)
		return 0;
	return upload(one, to->text, e) || reboot(one, rebooted, e) ? -1 : 0;
}

/* Everything for one board. The result is on standard output before the next board is touched. */
static int push_one(struct run *run, const struct address *to, struct err *e)
{
	struct one one = {.run = run};
	enum rebooted rebooted;
	int rc = visit_board(&one, to, &rebooted, e);

	http_close(&one.http);
	if (rc)
		return -1;
	run->count[one.result.outcome]++;
	run->not_told += rebooted == NOT_TOLD;
	if (run->options.json)
		print_json(run, to, &one.result, rebooted);
	else
		print_line(to, &one.result, rebooted);
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

/* One login for one kind of board, both named on the command line: so it is for the scheme of that kind. */
static int read_login(struct run *run, struct err *e)
{
	const struct push_options *o = &run->options;
	struct secret *password = NULL;

	if (secret_read(&password, o->password_file, o->password_fd, e) != 0)
		return -1;
	if (credentials_single(&run->credentials, credential_scheme_of(&run->board), o->user, password, e) != 0) {
		secret_free(&password);
		return -1;
	}
	if (credential_next(credentials_find(run->credentials, ""), 0, &run->board, o->realm) == CREDENTIALS_EACH_MAX)
		return err_set(e, VERDICT_USAGE, "the profile %s names no realm: --realm TEXT says to which one the password may be shown (it is in the "
						 "board's WWW-Authenticate field; `firmflash scan --details' shows it)", run->board.id);
	return 0;
}

static int prepare(struct run *run, struct err *e)
{
	struct push_options *o = &run->options;
	struct policy policy = {.revision = o->revision};
	struct board_dirs dirs;

	if (secret_protect_process(e) || crypto_init_verify(e))
		return -1;
	if (board_dirs_init(&dirs, o->boards_dir, e) || board_find(&run->board, &dirs, o->board, e))
		return -1;
	if (o->wipe && !run->board.wipe.upgrade[0])
		return err_set(e, VERDICT_USAGE, "%s has no way to upgrade and wipe the settings", run->board.id);
	if (read_login(run, e))
		return -1;
	policy.board = run->board.hardware;
	if (image_open(&run->image, o->bundle, &o->trust, &policy, e)) {
		if (e->verdict == VERDICT_WRONG_BOARD && !o->have_revision)
			err_prefix(e, "a bundle for some revisions only wants --board %s:REVISION", o->board);
		return -1;
	}
	if (!o->quiet)
		say(stderr, "%s %s, counter %" PRIu64 ", %" PRIu64 " bytes: verified\n", run->image.head.product,
			run->image.head.version, run->image.head.counter, run->image.size);
	return image_select(&run->image, &run->board, &o->trust, e);
}

/* The network's side of it. */
static int start(struct run *run, struct err *e)
{
	if (client_start(e))
		return -1;
	run->started = true;
	if (loop_open(&run->loop, LOOP_MONOTONIC, e) || client_open(&run->client, run->loop, e))
		return -1;
	bucket_init_bytes(&run->bandwidth, run->loop, run->options.rate);
	return 0;
}

static void stop(struct run *run)
{
	client_free(&run->client);
	bucket_close(&run->bandwidth);
	loop_free(&run->loop);
	if (run->started)
		client_stop();
}

int cmd_push(int argc, char **argv)
{
	struct run run = {.image = {.fd = -1}};
	struct err e = {0};
	int status = -1;

	if (push_options_parse(&run.options, argc, argv, &e)) {
		status = cli_wrong(&e);
		goto out;
	}
	if (prepare(&run, &e) || start(&run, &e)) {
		status = cli_fail_as(&e, run.options.json);
		goto out;
	}
	for (size_t i = 0; i < run.options.naddresses; i++) {
		if (push_one(&run, &run.options.addresses[i], &e)) {
			status = cli_fail(&e);
			goto out;
		}
	}
	status = cli_done(status_of(&run));
out:
	stop(&run);
	credentials_free(&run.credentials);
	image_close(&run.image);
	push_options_free(&run.options);
	return status;
}
