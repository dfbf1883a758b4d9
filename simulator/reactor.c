/* SPDX-License-Identifier: ISC */
/* epoll, and a heap of alarms. */
#include "simulator/reactor.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256, FIRST_ROOM = 1024 };

/* Events being handed out: reactor_remove blanks those of a watch that goes. */
static struct epoll_event batch[BATCH];
static int nbatch;

uint64_t reactor_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int reactor_init(struct reactor *r, struct err *e)
{
	*r = (struct reactor){.epoll = epoll_create1(EPOLL_CLOEXEC)};
	return r->epoll >= 0 ? 0 : err_errno(e, "cannot make an epoll");
}

void reactor_close(struct reactor *r)
{
	if (r->epoll >= 0)
		close(r->epoll);
	r->epoll = -1;
	free(r->heap);
	r->heap = NULL;
	r->n = r->room = 0;
}

int reactor_add(struct reactor *r, struct watch *w, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = w};

	return epoll_ctl(r->epoll, EPOLL_CTL_ADD, w->fd, &event);
}

int reactor_change(struct reactor *r, struct watch *w, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = w};

	return epoll_ctl(r->epoll, EPOLL_CTL_MOD, w->fd, &event);
}

void reactor_remove(struct reactor *r, struct watch *w)
{
	(void)epoll_ctl(r->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	for (int i = 0; i < nbatch; i++)
		if (batch[i].data.ptr == w)
			batch[i].data.ptr = NULL;
}

/* --- the heap: children of I are 2I and 2I + 1, from 1 --- */

static void put(struct reactor *r, struct alarm *a, size_t place)
{
	r->heap[place] = a;
	a->place = place;
}

static void rise(struct reactor *r, struct alarm *a, size_t place)
{
	for (; place > 1 && r->heap[place / 2]->at_ms > a->at_ms; place /= 2)
		put(r, r->heap[place / 2], place);
	put(r, a, place);
}

static void sink(struct reactor *r, struct alarm *a, size_t place)
{
	for (size_t child; (child = 2 * place) <= r->n; place = child) {
		if (child < r->n && r->heap[child + 1]->at_ms < r->heap[child]->at_ms)
			child++;
		if (r->heap[child]->at_ms >= a->at_ms)
			break;
		put(r, r->heap[child], place);
	}
	put(r, a, place);
}

void reactor_unset(struct reactor *r, struct alarm *a)
{
	size_t place = a->place;
	struct alarm *last;

	if (!place)
		return;
	a->place = 0;
	last = r->heap[r->n--];
	if (last == a)
		return;
	if (place > 1 && r->heap[place / 2]->at_ms > last->at_ms)
		rise(r, last, place);
	else
		sink(r, last, place);
}

void reactor_set(struct reactor *r, struct alarm *a, uint64_t at_ms)
{
	reactor_unset(r, a);
	if (r->n + 1 >= r->room) {
		size_t room = r->room ? 2 * r->room : FIRST_ROOM;
		struct alarm **heap = realloc(r->heap, room * sizeof *heap);

		if (!heap)
			abort(); /* 8 bytes an alarm: nothing sensible is left to do */
		r->heap = heap;
		r->room = room;
	}
	a->at_ms = at_ms;
	r->n++;
	rise(r, a, r->n);
}

static int until_next(const struct reactor *r)
{
	uint64_t now = reactor_now_ms();

	if (r->n == 0)
		return -1;
	return r->heap[1]->at_ms <= now ? 0 : r->heap[1]->at_ms - now > 60000 ? 60000 : (int)(r->heap[1]->at_ms - now);
}

static void ring_due(struct reactor *r)
{
	uint64_t now = reactor_now_ms();

	while (r->n > 0 && r->heap[1]->at_ms <= now && !r->stop) {
		struct alarm *a = r->heap[1];

		reactor_unset(r, a);
		a->ring(a);
	}
}

int reactor_run(struct reactor *r, struct err *e)
{
	while (!r->stop) {
		nbatch = epoll_wait(r->epoll, batch, BATCH, until_next(r));
		if (nbatch < 0 && errno != EINTR)
			return err_errno(e, "epoll");
		for (int i = 0; i < nbatch && !r->stop; i++) {
			struct watch *w = batch[i].data.ptr;

			if (w)
				w->ready(w, batch[i].events);
		}
		nbatch = 0;
		ring_due(r);
	}
	return 0;
}
