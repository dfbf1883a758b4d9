/* SPDX-License-Identifier: ISC */
/* Bytes of an archive, block by block, through whatever filters there are: no block is copied between two of them. */
#ifndef ARCHIVE_STREAM_H
#define ARCHIVE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* The seam. An implementation embeds this as its first member. */
struct stream {
	/* The next block, never empty, valid until the next call. Returns 1, 0 at the end, -1. */
	int (*next)(struct stream *s, const unsigned char **block, size_t *n, struct err *e);
	void (*free)(struct stream *s);
	uint64_t given; /* bytes so far: stream_next counts them */
	uint64_t limit; /* more of them are too-large */
	const char *name; /* of the archive, for messages */
};

/* Calls next, and counts. */
MUST_CHECK int stream_next(struct stream *s, const unsigned char **block, size_t *n, struct err *e) __attribute__((warn_unused_result));
void stream_free(struct stream **s);

/* LEN bytes of the file FD from byte AT on. NULL when memory is out. */
struct stream *stream_slice(int fd, uint64_t at, uint64_t len, const char *name);

/* Filters: each takes SOURCE over, also when it fails, and gives at most LIMIT bytes. What is behind the end of the compressed data is
 * refused (trailing-data), unless it is nothing but zeros. NULL on failure. */
struct stream *gzip_open(struct stream *source, uint64_t limit, struct err *e);    /* RFC 1952: header, CRC and length are checked */
struct stream *deflate_open(struct stream *source, uint64_t limit, struct err *e); /* RFC 1951 alone */
struct stream *lz4_open(struct stream *source, uint64_t limit, struct err *e);     /* frames: all three checksums are checked */
enum library_filter { LIBRARY_BZIP2, LIBRARY_COMPRESS, LIBRARY_LZ4_LEGACY, LIBRARY_LZIP, LIBRARY_LZMA, LIBRARY_XZ, LIBRARY_ZSTD };
struct stream *library_open(struct stream *source, enum library_filter filter, uint64_t limit, struct err *e);

/* Zeros, and only zeros, may follow the end of anything: tapes and flash pad with them. */
bool stream_is_zero(const unsigned char *bytes, size_t n);
/* Takes SOURCE to its end: AT, N are the rest of its last block. WHAT it is that has ended. Returns 0 or -1: trailing-data. */
MUST_CHECK int stream_end(struct stream *source, const unsigned char *at, size_t n, const char *what, struct err *e)
	__attribute__((warn_unused_result));

/* A stream that is read by the byte. */
struct feed {
	struct stream *s;
	const unsigned char *at; /* the rest of the block */
	size_t left;
	uint64_t taken;
};

/* Exactly N bytes into OUT. Returns 1, 0 when the end comes before the first of them, -1: truncated when it comes later. */
MUST_CHECK int feed_take(struct feed *f, void *out, size_t n, struct err *e) __attribute__((warn_unused_result));
/* As feed_take, where an end is never right. Returns 0, or -1: truncated. */
MUST_CHECK int feed_need(struct feed *f, void *out, size_t n, struct err *e) __attribute__((warn_unused_result));
/* A run of at most MAX bytes, at least one; valid until the next call. Returns 0, or -1: truncated. */
MUST_CHECK int feed_run(struct feed *f, const unsigned char **at, size_t *n, uint64_t max, struct err *e) __attribute__((warn_unused_result));
/* Passes over N bytes. Returns 0, or -1: truncated. */
MUST_CHECK int feed_skip(struct feed *f, uint64_t n, struct err *e) __attribute__((warn_unused_result));
/* As stream_end, of what is left. */
MUST_CHECK int feed_end(struct feed *f, const char *what, struct err *e) __attribute__((warn_unused_result));

#endif
