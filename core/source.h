/* SPDX-License-Identifier: ISC */
/* Where a bundle's bytes come from: in order, once. A file, a pipe, a buffer, the body of an upload. */
#ifndef CORE_SOURCE_H
#define CORE_SOURCE_H

#include <stddef.h>

#include "core/err.h"

/* The seam. An implementation embeds this as its first member. */
struct source {
	/* Reads LEN bytes into BUF. Sets *GOT; less than LEN only at the end of the input. Returns 0, or -1 with E set.
	 * Calls may come from different threads, never two at once. */
	int (*read)(struct source *s, void *buf, size_t len, size_t *got, struct err *e);
};

/* Bytes from a descriptor, which stays the caller's. */
struct source_fd {
	struct source base;
	int fd;
};
void source_fd_init(struct source_fd *s, int fd);

/* Bytes from memory, which stays the caller's. */
struct source_memory {
	struct source base;
	const unsigned char *at;
	size_t left;
};
void source_memory_init(struct source_memory *s, const void *bytes, size_t len);

/* Reads exactly LEN bytes, or fails with `truncated`, saying that WHAT was being read. */
MUST_CHECK int source_exact(struct source *s, void *buf, size_t len, const char *what, struct err *e);

#endif
