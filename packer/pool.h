/* SPDX-License-Identifier: ISC */
/* Chunks deflated and hashed side by side, and written in order (FORMAT section 5). The bytes do not depend on how many threads
 * there are. Memory: threads + 2 pairs of buffers, reused in turn. */
#ifndef PACKER_POOL_H
#define PACKER_POOL_H

#include "core/manifest.h"

enum { POOL_THREADS_MAX = 64 };

struct pool;

/* Starts THREADS (1 to POOL_THREADS_MAX) threads. What comes out goes to descriptor SPOOL, and one record a chunk to CHUNKS,
 * which must have room for all. Returns 0 or -1. */
MUST_CHECK int pool_start(struct pool **out, unsigned threads, uint32_t chunk_size, int level, int spool,
	       struct manifest_chunk *chunks, struct err *e);

/* The buffer for the next chunk, of the chunk size. May wait, and write out an earlier chunk. NULL on failure. */
unsigned char *pool_buffer(struct pool *p, struct err *e);
/* Hands that buffer, filled with LEN bytes, to the threads. */
void pool_submit(struct pool *p, size_t len);

/* Waits for all chunks and writes them out; *PACKED is the number of bytes written since the start. Returns 0 or -1. */
MUST_CHECK int pool_finish(struct pool *p, uint64_t *packed, struct err *e);

/* Stops and joins the threads. */
void pool_free(struct pool **out);

#endif
