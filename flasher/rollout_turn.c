/* SPDX-License-Identifier: ISC */
/* The end of a turn of the loop: who may go on, who may begin, which wave is next, and whether it is all over. */
#include "flasher/rollout_parts.h"

static void grant(struct rollout *r, struct queue *q)
{
	struct item *i = queue_pop(q);
	enum session_state before = i->d->session.state;
	struct session_next next = {0};

	session_granted(&i->d->session, &r->setup.plan->rules, loop_now(r->setup.loop), &next);
	item_follow(i, &next, before);
}

static void grant_all(struct rollout *r)
{
	const struct plan_limits *l = &r->setup.plan->limits;
	uint64_t now = loop_now(r->setup.loop);

	while (r->uploads.first && !r->halted && !r->draining && (!l->uploads || r->nuploading < l->uploads))
		grant(r, &r->uploads);
	/* After a halt nobody is rebooted: that would put an image to work that has just been found wanting. */
	while (r->reboots.first && !r->halted) {
		if (l->reboots && r->reboot_due_ms > now) {
			if (!loop_armed(&r->reboot_timer))
				rollout_arm(r, &r->reboot_timer, r->reboot_due_ms - now);
			return;
		}
		if (l->reboots)
			r->reboot_due_ms = (r->reboot_due_ms > now ? r->reboot_due_ms : now) + 60000 / l->reboots;
		grant(r, &r->reboots);
	}
}

static bool may_admit(const struct rollout *r)
{
	uint64_t uploads = r->setup.plan->limits.uploads;
	uint32_t capacity = r->setup.maker->capacity;

	return !r->halted && !r->draining && !r->gate && !r->failed && (!capacity || r->nbusy < capacity) &&
	       (!uploads || r->npreparing < 2 * uploads); /* looked at too early, figures grow old */
}

static void admit(struct item *i)
{
	struct session *s = &i->d->session;
	enum session_state before = s->state;
	const struct plan_device *p = &i->r->setup.plan->devices[i->index];
	const struct rollout_kind *kind = rollout_kind_of(i->r, p->board.board);
	struct session_next next = {0};

	s->seed = i->index * 2654435761u + 1;
	s->sent = i->d->sent_ms != 0;
	s->sent_ms = (int64_t)(loop_now(i->r->setup.loop) - rollout_now(i->r) + i->d->sent_ms);
	s->self_reboot = kind && !(i->r->setup.plan->wipe ? &kind->board.wipe : &kind->board.keep)->reboot[0];
	session_begin(s, &i->r->setup.plan->rules, loop_now(i->r->setup.loop), &next);
	i->admitted = true;
	i->r->npreparing += before <= SESSION_ELIGIBLE;
	item_follow(i, &next, before);
}

/* The wave's boards have all ended: on to the next one. Returns false when there is none, or it may not begin. */
static bool next_wave(struct rollout *r)
{
	char text[64], number[16];

	if (r->wave == r->setup.plan->nwaves || r->halted || r->draining || r->nended == r->n) /* all of them: there is nothing to begin */
		return false;
	if (r->setup.plan->waves[r->wave].hand && r->wave + 1 > r->opened) {
		if (!r->gate) {
			r->gate = true;
			snprintf(r->why, sizeof r->why, "wave %u waits at its gate", r->wave + 1);
			rollout_note(r, "gate", r->why);
		}
		return false;
	}
	r->wave++;
	r->wave_end += r->setup.plan->waves[r->wave - 1].count;
	if (r->wave > r->opened) {
		r->opened = r->wave;
		snprintf(number, sizeof number, "%u", r->wave);
		rollout_set(r, "opened", number);
		snprintf(text, sizeof text, "wave %u begins: %zu %s", r->wave, r->setup.plan->waves[r->wave - 1].count,
			 r->setup.plan->waves[r->wave - 1].count == 1 ? "board" : "boards");
		rollout_note(r, "wave", text);
	}
	return true;
}

static bool wave_done(const struct rollout *r)
{
	size_t first = r->wave ? r->wave_end - r->setup.plan->waves[r->wave - 1].count : 0;

	if (r->cursor < r->wave_end || r->nbusy || r->uploads.first || r->reboots.first)
		return false;
	for (size_t k = first; k < r->wave_end; k++)
		if (!session_ended(r->items[k].d->session.state))
			return false;
	return true;
}

static void admit_all(struct rollout *r)
{
	do {
		for (; r->cursor < r->wave_end && may_admit(r); r->cursor++)
			if (!session_ended(r->items[r->cursor].d->session.state))
				admit(&r->items[r->cursor]);
	} while (wave_done(r) && next_wave(r));
}

static void conclude(struct rollout *r)
{
	r->over = true;
	r->end = r->halted ? ROLLOUT_HALTED : r->nended == r->n ? ROLLOUT_DONE : r->gate ? ROLLOUT_GATE : ROLLOUT_DRAINED;
	if (r->end == ROLLOUT_DONE)
		rollout_note(r, "done", "every board has ended");
	else if (r->end == ROLLOUT_DRAINED)
		rollout_note(r, "stop", "stopped by hand; no board was left in the middle of anything");
	if (!r->failed && ledger_commit(r->setup.ledger, r->e))
		rollout_fail(r);
	loop_stop(r->setup.loop);
}

void rollout_on_flush(void *owner)
{
	struct rollout *r = owner;
	struct item *i;

	if (r->over || r->failed)
		return;
	grant_all(r);
	admit_all(r);
	grant_all(r);
	if (!r->failed && ledger_commit(r->setup.ledger, r->e))
		rollout_fail(r);
	while (!r->failed && (i = queue_pop(&r->pending))) {
		if (i->delay_ms)
			rollout_arm(r, &i->timer, i->delay_ms);
		else
			queue_push(&r->ready, i);
	}
	rollout_start_ready(r);
	if (!r->nbusy && !r->pending.first && !loop_armed(&r->flush) && !loop_armed(&r->reboot_timer))
		conclude(r);
}
