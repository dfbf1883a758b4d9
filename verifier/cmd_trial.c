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

/* What one of the verbs does, under the lock. K is what the board knows; NULL for `attempt'. */
typedef int act(const struct device *d, struct known *k, struct trial_result *out, struct err *e);

/* Asks nobody whom to trust, and so never fails because of what was kept: it only chooses between sides that are installed. */
static int attempt(const struct device *d, struct known *k, struct trial_result *out, struct err *e)
{
	(void)k;
	*out = (struct trial_result){.changed = true};
	if (boot_attempt(d, &out->boot, e) != 0)
		return -1;
	out->running = out->boot.side; /* in a moment */
	return 0;
}

/* The first program of a start finishes nothing of an earlier install, and waits for nobody: the file systems may not be there yet. */
static int run(const struct device *d, act *act_of_verb, struct trial_result *out, struct err *e)
{
	int lock = state_lock(d, e), rc;
	struct known *k = NULL;

	if (lock < 0 && (act_of_verb != attempt || e->verdict == VERDICT_BUSY))
		return -1;
	rc = act_of_verb == attempt ? 0 : journal_finish(&k, d, JOURNAL_STAYS, e);
	if (rc == 0)
		rc = act_of_verb(d, k, out, e);
	for (size_t i = 0; k && i < k->nfaults; i++)
		fprintf(stderr, "firmverify: note: %s\n", k->faults[i]);
	known_free(&k);
	if (lock >= 0)
		close(lock);
	return rc;
}

static void print_json(act *act_of_verb, const struct trial_result *r)
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
	if (act_of_verb != attempt)
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
	struct err e = {.verdict = VERDICT_SYSTEM};
	bool json = false;
	int usage = cmd_device_options(&device_file, &json, argc, argv);

	if (usage != 0)
		return usage;
	if (crypto_init_verify(&e) != 0 || device_load(&device, device_file, &e) != 0 || run(&device, act_of_verb, &result, &e) != 0)
		return cli_done(cli_fail_as(&e, json));
	if (json)
		print_json(act_of_verb, &result);
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
