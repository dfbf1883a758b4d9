/* SPDX-License-Identifier: ISC */
/* The payload's chunks on several threads.
 *
 * Each thread takes its turn at the source (`input` lock), reads one chunk's compressed bytes into its own buffer, then, side by
 * side with the others, hashes it, compares, waits for slot I mod nslots, inflates from that same buffer into it, and hashes the
 * files that lie whole in there. The consumer takes the slots in order. A slot is filled again only when the consumer has moved on.
 * The earliest failure counts, whichever thread comes first with one: chunks before it are still finished, none behind it is begun. */
#define _GNU_SOURCE /* sched_getaffinity, nice */
#include "core/chunks.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/deflate.h"
#include "core/thread.h"

struct slot {
	bool ready;
	unsigned char *data;  /* CHUNKS_INFLATE only */
	uint32_t bad;         /* as in struct chunk_view */
};

struct chunks {
	struct source *src;
	const struct manifest *m;
	enum chunks_mode mode;
	pthread_mutex_t input;    /* held by the thread that reads; guards next_read, place */
	pthread_mutex_t lock;     /* guards ready, taken, holding, end, err, nthreads */
	pthread_cond_t changed;
	uint32_t next_read, taken;
	struct whole_place place; /* at the start of chunk next_read */
	bool holding;             /* the consumer still looks at slot taken - 1 */
	uint32_t end;             /* chunks from here on are not begun: all of them, up to a failure, or none any more */
	struct err err;           /* the failure at END */
	int nice;
	unsigned nthreads, started, nslots;
	pthread_t *threads;
	struct slot *slots;
	unsigned char seen[HASH_SIZE];
};

/* Waits until slot I may be filled. Returns false when it is not wanted any more. */
static bool wait_for_slot(struct chunks *c, uint32_t i)
{
	bool go;

	pthread_mutex_lock(&c->lock);
	while (i < c->end && i >= c->taken - c->holding + c->nslots)
		pthread_cond_wait(&c->changed, &c->lock);
	go = i < c->end;
	pthread_mutex_unlock(&c->lock);
	return go;
}

