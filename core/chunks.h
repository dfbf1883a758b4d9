/* SPDX-License-Identifier: ISC */
/* The payload's chunks, in order: read, hashed, compared, and only then inflated, on several threads (FORMAT section 5).
 * Memory: one compressed and one expanded buffer a thread (two expanded ones at least), and what the caller allows besides; reused,
 * whatever the image's size. */
#ifndef CORE_CHUNKS_H
#define CORE_CHUNKS_H

#include <stddef.h>

#include "core/manifest.h"
#include "core/source.h"
#include "core/whole.h"

enum { CHUNKS_AT_HAND = 2 << 20 }; /* bytes, for a program that is to be small */

enum chunks_mode {
	CHUNKS_HASH,    /* authenticate only: every byte is hashed, none is inflated */
	CHUNKS_INFLATE,
};

struct chunks;

struct chunk_view {
	const unsigned char *data; /* expanded bytes, valid until the next call; NULL in CHUNKS_HASH */
	size_t len;
	uint32_t bad;              /* index of the first file that lies whole in it and is not what the manifest says, or WHOLE_FINE */
};

/* How much may go on side by side. */
struct chunks_effort {
	unsigned threads;          /* at least 1 */
	size_t at_hand;            /* bytes of expanded chunks, unless the threads need more; the more, the less they wait for the consumer */
	int nice;                  /* by how much the threads stand behind the consumer: nice(2) */
};

/* Starts threads on the payload that SRC stands at. M and SRC must outlive it. Returns 0 or -1. */
MUST_CHECK int chunks_start(struct chunks **out, struct source *src, const struct manifest *m, enum chunks_mode mode,
		 struct chunks_effort effort, struct err *e);

/* The next chunk: 1, 0 after the last, when SRC stands just behind the payload; -1: truncated, chunk-hash, chunk-size,
 * payload-mismatch, or the source's error. */
MUST_CHECK int chunks_next(struct chunks *c, struct chunk_view *out, struct err *e);

/* The hashes of all chunks so far, as they were found, combined by exclusive or: once more what each thread has compared for its own. */
void chunks_seen(struct chunks *c, unsigned char out[static HASH_SIZE]);

/* Stops and joins the threads. A thread that waits in the source's read is waited for. */
void chunks_free(struct chunks **cp);

/* Processors this process may run on, at least 1, at most MAX. */
unsigned chunks_threads(unsigned max);

#endif
