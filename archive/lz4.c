/* SPDX-License-Identifier: ISC */
/* lz4 frames, by liblz4: unlike libarchive, it checks the checksum of the content (LZ4 Frame Format 1.6). */
#include <lz4frame.h>
#include <stdlib.h>

#include "archive/stream.h"

enum { LZ4_BLOCK = 256 << 10 };

struct lz4 {
	struct stream base;
	struct stream *source;
	LZ4F_dctx *context;
	const unsigned char *at; /* the rest of the source's block */
	size_t left;
	bool within;             /* a frame */
	bool finished;
	unsigned char block[LZ4_BLOCK];
};

/* Zeros behind the last frame are padding. */
static int padding(struct lz4 *z, struct err *e)
{
	z->finished = true;
	return stream_end(z->source, z->at, z->left, "compressed data", e);
}

static int lz4_next(struct stream *base, const unsigned char **block, size_t *n, struct err *e)
{
	struct lz4 *z = (struct lz4 *)base;

	for (*n = 0; !z->finished && *n == 0;) {
		size_t used, rc;
		int more = z->left > 0 ? 1 : stream_next(z->source, &z->at, &z->left, e);

		if (more < 0)
			return -1;
		if (more == 0 && z->within)
			return err_set(e, VERDICT_TRUNCATED, "%s is cut off: its compressed data have no end", base->name);
		if (more == 0)
			return 0;
		if (!z->within && z->at[0] == 0)
			return padding(z, e);
		*n = sizeof z->block;
		used = z->left;
		rc = LZ4F_decompress(z->context, z->block, n, z->at, &used, NULL);
		if (LZ4F_isError(rc))
			return err_set(e, VERDICT_MALFORMED_HEADER, "%s is damaged: its lz4 data: %s", base->name, LZ4F_getErrorName(rc));
		z->at += used;
		z->left -= used;
		z->within = rc != 0;
	}
	*block = z->block;
	return *n > 0;
}

static void lz4_free(struct stream *base)
{
	struct lz4 *z = (struct lz4 *)base;

	LZ4F_freeDecompressionContext(z->context);
	stream_free(&z->source);
	free(z);
}

struct stream *lz4_open(struct stream *source, uint64_t limit, struct err *e)
{
	struct lz4 *z = calloc(1, sizeof *z);

	if (!z || LZ4F_isError(LZ4F_createDecompressionContext(&z->context, LZ4F_VERSION))) {
		free(z);
		stream_free(&source);
		err_set(e, VERDICT_SYSTEM, "out of memory");
		return NULL;
	}
	z->base = (struct stream){.next = lz4_next, .free = lz4_free, .limit = limit, .name = source->name};
	z->source = source;
	return &z->base;
}
