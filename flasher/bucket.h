/* SPDX-License-Identifier: ISC */
/* A token bucket with a queue: many share a rate (bytes of a second, reboots of a minute), each in its turn. */
#ifndef FLASHER_BUCKET_H
#define FLASHER_BUCKET_H

#include <sys/queue.h>

#include "flasher/loop.h"

/* Somebody who waits for a share. Embedded in what owns it; zeroed but for its first two members. */
struct bucket_waiter {
	void (*turn)(void *owner); /* a share is set aside for it: bucket_take() gives it out */
	void *owner;
	TAILQ_ENTRY(bucket_waiter) link; /* the bucket's from here on */
	uint64_t share;
	bool waits;
};

struct bucket {
	struct loop *loop;
	uint64_t rate, per_ms;     /* RATE units each PER_MS; rate 0: no limit */
	uint64_t burst, quantum;   /* units: saved up at most; at one time to one waiter at most */
	uint64_t level, last_ms;   /* level: units times PER_MS, so that nothing is lost in rounding */
	TAILQ_HEAD(bucket_queue, bucket_waiter) queue;
	struct loop_timer timer;
};

/* RATE units each PER_MS milliseconds, at most QUANTUM of them to one asker at a time, and BURST saved up (both at least
 * 1). It starts full. The loop must outlive it. */
void bucket_init(struct bucket *b, struct loop *loop, uint64_t rate, uint64_t per_ms, uint64_t burst, uint64_t quantum);

/* For bytes a second: shares of up to 64 KiB, a tenth of a second saved up. RATE 0: no limit. */
void bucket_init_bytes(struct bucket *b, struct loop *loop, uint64_t rate);

/* For acts a minute: one at a time, evenly spaced, since a rack that starts at once is what trips its breaker.
 * RATE 0: no limit. */
void bucket_init_acts(struct bucket *b, struct loop *loop, uint64_t rate);

/* Takes up to WANT units (1 at least) for W. Returns their number; or 0, and then W->turn is called, once, from the loop,
 * when a share is there. Who comes late waits behind those who wait already, so all get alike. B NULL: no limit. */
uint64_t bucket_take(struct bucket *b, struct bucket_waiter *w, uint64_t want);

/* W does not want any more; what was set aside for it goes back. B may be NULL. */
void bucket_forget(struct bucket *b, struct bucket_waiter *w);

/* Forgets all who wait, and the timer. */
void bucket_close(struct bucket *b);

#endif
