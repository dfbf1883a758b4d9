/* SPDX-License-Identifier: ISC */
/* Waves, grants and acts. All that a turn of the loop decides is gathered, committed once, and only then done. */
#include "flasher/rollout.h"

#include <stdlib.h>
#include <string.h>

#include "flasher/halts.h"

enum { VIEW_MS = 1000 };

/* One board under way. */
struct item {
	struct rollout *r;
	struct ledger_device *d;
	uint32_t index;
	bool admitted, busy; /* BUSY: an act is to be started, waits for its time, or is under way */
	bool flying;         /* an act is under way */
	bool uploading;      /* counted as such */
	bool moved;          /* the link is to the wrong address */
	char at[ADDRESS_MAX + 1]; /* where the link leads to */
	enum link_act act;
	uint64_t delay_ms;
	struct link *link;
	struct loop_timer timer;
	struct item *next;   /* in one of the queues */
};

/* First in, first out. */
struct queue {
	struct item *first, **last;
};

struct rollout {
	struct rollout_setup setup;
	struct item *items;          /* of all devices with a wave */
	uint32_t *by_mac;            /* their indexes, sorted */
	size_t n, cursor;            /* the next one to be admitted */
	size_t nended, nbusy, nflying, nuploading, npreparing;
	unsigned wave, opened;
	size_t wave_end;             /* index behind the wave's last device */
	struct queue uploads, reboots, pending, ready;
	struct loop_timer flush, reboot_timer, view;
	uint64_t reboot_due_ms, base_ms;
	struct halts halts;
	bool halted, draining, stopped, over, gate;
	char why[SESSION_TEXT_MAX];
	enum rollout_end end;
	struct err *e;               /* of rollout_run */
	bool failed;
};

static void queue_init(struct queue *q)
{
	q->first = NULL;
	q->last = &q->first;
}

static void push(struct queue *q, struct item *i)
{
	i->next = NULL;
	*q->last = i;
	q->last = &i->next;
}

static struct item *pop(struct queue *q)
{
	struct item *i = q->first;

	if (i) {
		q->first = i->next;
		if (!q->first)
			q->last = &q->first;
	}
	return i;
}

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
	return r->nended == r->n ? "done" : r->halted ? "halted" : r->stopped ? "stopped" : r->gate ? "gate" :
	       r->draining ? (r->over ? "stopped" : "draining") : "running";
}

/* What cannot be written down must not be done. */
static void fail(struct rollout *r)
{
	r->failed = true;
	loop_stop(r->setup.loop);
}

static void arm(struct rollout *r, struct loop_timer *t, uint64_t ms)
{
	if (!r->failed && loop_arm(r->setup.loop, t, ms, r->e))
		fail(r);
}

static void note(struct rollout *r, const char *kind, const char *text)
{
	if (!r->failed && ledger_put_note(r->setup.ledger, rollout_now(r), kind, text, r->e))
		fail(r);
}

static void set(struct rollout *r, const char *key, const char *value)
{
	if (!r->failed && ledger_set(r->setup.ledger, key, value, r->e))
		fail(r);
}

/* --- a board's state has changed --- */

static bool preparing(const struct item *i)
{
	return i->admitted && i->d->session.state <= SESSION_ELIGIBLE;
}

