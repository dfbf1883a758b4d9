/* SPDX-License-Identifier: ISC */
/* One chunk, one gzip member, whole buffers: the only file that calls zlib, or libdeflate where it was built in (RFC 1952). */
#ifndef CORE_DEFLATE_H
#define CORE_DEFLATE_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* Largest compressed size that a chunk of SIZE bytes may have (FORMAT section 4): stored blocks fit either engine. */
static inline uint64_t deflate_bound(uint64_t size)
{
	return size + size / 512 + 512;
}

struct deflater; /* one per thread */
struct inflater; /* one per thread */

/* "zlib 1.2.13" or "libdeflate 1.14": named by --version, since packed bytes depend on it. */
const char *deflate_engine(void);

/* LEVEL 1 to 9. Returns NULL when memory is out. */
struct deflater *deflater_new(int level);
/* Compresses LEN bytes into one gzip member (no name, no time). OUT holds CAP bytes, at least deflate_bound(LEN).
 * Returns the member's size, or 0 when it failed. */
size_t deflater_run(struct deflater *d, void *out, size_t cap, const void *in, size_t len);
void deflater_free(struct deflater **d);

struct inflater *inflater_new(void);
/* Expands one gzip member that must span exactly LEN bytes and give exactly SIZE bytes.
 * Returns 0, or -1: chunk-size (early, late, bytes behind it) or payload-mismatch (not gzip, bad CRC). */
MUST_CHECK int inflater_run(struct inflater *f, void *out, size_t size, const void *in, size_t len, struct err *e);
void inflater_free(struct inflater **f);

#endif
