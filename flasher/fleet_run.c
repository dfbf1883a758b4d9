/* SPDX-License-Identifier: ISC */
/* From a plan or a ledger to a run that is ready, and to its end. */
#include "flasher/fleet_parts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/io.h"
#include "flasher/link_http.h"

uint64_t fleet_wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static struct fleet_run *fresh(const struct fleet_options *o, struct err *e)
{
	struct fleet_run *f = calloc(1, sizeof *f);

	if (!f) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		return NULL;
	}
	f->options = *o;
	if (secret_protect_process(e) || crypto_init_verify(e)) {
		free(f);
		return NULL;
	}
	return f;
}

static int load(struct fleet_run *f, struct err *e)
{
	f->devices = calloc(f->plan.n + 1, sizeof *f->devices);
	if (!f->devices)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	return ledger_load(f->ledger, &f->plan, f->devices, e);
}

/* Makes a run by READY; what that leaves half made is freed. */
static int make(struct fleet_run **out, const struct fleet_options *o, int (*ready)(struct fleet_run *f, struct err *e),
		struct err *e)
{
	struct fleet_run *f = fresh(o, e);

	*out = NULL;
	if (!f)
		return -1;
	if (ready(f, e)) {
		fleet_run_free(&f);
		return -1;
	}
	*out = f;
	return 0;
}

static int ready_anew(struct fleet_run *f, struct err *e)
{
	const struct fleet_options *o = &f->options;
	char *text = NULL;
	size_t len;
	int rc = -1;

	if (io_read_file(&text, &len, o->file, PLAN_FILE_MAX, e) || plan_parse(&f->plan, o->file, text, len, e))
		goto out;
	if (!o->bundle)
		f->options.bundle = f->plan.bundle;
	if (fleet_read_credentials(f, e) || fleet_open_images(f, e)) /* before there is a ledger: a mistake leaves nothing behind */
		goto out;
	if (ledger_create(&f->ledger, o->ledger ? o->ledger : "", text, len, &f->plan, e) || fleet_keep(f, e) ||
	    ledger_put_note(f->ledger, fleet_wall_ms(), "begun", o->dry_run ? "a dry run" : "", e) || ledger_commit(f->ledger, e))
		goto out;
	rc = load(f, e);
out:
	free(text);
	return rc;
}

int fleet_run_create(struct fleet_run **out, const struct fleet_options *o, struct err *e)
{
	return make(out, o, ready_anew, e);
}

/* Addresses of today, by MAC. */
static int take_inventory(struct fleet_run *f, struct err *e)
{
	struct inventory inv;
	int rc = -1;

	if (!f->options.inventory)
		return 0;
	if (inventory_read(&inv, f->options.inventory, e))
		goto out;
	for (size_t i = 0; i < f->plan.n; i++) {
		const struct inventory_board *b = inventory_find(&inv, f->devices[i].session.mac);

		if (!b || strcmp(b->address.text, f->devices[i].address) == 0)
			continue;
		snprintf(f->devices[i].address, sizeof f->devices[i].address, "%s", b->address.text);
		if (ledger_put(f->ledger, (uint32_t)i, &f->devices[i], NULL, 0, fleet_wall_ms(), e))
			goto out;
	}
	rc = 0;
out:
	inventory_free(&inv);
	return rc;
}

/* A halt stays in force until somebody lifts it: whoever ran into it counts no more. */
static int lift(struct fleet_run *f, struct err *e)
{
	char *why = malloc(LEDGER_VALUE_MAX + 1);
	int rc = -1;

	if (!why)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (ledger_get(f->ledger, "halted", why, e))
		goto out;
	if (why[0] && !f->options.lift) {
		err_set(e, VERDICT_HALTED, "%s. `--lift' goes on all the same", why);
		goto out;
	}
	for (size_t i = 0; why[0] && i < f->plan.n; i++) {
		f->devices[i].counted = false;
		if (ledger_put(f->ledger, (uint32_t)i, &f->devices[i], NULL, 0, fleet_wall_ms(), e))
			goto out;
	}
	if (why[0] && (ledger_set(f->ledger, "halted", "", e) || ledger_put_note(f->ledger, fleet_wall_ms(), "lift", why, e)))
		goto out;
	rc = 0;
out:
	free(why);
	return rc;
}

static int ready_again(struct fleet_run *f, struct err *e)
{
	char *text = NULL;
	size_t len;
	int rc = -1;

	if (ledger_open(&f->ledger, f->options.file, true, e) || ledger_plan(f->ledger, &text, &len, e) ||
	    plan_parse(&f->plan, "the ledger's plan", text, len, e) || fleet_recall(f, e) || load(f, e) || lift(f, e) ||
	    fleet_read_credentials(f, e) || fleet_open_images(f, e) || take_inventory(f, e) ||
	    ledger_put_note(f->ledger, fleet_wall_ms(), "resume", "", e))
		goto out;
	rc = ledger_commit(f->ledger, e);
out:
	free(text);
	return rc;
}

int fleet_run_open(struct fleet_run **out, const struct fleet_options *o, struct err *e)
{
	return make(out, o, ready_again, e);
}

static bool named(const char *states, const char *word)
{
	size_t n = strlen(word);

	for (; *states; states += strcspn(states, ",") + (states[strcspn(states, ",")] ? 1 : 0))
		if (strcspn(states, ",") == n && memcmp(states, word, n) == 0)
			return true;
	return false;
}

int fleet_run_retry(struct fleet_run *f, const char *states, struct err *e)
{
	for (size_t i = 0; i < f->plan.n; i++) {
		struct ledger_device *d = &f->devices[i];

		if (!f->plan.devices[i].wave || !named(states, session_state_word(d->session.state)))
			continue;
		session_retry(&d->session);
		d->counted = false;
		d->began_ms = d->ended_ms = 0; /* how long it takes counts from here */
		if (ledger_put(f->ledger, (uint32_t)i, d, &d->session.state, 1, fleet_wall_ms(), e))
			return -1;
	}
	return ledger_commit(f->ledger, e);
}

void fleet_run_free(struct fleet_run **out)
{
	struct fleet_run *f = *out;

	if (!f)
		return;
	rollout_free(&f->rollout);
	if (f->options.dry_run)
		link_sim_free(&f->maker);
	else
		link_http_free(&f->maker);
	loop_free(&f->loop);
	fleet_close_images(f);
	credentials_free(&f->credentials);
	ledger_close(&f->ledger);
	report_filled_free(&f->report);
	plan_free(&f->plan);
	free(f->devices);
	free(f->boards);
	for (size_t i = 0; i < f->nkept; i++)
		free(f->kept[i]);
	free(f);
	*out = NULL;
}