/* Boards that were sent nothing yet are let go: they begin anew when the run is resumed. */
static void release_unbegun(struct rollout *r)
{
	queue_init(&r->uploads);
	for (size_t k = 0; k < r->n; k++) {
		struct item *i = &r->items[k];

		if (!preparing(i))
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
		while ((i = pop(q)))
			if (i->busy)
				push(&kept, i);
		queue_init(q);
		while ((i = pop(&kept)))
			push(q, i);
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
	set(r, "halted", why);
	note(r, "halt", why);
	release_unbegun(r);
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

static void follow(struct item *i, const struct session_next *next, enum session_state before)
{
	struct rollout *r = i->r;
	enum session_state now = i->d->session.state;

	r->npreparing += preparing(i);
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
			fail(r);
	}
	switch (next->want) {
	case WANT_ACT:
		i->act = next->act;
		i->delay_ms = next->delay_ms;
		i->busy = true;
		r->nbusy++;
		push(&r->pending, i);
		break;
	case WANT_UPLOAD:
		push(&r->uploads, i);
		break;
	case WANT_REBOOT:
		push(&r->reboots, i);
		break;
	case WANT_NOTHING:
		finish(i);
		break;
	}
	if (!loop_armed(&r->flush))
		arm(r, &r->flush, 0);
}

/* --- acts --- */

static int by_mac(const void *key, const void *at, const struct item *items)
{
	return strcmp(key, items[*(const uint32_t *)at].d->session.mac);
}

static struct item *find(struct rollout *r, const char *mac)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int c = by_mac(mac, &r->by_mac[mid], r->items);

		if (c == 0)
			return &r->items[r->by_mac[mid]];
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

/* A board of the plan answers at another's address: DHCP has moved it, and that is where it is found from now on. */
static void learn(struct item *here, const char *mac)
{
	struct item *there = find(here->r, mac);

	if (!there || there == here || session_ended(there->d->session.state) || strcmp(there->d->address, here->at) == 0 ||
	    there->d->session.state == SESSION_UPLOADING)
		return;
	snprintf(there->d->address, sizeof there->d->address, "%s", here->at);
	there->moved = true;
}

static void told(void *context, const struct link_event *event)
{
	struct item *i = context;
	struct rollout *r = i->r;
	enum session_state before = i->d->session.state;
	struct session_next next = {0};

	r->nflying -= i->flying;
	r->nbusy--;
	i->flying = i->busy = false;
	if (event->act == LINK_IDENTIFY && event->result.outcome == OUTCOME_ACCEPTED &&
	    strcmp(event->identity.mac, i->d->session.mac) != 0)
		learn(i, event->identity.mac);
	session_told(&i->d->session, &r->setup.plan->rules, event, loop_now(r->setup.loop), &next);
	follow(i, &next, before);
}

static const struct rollout_kind *kind_of(const struct rollout *r, const char *id)
{
	for (size_t k = 0; k < r->setup.nkinds; k++)
		if (strcmp(r->setup.kinds[k].board.id, id) == 0)
			return &r->setup.kinds[k];
	return NULL;
}

static int open_link(struct item *i, struct err *e)
{
	struct rollout *r = i->r;
	const struct plan_device *p = &r->setup.plan->devices[i->index];
	const struct rollout_kind *kind = kind_of(r, p->board.board);
	struct link_target target = {.wipe = r->setup.plan->wipe, .index = i->index};

	if (!kind || address_parse(&target.address, i->d->address, e))
		return err_set(e, VERDICT_SYSTEM, "no profile or no address");
	memcpy(i->at, i->d->address, sizeof i->at);
	target.board = &kind->board;
	target.image = kind->image;
	target.logins = r->setup.credentials ? credentials_find(r->setup.credentials, p->board.credential) : NULL;
	return r->setup.maker->open(r->setup.maker, &i->link, &target, told, i, e);
}

static void start(struct item *i)
{
	struct err e = {0};

	if (i->moved)
		link_close(&i->link);
	i->moved = false;
	if (!i->link && open_link(i, &e)) {
		struct link_event event = {.act = i->act, .fault = LINK_LOCAL};

		result_set(&event.result, OUTCOME_FAILED, "%.400s", e.message);
		told(i, &event);
		return;
	}
	i->flying = true;
	i->r->nflying++;
	link_start(i->link, i->act);
}

static void start_ready(struct rollout *r)
{
	uint32_t capacity = r->setup.maker->capacity;
	struct item *i;

	while (!r->failed && (!capacity || r->nflying < capacity) && (i = pop(&r->ready)))
		start(i);
}

static void on_time(void *owner)
{
	struct item *i = owner;

	push(&i->r->ready, i);
	start_ready(i->r);
}

/* --- what may begin --- */

static void grant(struct rollout *r, struct queue *q)
{
	struct item *i = pop(q);
	enum session_state before = i->d->session.state;
	struct session_next next = {0};

	session_granted(&i->d->session, &r->setup.plan->rules, loop_now(r->setup.loop), &next);
	follow(i, &next, before);
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
				arm(r, &r->reboot_timer, r->reboot_due_ms - now);
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
	const struct rollout_kind *kind = kind_of(i->r, p->board.board);
	struct session_next next = {0};

	s->seed = i->index * 2654435761u + 1;
	s->sent = i->d->sent_ms != 0;
	s->sent_ms = (int64_t)(loop_now(i->r->setup.loop) - rollout_now(i->r) + i->d->sent_ms);
	s->self_reboot = kind && !(i->r->setup.plan->wipe ? &kind->board.wipe : &kind->board.keep)->reboot[0];
	session_begin(s, &i->r->setup.plan->rules, loop_now(i->r->setup.loop), &next);
	i->admitted = true;
	i->r->npreparing += before <= SESSION_ELIGIBLE;
	follow(i, &next, before);
}

/* The wave's boards have all ended: on to the next one. Returns false when there is none, or it may not begin. */
static bool next_wave(struct rollout *r)
{
	char text[64], number[16];

	if (r->wave == r->setup.plan->nwaves || r->halted || r->draining)
		return false;
	if (r->setup.plan->waves[r->wave].hand && r->wave + 1 > r->opened) {
		if (!r->gate) {
			r->gate = true;
			snprintf(r->why, sizeof r->why, "wave %u waits at its gate", r->wave + 1);
			note(r, "gate", r->why);
		}
		return false;
	}
	r->wave++;
	r->wave_end += r->setup.plan->waves[r->wave - 1].count;
	if (r->wave > r->opened) {
		r->opened = r->wave;
		snprintf(number, sizeof number, "%u", r->wave);
		set(r, "opened", number);
		snprintf(text, sizeof text, "wave %u begins: %zu boards", r->wave, r->setup.plan->waves[r->wave - 1].count);
		note(r, "wave", text);
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
	r->end = r->nended == r->n ? ROLLOUT_DONE : r->halted ? ROLLOUT_HALTED : r->gate ? ROLLOUT_GATE : ROLLOUT_DRAINED;
	if (r->end == ROLLOUT_DONE)
		note(r, "done", "every board has ended");
	else if (r->end == ROLLOUT_DRAINED)
		note(r, "stop", "stopped by hand; no board was left in the middle of anything");
	if (!r->failed && ledger_commit(r->setup.ledger, r->e))
		fail(r);
	loop_stop(r->setup.loop);
}

/* The end of a turn: what it led to is decided, committed, and then done. */
static void on_flush(void *owner)
{
	struct rollout *r = owner;
	struct item *i;

	if (r->over || r->failed)
		return;
	grant_all(r);
	admit_all(r);
	grant_all(r);
	if (!r->failed && ledger_commit(r->setup.ledger, r->e))
		fail(r);
	while (!r->failed && (i = pop(&r->pending))) {
		if (i->delay_ms)
			arm(r, &i->timer, i->delay_ms);
		else
			push(&r->ready, i);
	}
	start_ready(r);
	if (!r->nbusy && !r->pending.first && !loop_armed(&r->flush) && !loop_armed(&r->reboot_timer))
		conclude(r);
}

static void on_view(void *owner)
{
	struct rollout *r = owner;

	r->setup.view(r->setup.owner, r);
	arm(r, &r->view, VIEW_MS);
}

/* --- from outside --- */

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

		*i = (struct item){.r = r, .d = &r->setup.devices[k], .index = k, .timer = {.fire = on_time, .owner = i}};
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
	r->flush = (struct loop_timer){.fire = on_flush, .owner = r};
	r->reboot_timer = (struct loop_timer){.fire = on_flush, .owner = r};
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
	arm(r, &r->flush, 0);
	if (r->setup.view)
		arm(r, &r->view, VIEW_MS);
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
	release_unbegun(r);
	if (!loop_armed(&r->flush))
		arm(r, &r->flush, 0);
}

void rollout_stop(struct rollout *r)
{
	if (r->over)
		return;
	r->over = r->stopped = true;
	r->end = ROLLOUT_STOPPED;
	snprintf(r->why, sizeof r->why, "by hand, at once");
	note(r, "stop", r->why);
	if (!r->failed && ledger_commit(r->setup.ledger, r->e))
		fail(r);
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
