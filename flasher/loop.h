/* SPDX-License-Identifier: ISC */
/* What waits: descriptors, timers and signals of one thread, and the clock that all of its time comes from. With a
 * virtual clock nothing is ever waited for: time jumps to the next timer, so that a day's rollout is tried in seconds.
 */
#ifndef FLASHER_LOOP_H
#define FLASHER_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum loop_clock {
	LOOP_MONOTONIC, /* CLOCK_MONOTONIC */
	LOOP_VIRTUAL,   /* starts at 0, and jumps when there is nothing to do but wait */
};

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

/* One descriptor that is waited for. Embedded in, or pointing to, what owns it; must stay where it is while watched. */
struct loop_watch {
	void (*ready)(void *owner, unsigned events); /* LOOP_READ, LOOP_WRITE; both when the other end is gone */
	void *owner;
	int fd;
	bool watched; /* the loop's */
};

/* One point in time. Must stay where it is while armed. Zeroed but for its first two members, it is not armed. */
struct loop_timer {
	void (*fire)(void *owner); /* by then it is not armed any more, and may be armed again */
	void *owner;
	uint64_t due_ms, order;    /* the loop's */
	size_t place;              /* the loop's: 1 and up while armed, else 0 */
};

struct loop;

/* Makes a loop. Returns 0 or -1 (system). */
MUST_CHECK int loop_open(struct loop **out, enum loop_clock clock, struct err *e);

/* Frees it; watches and timers still in it are forgotten, their descriptors stay open. Safe on NULL. */
void loop_free(struct loop **l);

/* Milliseconds since some start; within a handler, the time at which its turn began. */
uint64_t loop_now(struct loop *l);

/* Waits for EVENTS (LOOP_READ, LOOP_WRITE, or both; level-triggered) on W->fd, which stays the caller's; once more for a
 * watch that is there already changes its events. Returns 0 or -1 (system). */
MUST_CHECK int loop_watch(struct loop *l, struct loop_watch *w, unsigned events, struct err *e);

/* Forgets W, before its descriptor is closed; safe within any handler, also for a watch whose turn was still to come. */
void loop_unwatch(struct loop *l, struct loop_watch *w);

/* Fires T in DELAY_MS from now; an armed one is moved. Timers of one instant fire in the order they were armed in.
 * Returns 0 or -1 (system: out of memory, and then it is not armed). */
MUST_CHECK int loop_arm(struct loop *l, struct loop_timer *t, uint64_t delay_ms, struct err *e);
void loop_disarm(struct loop *l, struct loop_timer *t);
bool loop_armed(const struct loop_timer *t);

/* From here on the signals of flasher/interrupt.h come as calls of ON_SIGNAL out of loop_run(). Once a loop. loop_free() puts all back.
 * Returns 0 or -1 (system). */
MUST_CHECK int loop_signals(struct loop *l, void (*on_signal)(void *owner, int number), void *owner, struct err *e);

/* Calls handlers until loop_stop() was called, or until there is neither a watch nor a timer left (signals do not
 * count). Returns 0 or -1 (system). May be called again. */
MUST_CHECK int loop_run(struct loop *l, struct err *e);
void loop_stop(struct loop *l);

#endif