static void publish(struct chunks *c, uint32_t i)
{
	pthread_mutex_lock(&c->lock);
	c->slots[i % c->nslots].ready = true;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

static void fail(struct chunks *c, uint32_t i, const struct err *e)
{
	pthread_mutex_lock(&c->lock);
	if (i < c->end) {
		c->end = i;
		c->err = *e;
	}
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

static bool wanted(struct chunks *c, uint32_t i)
{
	bool go;

	pthread_mutex_lock(&c->lock);
	go = i < c->end;
	pthread_mutex_unlock(&c->lock);
	return go;
}

/* One chunk in a thread's hands. */
struct job {
	uint32_t i;
	struct manifest_chunk chunk;
	struct whole_place place; /* where it begins */
};

static uint64_t chunk_start(const struct chunks *c, uint32_t i)
{
	return (uint64_t)i * manifest_head(c->m)->chunk_size;
}

/* Takes the next chunk from the source into BUF. Returns false when there is none left or wanted, or it cannot be had. */
static bool take(struct chunks *c, struct job *job, unsigned char *buf)
{
	struct err e = {.verdict = VERDICT_SYSTEM};
	bool taken = false;

	pthread_mutex_lock(&c->input);
	job->i = c->next_read;
	if (wanted(c, job->i)) {
		job->place = c->place;
		c->next_read++;
		if (c->mode == CHUNKS_INFLATE)
			whole_advance(&c->place, c->m, chunk_start(c, c->next_read));
		manifest_chunk(c->m, job->i, &job->chunk);
		taken = source_exact(c->src, buf, job->chunk.packed, "the payload", &e) == 0;
		if (!taken) /* before the next thread has its turn at a source that has failed */
			fail(c, job->i, &e);
	}
	pthread_mutex_unlock(&c->input);
	return taken;
}

static int authenticate(struct chunks *c, const struct job *job, const unsigned char *buf, struct err *e)
{
	unsigned char hash[HASH_SIZE];

	hash_buffer(hash, buf, job->chunk.packed);
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < HASH_SIZE; i++)
		c->seen[i] ^= hash[i];
	pthread_mutex_unlock(&c->lock);
	if (!crypto_equal(hash, job->chunk.hash, HASH_SIZE))
		return err_set(e, VERDICT_CHUNK_HASH, "chunk %" PRIu32 " is not what was signed", job->i + 1);
	return 0;
}

/* Inflates an authenticated chunk into its slot. Returns 0 or -1. */
static int expand(const struct chunks *c, const struct job *job, struct inflater *inflater, const unsigned char *buf, struct err *e)
{
	struct slot *slot = &c->slots[job->i % c->nslots];
	uint32_t len = manifest_chunk_span(c->m, job->i);

	if (inflater_run(inflater, slot->data, len, buf, job->chunk.packed, e) != 0)
		return err_prefix(e, "chunk %" PRIu32, job->i + 1);
	slot->bad = whole_check(c->m, job->place, slot->data, chunk_start(c, job->i), len);
	return 0;
}

static void *work(void *arg)
{
	struct chunks *c = arg;
	const struct manifest_head *head = manifest_head(c->m);
	unsigned char *buf = malloc((size_t)deflate_bound(head->chunk_size));
	struct inflater *inflater = c->mode == CHUNKS_INFLATE ? inflater_new() : NULL;
	struct err e = {.verdict = VERDICT_SYSTEM};
	struct job job;

	if (!buf || (c->mode == CHUNKS_INFLATE && !inflater)) {
		/* Others may go on; if none can, the consumer is told through the slot that stays empty. */
		pthread_mutex_lock(&c->lock);
		c->nthreads--;
		pthread_cond_broadcast(&c->changed);
		pthread_mutex_unlock(&c->lock);
		goto out;
	}
	if (c->nice > 0) /* in Linux for this thread alone; without it all works, too */
		(void)!nice(c->nice);
	while (take(c, &job, buf)) {
		if (authenticate(c, &job, buf, &e) != 0) {
			fail(c, job.i, &e);
		} else if (wait_for_slot(c, job.i)) {
			if (inflater && expand(c, &job, inflater, buf, &e) != 0)
				fail(c, job.i, &e);
			else
				publish(c, job.i);
		}
	}
out:
	inflater_free(&inflater);
	free(buf);
	return NULL;
}

static int start_threads(struct chunks *c, unsigned threads, struct err *e)
{
	for (; c->started < threads; c->started++) {
		int error = thread_start(&c->threads[c->started], work, c);

		if (error != 0 && c->started == 0)
			return err_set(e, VERDICT_SYSTEM, "cannot start a thread (error %d)", error);
		if (error != 0)
			break;
	}
	pthread_mutex_lock(&c->lock);
	c->nthreads += c->started;
	pthread_mutex_unlock(&c->lock);
	return 0;
}

/* While the consumer holds one slot, the others keep the threads busy; small chunks can have more of them for the same memory. Without
 * data to hold, slots cost nothing, and the threads need not wait for the consumer. */
static unsigned count_slots(enum chunks_mode mode, struct chunks_effort effort, uint32_t chunk_size)
{
	unsigned least = effort.threads > 1 ? effort.threads : 2, most = 8 * effort.threads;
	size_t affordable = effort.at_hand / chunk_size;

	if (mode == CHUNKS_HASH || affordable > most)
		return most;
	return affordable > least ? (unsigned)affordable : least;
}

int chunks_start(struct chunks **out, struct source *src, const struct manifest *m, enum chunks_mode mode,
		 struct chunks_effort effort, struct err *e)
{
	const struct manifest_head *head = manifest_head(m);
	struct chunks *c = calloc(1, sizeof *c);

	if (!c)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	pthread_mutex_init(&c->input, NULL);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	c->src = src;
	c->m = m;
	c->mode = mode;
	c->end = head->nchunks;
	c->nice = effort.nice;
	if (effort.threads > head->nchunks)
		effort.threads = head->nchunks;
	c->nslots = count_slots(mode, effort, head->chunk_size);
	c->threads = calloc(effort.threads, sizeof *c->threads);
	c->slots = calloc(c->nslots, sizeof *c->slots);
	if (!c->threads || !c->slots)
		goto memory;
	for (unsigned i = 0; mode == CHUNKS_INFLATE && i < c->nslots; i++)
		if (!(c->slots[i].data = malloc(head->chunk_size)))
			goto memory;
	if (start_threads(c, effort.threads, e) != 0) {
		chunks_free(&c);
		return -1;
	}
	*out = c;
	return 0;
memory:
	chunks_free(&c);
	return err_set(e, VERDICT_SYSTEM, "out of memory");
}

int chunks_next(struct chunks *c, struct chunk_view *out, struct err *e)
{
	uint32_t i = c->taken;
	struct slot *slot = &c->slots[i % c->nslots];
	int rc = -1;

	pthread_mutex_lock(&c->lock);
	if (c->holding) { /* the caller is through with the last one */
		c->holding = false;
		pthread_cond_broadcast(&c->changed);
	}
	if (i == manifest_head(c->m)->nchunks) {
		rc = 0;
		goto out;
	}
	while (!slot->ready && i < c->end && c->nthreads > 0)
		pthread_cond_wait(&c->changed, &c->lock);
	if (!slot->ready) {
		if (i < c->end)
			err_set(e, VERDICT_SYSTEM, "out of memory");
		else if (e)
			*e = c->err;
		goto out;
	}
	slot->ready = false;
	c->taken++;
	c->holding = true;
	*out = (struct chunk_view){.data = slot->data, .len = manifest_chunk_span(c->m, i), .bad = slot->bad};
	rc = 1;
out:
	pthread_mutex_unlock(&c->lock);
	return rc;
}

void chunks_seen(struct chunks *c, unsigned char out[static HASH_SIZE])
{
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < HASH_SIZE; i++)
		out[i] = c->seen[i];
	pthread_mutex_unlock(&c->lock);
}

void chunks_free(struct chunks **cp)
{
	struct chunks *c = *cp;

	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->end = 0;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	for (unsigned i = 0; i < c->started; i++)
		pthread_join(c->threads[i], NULL);
	for (unsigned i = 0; c->slots && i < c->nslots; i++)
		free(c->slots[i].data);
	free(c->slots);
	free(c->threads);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	pthread_mutex_destroy(&c->input);
	free(c);
	*cp = NULL;
}

unsigned chunks_threads(unsigned max)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;

	if (n < 1)
		n = 1;
	return (unsigned)n > max ? max : (unsigned)n;
}
