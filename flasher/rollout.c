/* SPDX-License-Identifier: ISC */
/* Waves, grants and acts. All that a turn of the loop decides is gathered, committed once, and only then done. */
#include "flasher/rollout_parts.h"

#include <stdlib.h>
#include <string.h>

enum { VIEW_MS = 1000 };

uint64_t rollout_now(const struct rollout *r)
{
	return r->setup.wall_ms + (loop_now(r->setup.loop) - r->base_ms);
}

unsigned rollout_wave(const struct rollout *r)
{
	return r->wave;
}

const char *rollout_state(const struct rollout *r, const char **why)
{
	*why = r->why;
	return r->halted ? "halted" : r->nended == r->n ? "done" : r->stopped ? "stopped" : r->gate ? "gate" :
	       r->draining ? (r->over ? "stopped" : "draining") : "running";
}

void rollout_fail(struct rollout *r)
{
	r->failed = true;
	loop_stop(r->setup.loop);
}

void rollout_arm(struct rollout *r, struct loop_timer *t, uint64_t ms)
{
	if (!r->failed && loop_arm(r->setup.loop, t, ms, r->e))
		rollout_fail(r);
}

void rollout_note(struct rollout *r, const char *kind, const char *text)
{
	if (!r->failed && ledger_put_note(r->setup.ledger, rollout_now(r), kind, text, r->e))
		rollout_fail(r);
}

void rollout_set(struct rollout *r, const char *key, const char *value)
{
	if (!r->failed && ledger_set(r->setup.ledger, key, value, r->e))
		rollout_fail(r);
}

static void on_view(void *owner)
{
	struct rollout *r = owner;

	r->setup.view(r->setup.owner, r);
	rollout_arm(r, &r->view, VIEW_MS);
}

static const struct item *sorting; /* for the comparison alone */

static int by_mac_index(const void *a, const void *b)
{
	return strcmp(sorting[*(const uint32_t *)a].d->session.mac, sorting[*(const uint32_t *)b].d->session.mac);
}

static int fill(struct rollout *r, struct err *e)
{
	char why[SESSION_TEXT_MAX];

	if (halts_init(&r->halts, r->setup.plan, e))
		return -1;
	for (uint32_t k = 0; k < r->n; k++) {
		struct item *i = &r->items[k];
		const struct session *s = &r->setup.devices[k].session;

		*i = (struct item){.r = r, .d = &r->setup.devices[k], .index = k, .timer = {.fire = item_on_time, .owner = i}};
		r->by_mac[k] = k;
		r->nended += session_ended(s->state);
		if (i->d->counted)
			(void)halts_count(&r->halts, k, s->state, s->class, why); /* a halt of then was lifted, or is in force */
	}
	sorting = r->items;
	qsort(r->by_mac, r->n, sizeof *r->by_mac, by_mac_index);
	return 0;
}

int rollout_open(struct rollout **out, const struct rollout_setup *setup, struct err *e)
{
	struct rollout *r = calloc(1, sizeof *r);
	int rc = -1;

	*out = NULL;
	if (!r)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	r->setup = *setup;
	r->n = setup->plan->n - setup->plan->nskipped;
	r->opened = setup->opened;
	r->base_ms = loop_now(setup->loop);
	r->flush = (struct loop_timer){.fire = rollout_on_flush, .owner = r};
	r->reboot_timer = (struct loop_timer){.fire = rollout_on_flush, .owner = r};
	r->view = (struct loop_timer){.fire = on_view, .owner = r};
	queue_init(&r->uploads);
	queue_init(&r->reboots);
	queue_init(&r->pending);
	queue_init(&r->ready);
	r->items = calloc(r->n + 1, sizeof *r->items);
	r->by_mac = calloc(r->n + 1, sizeof *r->by_mac);
	if (!r->items || !r->by_mac) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		goto out;
	}
	if (fill(r, e))
		goto out;
	*out = r;
	r = NULL;
	rc = 0;
out:
	rollout_free(&r);
	return rc;
}

int rollout_run(struct rollout *r, enum rollout_end *end, struct err *e)
{
	r->e = e;
	rollout_arm(r, &r->flush, 0);
	if (r->setup.view)
		rollout_arm(r, &r->view, VIEW_MS);
	if (!r->failed && loop_run(r->setup.loop, e))
		r->failed = true;
	if (r->setup.view && !r->failed)
		r->setup.view(r->setup.owner, r);
	*end = r->end;
	r->e = NULL;
	return r->failed ? -1 : 0;
}

void rollout_drain(struct rollout *r)
{
	if (r->draining || r->over)
		return;
	r->draining = true;
	if (!r->halted)
		snprintf(r->why, sizeof r->why, "by hand; boards under way go to their end");
	rollout_release_unbegun(r);
	if (!loop_armed(&r->flush))
		rollout_arm(r, &r->flush, 0);
}

void rollout_stop(struct rollout *r)
{
	if (r->over)
		return;
	r->over = r->stopped = true;
	r->end = ROLLOUT_STOPPED;
	snprintf(r->why, sizeof r->why, "by hand, at once");
	rollout_note(r, "stop", r->why);
	if (!r->failed && ledger_commit(r->setup.ledger, r->e))
		rollout_fail(r);
	loop_stop(r->setup.loop);
}

void rollout_free(struct rollout **out)
{
	struct rollout *r = *out;

	if (!r)
		return;
	for (size_t k = 0; r->items && k < r->n; k++) {
		loop_disarm(r->setup.loop, &r->items[k].timer);
		link_close(&r->items[k].link);
	}
	loop_disarm(r->setup.loop, &r->flush);
	loop_disarm(r->setup.loop, &r->reboot_timer);
	loop_disarm(r->setup.loop, &r->view);
	halts_free(&r->halts);
	free(r->items);
	free(r->by_mac);
	free(r);
	*out = NULL;
}
