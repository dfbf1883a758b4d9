/* SPDX-License-Identifier: ISC */
/* Streams: a file, what is behind the end of one, and reading by the byte. */
#include "archive/stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SLICE_BLOCK = 256 << 10 };

int stream_next(struct stream *s, const unsigned char **block, size_t *n, struct err *e)
{
	int rc = s->next(s, block, n, e);

	if (rc != 1)
		return rc;
	s->given += *n;
	if (s->given > s->limit)
		return err_set(e, VERDICT_TOO_LARGE, "%s expands to over %" PRIu64 " bytes, far too much for its own size: if that "
			       "is meant, unpack it and pack the folder", s->name, s->limit);
	return 1;
}

void stream_free(struct stream **s)
{
	if (*s)
		(*s)->free(*s);
	*s = NULL;
}

/* --- a file, or a part of one --- */

struct slice {
	struct stream base;
	int fd;
	uint64_t at, left;
	unsigned char block[SLICE_BLOCK];
};

static int slice_next(struct stream *base, const unsigned char **block, size_t *n, struct err *e)
{
	struct slice *s = (struct slice *)base;
	ssize_t got;

	if (s->left == 0)
		return 0;
	do
		got = pread(s->fd, s->block, s->left < sizeof s->block ? (size_t)s->left : sizeof s->block, (off_t)s->at);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_errno(e, "cannot read %s", base->name);
	if (got == 0)
		return err_set(e, VERDICT_TRUNCATED, "%s became shorter while it was read", base->name);
	s->at += (uint64_t)got;
	s->left -= (uint64_t)got;
	*block = s->block;
	*n = (size_t)got;
	return 1;
}

static void slice_free(struct stream *base)
{
	free((struct slice *)base);
}

struct stream *stream_slice(int fd, uint64_t at, uint64_t len, const char *name)
{
	struct slice *s = malloc(sizeof *s);

	if (!s)
		return NULL;
	s->base = (struct stream){.next = slice_next, .free = slice_free, .limit = UINT64_MAX, .name = name};
	s->fd = fd;
	s->at = at;
	s->left = len;
	return &s->base;
}

/* --- the end --- */

bool stream_is_zero(const unsigned char *bytes, size_t n)
{
	return n == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, n - 1) == 0);
}

int stream_end(struct stream *source, const unsigned char *at, size_t n, const char *what, struct err *e)
{
	int rc = 1;

	for (uint64_t behind = source->given - n; rc == 1; behind = source->given) {
		if (!stream_is_zero(at, n))
			return err_set(e, VERDICT_TRAILING_DATA, "%s goes on behind the end of its %s (byte %" PRIu64 "): what is there would "
				       "be lost. If several archives were joined, unpack each into one folder, and pack that",
				       source->name, what, behind);
		rc = stream_next(source, &at, &n, e);
	}
	return rc;
}

/* --- by the byte --- */

/* Makes sure that there is a byte. Returns 1, 0 at the end, -1. */
static int refill(struct feed *f, struct err *e)
{
	return f->left > 0 ? 1 : stream_next(f->s, &f->at, &f->left, e);
}

static int cut(const struct feed *f, struct err *e)
{
	return err_set(e, VERDICT_TRUNCATED, "%s is cut off: it ends in the middle of an entry", f->s->name);
}

int feed_run(struct feed *f, const unsigned char **at, size_t *n, uint64_t max, struct err *e)
{
	int rc = refill(f, e);

	if (rc != 1)
		return rc == 0 ? cut(f, e) : -1;
	*at = f->at;
	*n = f->left < max ? f->left : (size_t)max;
	f->at += *n;
	f->left -= *n;
	f->taken += *n;
	return 0;
}

int feed_take(struct feed *f, void *out, size_t n, struct err *e)
{
	unsigned char *to = out;
	const unsigned char *at = NULL;
	size_t got = 0;
	int rc = refill(f, e);

	if (rc != 1)
		return rc;
	for (; n > 0; n -= got, to += got) {
		if (feed_run(f, &at, &got, n, e) != 0)
			return -1;
		memcpy(to, at, got);
	}
	return 1;
}

int feed_need(struct feed *f, void *out, size_t n, struct err *e)
{
	int rc = n > 0 ? feed_take(f, out, n, e) : 1;

	return rc == 0 ? cut(f, e) : rc == 1 ? 0 : -1;
}

int feed_skip(struct feed *f, uint64_t n, struct err *e)
{
	const unsigned char *at;
	size_t got = 0;

	for (; n > 0; n -= got)
		if (feed_run(f, &at, &got, n, e) != 0)
			return -1;
	return 0;
}

int feed_end(struct feed *f, const char *what, struct err *e)
{
	const unsigned char *at = f->at;
	size_t left = f->left;

	f->left = 0;
	return stream_end(f->s, at, left, what, e);
}
