/* SPDX-License-Identifier: ISC */
/* The body of a web upload, as it streams in (RFC 2046 section 5.1, RFC 7578): the first part is the file, and the only one.
 * Memory is bounded, whatever arrives; nothing is stored. */
#ifndef VERIFIER_MULTIPART_H
#define VERIFIER_MULTIPART_H

#include <stdbool.h>
#include <stdint.h>

#include "core/source.h"

enum {
	MULTIPART_BOUNDARY_MAX = 70,   /* characters, RFC 2046 */
	MULTIPART_HEAD_MAX = 8 << 10,  /* bytes: first delimiter and the part's headers */
	MULTIPART_BUFFER = 64 << 10,
};

/* Where the raw bytes of the body come from, at most what Content-Length promised. */
struct body {
	/* Reads 1 to LEN bytes. Sets *GOT; 0 at the end. Returns 0, or -1 with E set (a client that is too slow: truncated). */
	int (*read)(struct body *b, void *buf, size_t len, size_t *got, struct err *e);
	uint64_t left;                 /* bytes of Content-Length that have not been read yet */
};

/* The file in it, as a source of a bundle. Plain record; holds its buffer. The read that meets the file's end checks
 * the closing delimiter and the end of the body too: who has seen the end of this source has seen a whole upload. */
struct multipart {
	struct source base;
	struct body *body;
	char delimiter[MULTIPART_BOUNDARY_MAX + 5]; /* CR LF - - boundary */
	size_t delimiter_len;
	unsigned char buf[MULTIPART_BUFFER];
	size_t at, end;
	bool ended;
	bool failed;                   /* what is in the buffer is no longer known to be the file's */
};

/* Takes the boundary from a Content-Type: multipart/form-data; boundary=... (quoted or not). Returns 0, or -1 (malformed-header). */
MUST_CHECK int multipart_boundary(char out[static MULTIPART_BOUNDARY_MAX + 1], const char *content_type, struct err *e);

/* Reads up to the first byte of the file. M must not move afterwards. Returns 0, or -1: malformed-header, too-large (head), truncated. */
MUST_CHECK int multipart_open(struct multipart *m, struct body *body, const char *boundary, struct err *e);

/* Confirms that the file has been read to its end, and with it the body. Returns 0, or -1: trailing-data (of the file
 * itself, or behind it), truncated. */
MUST_CHECK int multipart_close(struct multipart *m, struct err *e);

#endif
