/* SPDX-License-Identifier: ISC */
/* Fills by the clock, serves first come, first served, in quanta. */
#include "flasher/bucket.h"

enum {
	SHARE_MAX = 64 << 10,
	SECOND_MS = 1000,
	MINUTE_MS = 60000,
	PAUSE_MS = 5, /* serving more often than this only costs */
};

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void fill(struct bucket *b)
{
	uint64_t now_ms = loop_now(b->loop), full = b->burst * b->per_ms, passed = now_ms - b->last_ms;

	b->last_ms = now_ms;
	if (passed >= full / b->rate + 1)
		b->level = full;
	else
		b->level = lesser(full, b->level + passed * b->rate);
}

static void unlink_waiter(struct bucket *b, struct bucket_waiter *w)
{
	TAILQ_REMOVE(&b->queue, w, link);
	w->waits = false;
}

/* Wakes when the next whole share is there. Without memory for a timer the next who asks wakes the queue. */
static void wake_later(struct bucket *b)
{
	uint64_t need = b->quantum * b->per_ms, missing = need > b->level ? need - b->level : 0;
	uint64_t ms = (missing + b->rate - 1) / b->rate;

	if (!TAILQ_EMPTY(&b->queue) && !loop_armed(&b->timer))
		IGNORE(loop_arm(b->loop, &b->timer, ms > PAUSE_MS ? ms : PAUSE_MS, NULL));
}

static void serve(void *owner)
{
	struct bucket *b = owner;

	fill(b);
	while (!TAILQ_EMPTY(&b->queue) && b->level >= b->quantum * b->per_ms) {
		struct bucket_waiter *w = TAILQ_FIRST(&b->queue);

		unlink_waiter(b, w);
		w->share = b->quantum;
		b->level -= b->quantum * b->per_ms;
		w->turn(w->owner);
	}
	wake_later(b);
}

void bucket_init(struct bucket *b, struct loop *loop, uint64_t rate, uint64_t per_ms, uint64_t burst, uint64_t quantum)
{
	*b = (struct bucket){.loop = loop, .rate = rate, .per_ms = per_ms, .burst = burst, .quantum = quantum};
	b->level = burst * per_ms;
	b->last_ms = loop_now(loop);
	b->timer.fire = serve;
	b->timer.owner = b;
	TAILQ_INIT(&b->queue);
}

void bucket_init_bytes(struct bucket *b, struct loop *loop, uint64_t rate)
{
	uint64_t quantum = lesser(SHARE_MAX, rate / 20 + 1), burst = rate / 10 + 1;

	bucket_init(b, loop, rate, SECOND_MS, burst > quantum ? burst : quantum, quantum);
}

void bucket_init_acts(struct bucket *b, struct loop *loop, uint64_t rate)
{
	bucket_init(b, loop, rate, MINUTE_MS, 1, 1);
}

uint64_t bucket_take(struct bucket *b, struct bucket_waiter *w, uint64_t want)
{
	uint64_t n;

	if (!b || !b->rate)
		return want;
	if (w->waits)
		return 0;
	if (w->share) {
		n = lesser(want, w->share);
		b->level += (w->share - n) * b->per_ms;
		w->share = 0;
		return n;
	}
	fill(b);
	n = lesser(lesser(want, b->quantum), b->level / b->per_ms);
	if (n == 0 || !TAILQ_EMPTY(&b->queue)) {
		TAILQ_INSERT_TAIL(&b->queue, w, link);
		w->waits = true;
		wake_later(b);
		return 0;
	}
	b->level -= n * b->per_ms;
	return n;
}

void bucket_forget(struct bucket *b, struct bucket_waiter *w)
{
	if (!b || !b->rate)
		return;
	if (w->waits)
		unlink_waiter(b, w);
	b->level += w->share * b->per_ms;
	w->share = 0;
}

void bucket_close(struct bucket *b)
{
	while (!TAILQ_EMPTY(&b->queue)) /* also of a zeroed one */
		unlink_waiter(b, TAILQ_FIRST(&b->queue));
	if (b->loop)
		loop_disarm(b->loop, &b->timer);
}
