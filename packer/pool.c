/* SPDX-License-Identifier: ISC */
/* The deflating threads.
 *
 * One producer fills slots in turn; any thread takes the oldest full one; the producer writes a slot's result out just before it
 * fills that slot again. So results leave in order, by one thread, with no queue but the ring itself. */
#include "packer/pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/deflate.h"
#include "core/io.h"

enum slot_state { SLOT_EMPTY, SLOT_FULL, SLOT_DONE };

struct slot {
	enum slot_state state;
	unsigned char *in, *out;
	size_t len;                  /* bytes in IN */
	struct manifest_chunk chunk; /* when done; packed 0: deflating failed */
};

struct pool {
	uint32_t chunk_size;
	int level, spool;
	struct manifest_chunk *chunks;
	uint32_t submitted, taken, written; /* chunks; only the producer touches WRITTEN */
	uint64_t packed;
	unsigned nslots, nthreads;
	struct slot *slots;
	pthread_t *threads;
	pthread_mutex_t lock;               /* guards the slots' states, SUBMITTED, TAKEN, STOP */
	pthread_cond_t filled, done;
	bool stop;
};

static void deflate_slot(const struct pool *p, struct deflater *d, struct slot *s)
{
	size_t n = d ? deflater_run(d, s->out, (size_t)deflate_bound(p->chunk_size), s->in, s->len) : 0;

	s->chunk.packed = (uint32_t)n;
	if (n > 0)
		hash_buffer(s->chunk.hash, s->out, n);
}

static void *work(void *arg)
{
	struct pool *p = arg;
	struct deflater *d = deflater_new(p->level); /* NULL: every chunk fails, and the producer says so */

	pthread_mutex_lock(&p->lock);
	for (;;) {
		struct slot *s;

		while (!p->stop && p->taken == p->submitted)
			pthread_cond_wait(&p->filled, &p->lock);
		if (p->stop)
			break;
		s = &p->slots[p->taken++ % p->nslots];
		pthread_mutex_unlock(&p->lock);
		deflate_slot(p, d, s);
		pthread_mutex_lock(&p->lock);
		s->state = SLOT_DONE;
		pthread_cond_signal(&p->done);
	}
	pthread_mutex_unlock(&p->lock);
	deflater_free(&d);
	return NULL;
}

static int make_slots(struct pool *p, unsigned n, struct err *e)
{
	p->slots = calloc(n, sizeof *p->slots);
	p->threads = calloc(n, sizeof *p->threads);
	if (!p->slots || !p->threads)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	for (p->nslots = 0; p->nslots < n; p->nslots++) {
		struct slot *s = &p->slots[p->nslots];

		s->in = malloc(p->chunk_size);
		s->out = malloc((size_t)deflate_bound(p->chunk_size));
		if (!s->in || !s->out) {
			p->nslots++; /* so that the half-made one is freed */
			return err_set(e, VERDICT_SYSTEM, "out of memory for %u chunks", n);
		}
	}
	return 0;
}

int pool_start(struct pool **out, unsigned threads, uint32_t chunk_size, int level, int spool,
	       struct manifest_chunk *chunks, struct err *e)
{
	struct pool *p = calloc(1, sizeof *p);

	if (!p)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	p->chunk_size = chunk_size;
	p->level = level;
	p->spool = spool;
	p->chunks = chunks;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->filled, NULL);
	pthread_cond_init(&p->done, NULL);
	if (make_slots(p, threads + 2, e) != 0) {
		pool_free(&p);
		return -1;
	}
	for (; p->nthreads < threads; p->nthreads++) {
		if (pthread_create(&p->threads[p->nthreads], NULL, work, p) != 0) {
			err_set(e, VERDICT_SYSTEM, "cannot start a thread");
			pool_free(&p);
			return -1;
		}
	}
	*out = p;
	return 0;
}

/* Waits for the oldest chunk that has not been written, and writes it. */
static int write_oldest(struct pool *p, struct err *e)
{
	struct slot *s = &p->slots[p->written % p->nslots];

	pthread_mutex_lock(&p->lock);
	while (s->state != SLOT_DONE)
		pthread_cond_wait(&p->done, &p->lock);
	s->state = SLOT_EMPTY;
	pthread_mutex_unlock(&p->lock);
	if (s->chunk.packed == 0)
		return err_set(e, VERDICT_SYSTEM, "cannot deflate a chunk: out of memory");
	if (io_write_all(p->spool, s->out, s->chunk.packed) != 0)
		return err_errno(e, "cannot write the payload");
	p->chunks[p->written++] = s->chunk;
	p->packed += s->chunk.packed;
	return 0;
}

unsigned char *pool_buffer(struct pool *p, struct err *e)
{
	if (p->submitted - p->written == p->nslots && write_oldest(p, e) != 0)
		return NULL;
	return p->slots[p->submitted % p->nslots].in;
}

void pool_submit(struct pool *p, size_t len)
{
	struct slot *s = &p->slots[p->submitted % p->nslots];

	s->len = len;
	pthread_mutex_lock(&p->lock);
	s->state = SLOT_FULL;
	p->submitted++;
	pthread_cond_signal(&p->filled);
	pthread_mutex_unlock(&p->lock);
}

int pool_finish(struct pool *p, uint64_t *packed, struct err *e)
{
	while (p->written < p->submitted)
		if (write_oldest(p, e) != 0)
			return -1;
	*packed = p->packed;
	return 0;
}

void pool_free(struct pool **out)
{
	struct pool *p = *out;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->filled);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->nthreads; i++)
		pthread_join(p->threads[i], NULL);
	for (unsigned i = 0; i < p->nslots; i++) {
		free(p->slots[i].in);
		free(p->slots[i].out);
	}
	pthread_cond_destroy(&p->filled);
	pthread_cond_destroy(&p->done);
	pthread_mutex_destroy(&p->lock);
	free(p->threads);
	free(p->slots);
	free(p);
	*out = NULL;
}
