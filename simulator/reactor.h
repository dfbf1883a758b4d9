/* SPDX-License-Identifier: ISC */
/* One thread, one epoll, and timers: whatever the simulated farm waits for comes from here. */
#ifndef SIMULATOR_REACTOR_H
#define SIMULATOR_REACTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* A descriptor that is waited for. Embed it; it must stay where it is while it is watched. */
struct watch {
	void (*ready)(struct watch *w, uint32_t events); /* may free W */
	int fd;
};

/* A moment that is waited for. Embed it; zero-initialised it is not set. */
struct alarm {
	void (*ring)(struct alarm *a);
	uint64_t at_ms;
	size_t place;    /* in the heap, from 1; 0: not set */
};

struct reactor {
	int epoll;
	bool stop;       /* set it, and reactor_run returns */
	struct alarm **heap;
	size_t n, room;
};

/* Milliseconds of the monotonic clock. */
uint64_t reactor_now_ms(void);

MUST_CHECK int reactor_init(struct reactor *r, struct err *e);
void reactor_close(struct reactor *r);

/* EVENTS as epoll has them; level-triggered. Returns 0 or -1 with errno set. */
int reactor_add(struct reactor *r, struct watch *w, uint32_t events);
int reactor_change(struct reactor *r, struct watch *w, uint32_t events);
/* Before the descriptor is closed. Events of W that were fetched already are not handed out any more. */
void reactor_remove(struct reactor *r, struct watch *w);

/* Sets A to ring at AT_MS, whether it was set or not. */
void reactor_set(struct reactor *r, struct alarm *a, uint64_t at_ms);
void reactor_unset(struct reactor *r, struct alarm *a);

/* Runs until stop. Returns 0, or -1 with E set. */
MUST_CHECK int reactor_run(struct reactor *r, struct err *e);

#endif
