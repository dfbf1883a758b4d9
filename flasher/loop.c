/* SPDX-License-Identifier: ISC */
/* epoll for descriptors, those of signals among them; a binary heap for timers. */
#define _GNU_SOURCE /* epoll_create1 */
#include "flasher/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "flasher/interrupt.h"

enum { BATCH = 256 };

struct loop {
	int epoll;
	enum loop_clock clock;
	uint64_t now_ms, order;
	bool running, stopped;
	size_t nwatches;
	struct loop_timer **heap; /* heap[0] is not used: place 0 means "not armed" */
	size_t ntimers, room;
	struct epoll_event batch[BATCH];
	int nbatch;               /* those of the batch that were not called yet are kept free of forgotten watches */
	struct interrupt interrupt;
	struct loop_watch signals; /* of its descriptor */
	void (*on_signal)(void *owner, int number);
	void *signal_owner;
};

static uint64_t monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int loop_open(struct loop **out, enum loop_clock clock, struct err *e)
{
	struct loop *l = calloc(1, sizeof *l);

	*out = NULL;
	if (!l)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0) {
		err_errno(e, "cannot make an epoll descriptor");
		free(l);
		return -1;
	}
	l->interrupt.fd = -1;
	l->clock = clock;
	l->now_ms = clock == LOOP_MONOTONIC ? monotonic_ms() : 0;
	*out = l;
	return 0;
}

void loop_free(struct loop **l)
{
	if (!*l)
		return;
	interrupt_end(&(*l)->interrupt);
	close((*l)->epoll);
	free((*l)->heap);
	free(*l);
	*l = NULL;
}

/* Within loop_run() all that happens in one turn happens at one time; outside of it the clock is read each time. */
static void look_at_clock(struct loop *l)
{
	if (l->clock == LOOP_MONOTONIC)
		l->now_ms = monotonic_ms();
}

uint64_t loop_now(struct loop *l)
{
	if (!l->running)
		look_at_clock(l);
	return l->now_ms;
}

void loop_stop(struct loop *l)
{
	l->stopped = true;
}

/* --- descriptors --- */

int loop_watch(struct loop *l, struct loop_watch *w, unsigned events, struct err *e)
{
	struct epoll_event event = {.data.ptr = w};

	event.events = (events & LOOP_READ ? EPOLLIN | EPOLLRDHUP : 0U) | (events & LOOP_WRITE ? EPOLLOUT : 0U);
	if (epoll_ctl(l->epoll, w->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, w->fd, &event))
		return err_errno(e, "cannot wait for descriptor %d", w->fd);
	l->nwatches += !w->watched;
	w->watched = true;
	return 0;
}

