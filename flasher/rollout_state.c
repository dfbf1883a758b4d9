/* SPDX-License-Identifier: ISC */
/* A board's state has changed: what is counted, put down, halted. */
#include "flasher/rollout_parts.h"

bool item_preparing(const struct item *i)
{
	return i->admitted && i->d->session.state <= SESSION_ELIGIBLE;
}

void rollout_release_unbegun(struct rollout *r)
{
	queue_init(&r->uploads);
	for (size_t k = 0; k < r->n; k++) {
		struct item *i = &r->items[k];

		if (!item_preparing(i))
			continue;
		loop_disarm(r->setup.loop, &i->timer);
		link_close(&i->link);
		r->nbusy -= i->busy;
		r->nflying -= i->flying;
		r->npreparing--;
		i->admitted = i->busy = i->flying = false;
	}
	for (struct queue *q = &r->pending;; q = &r->ready) { /* those that are not busy any more drop out of the queues */
		struct queue kept;
		struct item *i;

		queue_init(&kept);
		while ((i = queue_pop(q)))
			if (i->busy)
				queue_push(&kept, i);
		queue_init(q);
		while ((i = queue_pop(&kept)))
			queue_push(q, i);
		if (q == &r->ready)
			break;
	}
}

static void halt(struct rollout *r, const char *why)
{
	if (r->halted)
		return;
	r->halted = true;
	snprintf(r->why, sizeof r->why, "%s", why);
	rollout_set(r, "halted", why);
	rollout_note(r, "halt", why);
	rollout_release_unbegun(r);
}

static void finish(struct item *i)
{
	struct rollout *r = i->r;
	const struct session *s = &i->d->session;
	char why[SESSION_TEXT_MAX];

	link_close(&i->link);
	i->admitted = false;
	r->nended++;
	if (halts_count(&r->halts, i->index, s->state, s->class, why))
		halt(r, why);
}

void item_follow(struct item *i, const struct session_next *next, enum session_state before)
{
	struct rollout *r = i->r;
	enum session_state now = i->d->session.state;

	r->npreparing += item_preparing(i);
	r->npreparing -= i->admitted && before <= SESSION_ELIGIBLE;
	r->nuploading += now == SESSION_UPLOADING;
	r->nuploading -= before == SESSION_UPLOADING && i->uploading;
	i->uploading = now == SESSION_UPLOADING;
	if (next->nedges) {
		if (!i->d->began_ms)
			i->d->began_ms = rollout_now(r);
		i->d->ended_ms = session_ended(now) ? rollout_now(r) : 0;
		i->d->counted = session_ended(now);
		if (now == SESSION_UPLOADING)
			i->d->sent_ms = rollout_now(r);
		if (!r->failed && ledger_put(r->setup.ledger, i->index, i->d, next->edges, next->nedges, rollout_now(r), r->e))
			rollout_fail(r);
	}
	switch (next->want) {
	case WANT_ACT:
		i->act = next->act;
		i->delay_ms = next->delay_ms;
		i->busy = true;
		r->nbusy++;
		queue_push(&r->pending, i);
		break;
	case WANT_UPLOAD:
		queue_push(&r->uploads, i);
		break;
	case WANT_REBOOT:
		queue_push(&r->reboots, i);
		break;
	case WANT_NOTHING:
		finish(i);
		break;
	}
	if (!loop_armed(&r->flush))
		rollout_arm(r, &r->flush, 0);
}
