/* SPDX-License-Identifier: ISC */
/* firmverify confirm, rollback, boot-attempt: for boards with two sides. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "core/cli.h"
#include "core/json.h"
#include "verifier/journal.h"
#include "verifier/trial.h"
#include "verifier/verbs.h"

/* What one of the verbs does, under the lock. */
typedef int act(const struct device *d, struct trial_result *out, struct err *e);

static int attempt(const struct device *d, struct trial_result *out, struct err *e)
{
	*out = (struct trial_result){.changed = true};
	if (boot_attempt(d, &out->boot, e) != 0)
		return -1;
	out->running = out->boot.side; /* in a moment */
	return state_confirmed(d, &out->counter, e);
}

/* The first program of a start finishes nothing of an earlier install, and waits for nobody: the file systems may not be there yet. */
static int run(const struct device *d, act *act_of_verb, struct trial_result *out, struct err *e)
{
	int lock = state_lock(d, e), rc;

	if (lock < 0 && (act_of_verb != attempt || e->verdict == VERDICT_BUSY))
		return -1;
	rc = act_of_verb == attempt ? 0 : journal_finish(d, NULL, 0, e);
	if (rc == 0)
		rc = act_of_verb(d, out, e);
	if (lock >= 0)
		close(lock);
	return rc;
}

static void print_json(const struct trial_result *r)
{
	struct json j;

	json_begin(&j, stdout);
	json_open_object(&j, NULL);
	json_put_string(&j, "verdict", verdict_word(VERDICT_OK));
	json_put_number(&j, "status", STATUS_DONE);
	json_put_string(&j, "running", boot_letter(r->running));
	json_put_string(&j, "side", boot_letter(r->boot.side));
	json_put_bool(&j, "trial", r->boot.trial);
	json_put_number(&j, "tries", r->boot.tries);
	json_put_number(&j, "confirmed", r->counter);
	json_put_bool(&j, "changed", r->changed);
	if (r->image.any)
		json_put_string(&j, "version", r->image.version);
	json_close_object(&j);
	json_finish(&j);
}

static void print_text(act *act_of_verb, const struct trial_result *r)
{
	const char *version = r->image.any ? r->image.version : "the image there";

	if (act_of_verb == attempt) /* alone on its line, for the program that starts the side */
		printf("%s\n", boot_letter(r->boot.side));
	else if (act_of_verb == trial_rollback)
		printf("side %s starts next%s: %s\n", boot_letter(r->boot.side), r->boot.trial ? ", on trial" : "", version);
	else
		printf("%s: %s on side %s, counter %" PRIu64 "\n", r->changed ? "confirmed" : "nothing was on trial", version,
		       boot_letter(r->running), r->counter);
}

static int verb(int argc, char **argv, act *act_of_verb)
{
	const char *device_file = DEVICE_FILE_DEFAULT;
	struct trial_result result;
	struct device device;
	struct err e = {.verdict = VERDICT_OK};
	bool json = false;
	int usage = cmd_device_options(&device_file, &json, argc, argv);

	if (usage != 0)
		return usage;
	if (crypto_init_verify(&e) != 0 || device_load(&device, device_file, &e) != 0 || run(&device, act_of_verb, &result, &e) != 0)
		return cli_done(cli_fail_as(&e, json));
	if (json)
		print_json(&result);
	else
		print_text(act_of_verb, &result);
	return cli_done(STATUS_DONE);
}

int cmd_confirm(int argc, char **argv)
{
	return verb(argc, argv, trial_confirm);
}

int cmd_rollback(int argc, char **argv)
{
	return verb(argc, argv, trial_rollback);
}

int cmd_boot_attempt(int argc, char **argv)
{
	return verb(argc, argv, attempt);
}