void loop_unwatch(struct loop *l, struct loop_watch *w)
{
	if (!w->watched)
		return;
	w->watched = false;
	l->nwatches--;
	(void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	for (int i = 0; i < l->nbatch; i++)
		if (l->batch[i].data.ptr == w)
			l->batch[i].data.ptr = NULL;
}

/* An error or a hang-up is something to be read and something that writing will tell of. */
static unsigned events_of(uint32_t events)
{
	if (events & (EPOLLERR | EPOLLHUP))
		return LOOP_READ | LOOP_WRITE;
	return (events & (EPOLLIN | EPOLLRDHUP) ? LOOP_READ : 0U) | (events & EPOLLOUT ? LOOP_WRITE : 0U);
}

/* Waits, at most so long, and calls whoever is ready; adds their number to *CALLED. *MORE: the batch was full, others may be ready, too. */
static int poll_once(struct loop *l, int timeout_ms, int *called, bool *more, struct err *e)
{
	int n;

	n = epoll_wait(l->epoll, l->batch, BATCH, timeout_ms);
	if (n < 0 && errno != EINTR)
		return err_errno(e, "cannot wait for descriptors");
	look_at_clock(l);
	l->nbatch = n > 0 ? n : 0;
	*more = n == BATCH;
	for (int i = 0; i < l->nbatch && !l->stopped; i++) {
		struct loop_watch *w = l->batch[i].data.ptr;

		if (w) {
			w->ready(w->owner, events_of(l->batch[i].events));
			++*called;
		}
	}
	l->nbatch = 0;
	return 0;
}

/* --- timers --- */

static bool earlier(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void put(struct loop *l, struct loop_timer *t, size_t place)
{
	l->heap[place] = t;
	t->place = place;
}

static void rise(struct loop *l, struct loop_timer *t)
{
	size_t at = t->place;

	while (at > 1 && earlier(t, l->heap[at / 2])) {
		put(l, l->heap[at / 2], at);
		at /= 2;
	}
	put(l, t, at);
}

static void sink(struct loop *l, struct loop_timer *t)
{
	size_t at = t->place, child;

	while ((child = 2 * at) <= l->ntimers) {
		if (child < l->ntimers && earlier(l->heap[child + 1], l->heap[child]))
			child++;
		if (!earlier(l->heap[child], t))
			break;
		put(l, l->heap[child], at);
		at = child;
	}
	put(l, t, at);
}

int loop_arm(struct loop *l, struct loop_timer *t, uint64_t delay_ms, struct err *e)
{
	uint64_t now_ms;

	loop_disarm(l, t);
	if (l->ntimers + 1 >= l->room) {
		size_t room = l->room ? 2 * l->room : 64;
		struct loop_timer **more = realloc(l->heap, room * sizeof *more);

		if (!more)
			return err_set(e, VERDICT_SYSTEM, "out of memory for timers");
		l->heap = more;
		l->room = room;
	}
	now_ms = loop_now(l);
	t->due_ms = delay_ms < UINT64_MAX - now_ms ? now_ms + delay_ms : UINT64_MAX;
	t->order = l->order++;
	put(l, t, ++l->ntimers);
	rise(l, t);
	return 0;
}

void loop_disarm(struct loop *l, struct loop_timer *t)
{
	struct loop_timer *last;

	if (!t->place)
		return;
	last = l->heap[l->ntimers--];
	if (last != t) {
		put(l, last, t->place);
		rise(l, last);
		sink(l, last);
	}
	t->place = 0;
}

bool loop_armed(const struct loop_timer *t)
{
	return t->place != 0;
}

/* Fires what is due now. What a handler arms for now waits for the next turn, so that descriptors get theirs. */
static void fire_due(struct loop *l)
{
	uint64_t before = l->order;

	while (l->ntimers && !l->stopped && l->heap[1]->due_ms <= l->now_ms && l->heap[1]->order < before) {
		struct loop_timer *t = l->heap[1];

		loop_disarm(l, t);
		t->fire(t->owner);
	}
}

/* --- signals --- */

static void take_signals(void *owner, unsigned events)
{
	struct loop *l = owner;
	int number;

	(void)events;
	while ((number = interrupt_take(&l->interrupt)) != 0)
		l->on_signal(l->signal_owner, number);
}

int loop_signals(struct loop *l, void (*on_signal)(void *owner, int number), void *owner, struct err *e)
{
	if (interrupt_watch(&l->interrupt, e))
		return -1;
	l->on_signal = on_signal;
	l->signal_owner = owner;
	l->signals = (struct loop_watch){take_signals, l, l->interrupt.fd, false};
	if (loop_watch(l, &l->signals, LOOP_READ, e))
		return -1;
	l->nwatches--; /* nobody should wait for a signal alone */
	return 0;
}

/* --- running --- */

/* How long epoll may wait: not at all with a virtual clock. */
static int patience(const struct loop *l)
{
	uint64_t due;

	if (l->clock == LOOP_VIRTUAL)
		return 0;
	if (!l->ntimers)
		return -1;
	due = l->heap[1]->due_ms;
	if (due <= l->now_ms)
		return 0;
	return due - l->now_ms < INT_MAX ? (int)(due - l->now_ms) : INT_MAX;
}

/* Everybody who is ready gets a turn before time is looked at: a timer must not call late what is there already. epoll tells of
 * each of them once before it tells of anybody again. */
static int poll_all(struct loop *l, int *called, struct err *e)
{
	size_t rounds = l->nwatches / BATCH + 1;
	int timeout_ms = patience(l);
	bool more = true;

	*called = 0;
	for (; more && rounds > 0 && !l->stopped; rounds--, timeout_ms = 0)
		if (poll_once(l, timeout_ms, called, &more, e))
			return -1;
	return 0;
}

static int run(struct loop *l, struct err *e)
{
	int called;

	while (!l->stopped && (l->nwatches || l->ntimers)) {
		look_at_clock(l);
		if (poll_all(l, &called, e))
			return -1;
		if (l->clock == LOOP_VIRTUAL && !called) {
			if (!l->ntimers)
				return err_set(e, VERDICT_SYSTEM, "nothing will ever happen: no timer is armed");
			if (l->heap[1]->due_ms > l->now_ms)
				l->now_ms = l->heap[1]->due_ms;
		}
		fire_due(l);
	}
	return 0;
}

int loop_run(struct loop *l, struct err *e)
{
	int rc;

	l->stopped = false;
	l->running = true;
	rc = run(l, e);
	l->running = false;
	return rc;
}
