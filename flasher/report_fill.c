/* SPDX-License-Identifier: ISC */
/* From the ledger's words to the report's. */
#include "flasher/report_fill.h"

#include <stdlib.h>
#include <string.h>

int report_fill(struct report_filled *f, const struct plan *plan, const struct ledger_device *devices, struct err *e)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out;
	unsigned char hash[HASH_SIZE];

	*f = (struct report_filled){0};
	f->devices = calloc(plan->n + 1, sizeof *f->devices);
	out = open_memstream(&text, &len);
	if (!f->devices || !out) {
		if (out)
			(void)fclose(out);
		free(text);
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	}
	plan_write(out, plan);
	if (fclose(out) != 0) {
		free(text);
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	}
	hash_buffer(hash, text, len);
	free(text);
	text_put_hash(f->plan, hash);
	text_put_hash(f->hash, plan->hash);
	f->report = (struct report){.plan = f->plan, .product = plan->product, .version = plan->version, .image = f->hash,
				    .image_size = plan->size, .state = "running", .why = "", .devices = f->devices,
				    .ndevices = plan->n, .waves = f->waves, .nwaves = plan->nwaves};
	for (size_t i = 0; i < plan->n; i++) {
		const struct inventory_board *b = &plan->devices[i].board;

		f->devices[i] = (struct report_device){.mac = b->mac, .board = b->board, .site = b->site, .rack = b->rack,
						       .wave = plan->devices[i].wave};
	}
	for (size_t w = 0; w < plan->nwaves; w++)
		f->waves[w] = (struct report_wave){.name = w == 0 && plan->nwaves > 1 ? "canary" : "", .total = plan->waves[w].count};
	report_refresh(f, plan, devices, "running", "", 0, 0);
	return 0;
}

void report_refresh(struct report_filled *f, const struct plan *plan, const struct ledger_device *devices, const char *state,
		    const char *why, unsigned wave, uint64_t now_ms)
{
	size_t left[PLAN_WAVES_MAX] = {0};
	uint64_t began = 0;

	for (size_t i = 0; i < plan->n; i++) {
		const struct session *s = &devices[i].session;
		struct report_device *d = &f->devices[i];

		d->address = devices[i].address;
		d->version_before = s->before;
		d->version = s->version;
		d->state = s->state;
		d->was = s->was;
		d->class = s->class;
		d->message = s->text;
		d->attempts = s->uploads;
		d->began_ms = devices[i].began_ms;
		d->ended_ms = devices[i].ended_ms;
		if (d->began_ms && (!began || d->began_ms < began))
			began = d->began_ms;
		if (d->wave && !session_ended(s->state))
			left[d->wave - 1]++;
	}
	for (size_t w = 0; w < plan->nwaves; w++)
		f->waves[w].state = left[w] == 0 ? "done" : w + 1 > wave ? (w == wave && strcmp(state, "gate") == 0 ? "gate" : "waiting")
				    : strcmp(state, "halted") == 0 || strcmp(state, "interrupted") == 0 ? state : "running";
	snprintf(f->why, sizeof f->why, "%s", why);
	f->report.why = f->why;
	f->report.state = state;
	f->report.now_ms = now_ms;
	f->report.began_ms = began;
}

int report_take_notes(struct report_filled *f, struct ledger *l, struct err *e)
{
	size_t n;

	free(f->notes);
	free(f->events);
	f->events = NULL;
	f->report.nevents = 0;
	if (ledger_notes(l, &f->notes, &n, e))
		return -1;
	f->events = calloc(n + 1, sizeof *f->events);
	if (!f->events)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		f->events[i] = (struct report_event){f->notes[i].at_ms, f->notes[i].kind, f->notes[i].text};
	f->report.events = f->events;
	f->report.nevents = n;
	return 0;
}

/* The state of a run that this process does not run itself, from what it last wrote down. */
static const char *last_state(const struct report_filled *f, const struct ledger_device *devices, const char *halted, bool in_use)
{
	const char *kind = f->report.nevents ? f->events[f->report.nevents - 1].kind : "";
	size_t left = 0;

	for (size_t i = 0; i < f->report.ndevices; i++)
		left += !session_ended(devices[i].session.state);
	return *halted ? "halted" : left == 0 ? "done" : strcmp(kind, "gate") == 0 ? "gate" :
	       strcmp(kind, "stop") == 0 ? "stopped" : in_use ? "running" : "interrupted";
}

int report_load(struct report_filled *f, struct ledger *l, struct plan *plan, struct ledger_device **devices, uint64_t now_ms,
		struct err *e)
{
	char *text = NULL, *value = malloc(LEDGER_VALUE_MAX + 1);
	const char *state;
	size_t len;
	uint64_t opened = 0;
	int rc = -1;

	*f = (struct report_filled){0};
	*plan = (struct plan){0};
	*devices = NULL;
	if (!value) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		goto out;
	}
	if (ledger_plan(l, &text, &len, e) || plan_parse(plan, "the ledger's plan", text, len, e))
		goto out;
	*devices = calloc(plan->n + 1, sizeof **devices);
	if (!*devices) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		goto out;
	}
	if (ledger_load(l, plan, *devices, e) || report_fill(f, plan, *devices, e) || report_take_notes(f, l, e) ||
	    ledger_get(l, "opened", value, e))
		goto out;
	(void)text_number(&opened, (struct span){value, strlen(value)}, PLAN_WAVES_MAX);
	if (ledger_get(l, "halted", value, e))
		goto out;
	state = last_state(f, *devices, value, ledger_in_use(l));
	report_refresh(f, plan, *devices, state, strcmp(state, "interrupted") == 0 ? "nobody is at work on it; `firmflash resume' goes on" : value,
		       (unsigned)opened, now_ms);
	rc = 0;
out:
	free(text);
	free(value);
	return rc;
}

void report_filled_free(struct report_filled *f)
{
	free(f->devices);
	free(f->events);
	free(f->notes);
	*f = (struct report_filled){0};
}
