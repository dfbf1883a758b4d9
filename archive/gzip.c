/* SPDX-License-Identifier: ISC */
/* gzip and bare deflate, by zlib: it checks the header's CRC where there is one, the CRC of the content, and its length; names and
 * comments in the header are passed over, never kept. Members may follow each other. */
#include <stdlib.h>
#include <zlib.h>

#include "archive/stream.h"

enum { GZIP_BLOCK = 256 << 10, GZIP_WINDOW = 15 + 16, DEFLATE_WINDOW = -15 };

struct gzip {
	struct stream base;
	struct stream *source;
	z_stream z;
	bool members;  /* gzip: another may follow */
	bool ended;    /* a member has just ended */
	bool finished;
	unsigned char block[GZIP_BLOCK];
};

static int damaged(const struct gzip *g, struct err *e)
{
	return err_set(e, VERDICT_MALFORMED_HEADER, "%s is damaged: its gzip data: %s", g->base.name,
		       g->z.msg ? g->z.msg : "invalid");
}

/* More input. Returns 1, 0 at the source's end, -1. */
static int feed(struct gzip *g, struct err *e)
{
	const unsigned char *at;
	size_t n;
	int rc = 1;

	if (g->z.avail_in > 0)
		return 1;
	rc = stream_next(g->source, &at, &n, e);
	if (rc == 1) {
		g->z.next_in = (z_const Bytef *)at;
		g->z.avail_in = (uInt)n;
	}
	return rc;
}

/* Behind a member: another one, or nothing but zeros up to the end. Returns 1 when another begins, 0 at the end, -1. */
static int next_member(struct gzip *g, struct err *e)
{
	int rc = feed(g, e);

	if (rc == 1 && g->members && g->z.next_in[0] == 0x1f) {
		g->ended = false;
		return inflateReset(&g->z) == Z_OK ? 1 : damaged(g, e);
	}
	g->finished = true;
	return rc == 1 ? stream_end(g->source, g->z.next_in, g->z.avail_in, "compressed data", e) : rc;
}

static int gzip_next(struct stream *base, const unsigned char **block, size_t *n, struct err *e)
{
	struct gzip *g = (struct gzip *)base;
	int rc, z;

	if (g->finished)
		return 0;
	g->z.next_out = g->block;
	g->z.avail_out = sizeof g->block;
	while (g->z.avail_out > 0) {
		if (g->ended) {
			rc = next_member(g, e);
			if (rc < 0)
				return -1;
			if (rc == 0)
				break;
		}
		rc = feed(g, e);
		if (rc < 0)
			return -1;
		if (rc == 0)
			return err_set(e, VERDICT_TRUNCATED, "%s is cut off: its compressed data have no end", base->name);
		z = inflate(&g->z, Z_NO_FLUSH);
		if (z == Z_STREAM_END)
			g->ended = true;
		else if (z == Z_MEM_ERROR)
			return err_set(e, VERDICT_SYSTEM, "out of memory");
		else if (z != Z_OK)
			return damaged(g, e);
	}
	*block = g->block;
	*n = sizeof g->block - g->z.avail_out;
	return *n > 0;
}

static void gzip_free(struct stream *base)
{
	struct gzip *g = (struct gzip *)base;

	inflateEnd(&g->z);
	stream_free(&g->source);
	free(g);
}

static struct stream *start(struct stream *source, uint64_t limit, int window, struct err *e)
{
	struct gzip *g = calloc(1, sizeof *g);

	if (!g || inflateInit2(&g->z, window) != Z_OK) {
		free(g);
		stream_free(&source);
		err_set(e, VERDICT_SYSTEM, "out of memory");
		return NULL;
	}
	g->base = (struct stream){.next = gzip_next, .free = gzip_free, .limit = limit, .name = source->name};
	g->source = source;
	g->members = window == GZIP_WINDOW;
	return &g->base;
}

struct stream *gzip_open(struct stream *source, uint64_t limit, struct err *e)
{
	return start(source, limit, GZIP_WINDOW, e);
}

struct stream *deflate_open(struct stream *source, uint64_t limit, struct err *e)
{
	return start(source, limit, DEFLATE_WINDOW, e);
}
