/* SPDX-License-Identifier: ISC */
/* The border to the deflate engine: libdeflate where it was built in, else zlib. */
#include "core/deflate.h"

#include <stdlib.h>

#ifdef HAVE_LIBDEFLATE
#include <libdeflate.h>

struct deflater {
	struct libdeflate_compressor *engine;
};

struct inflater {
	struct libdeflate_decompressor *engine;
};

const char *deflate_engine(void)
{
	return "libdeflate " LIBDEFLATE_VERSION_STRING;
}

struct deflater *deflater_new(int level)
{
	struct deflater *d = malloc(sizeof *d);

	if (d && !(d->engine = libdeflate_alloc_compressor(level))) {
		free(d);
		return NULL;
	}
	return d;
}

size_t deflater_run(struct deflater *d, void *out, size_t cap, const void *in, size_t len)
{
	return libdeflate_gzip_compress(d->engine, in, len, out, cap);
}

void deflater_free(struct deflater **d)
{
	if (*d)
		libdeflate_free_compressor((*d)->engine);
	free(*d);
	*d = NULL;
}

struct inflater *inflater_new(void)
{
	struct inflater *f = malloc(sizeof *f);

	if (f && !(f->engine = libdeflate_alloc_decompressor())) {
		free(f);
		return NULL;
	}
	return f;
}

int inflater_run(struct inflater *f, void *out, size_t size, const void *in, size_t len, struct err *e)
{
	size_t used = 0, got = 0;

	switch (libdeflate_gzip_decompress_ex(f->engine, in, len, out, size, &used, &got)) {
	case LIBDEFLATE_SUCCESS:
		break;
	case LIBDEFLATE_INSUFFICIENT_SPACE:
		return err_set(e, VERDICT_CHUNK_SIZE, "a chunk expands to more than the %zu bytes the manifest says", size);
	default:
		return err_set(e, VERDICT_PAYLOAD_MISMATCH, "a chunk is no valid gzip member");
	}
	if (got != size)
		return err_set(e, VERDICT_CHUNK_SIZE, "a chunk expands to %zu bytes, not %zu", got, size);
	if (used != len)
		return err_set(e, VERDICT_CHUNK_SIZE, "a chunk has %zu bytes behind its gzip member", len - used);
	return 0;
}

void inflater_free(struct inflater **f)
{
	if (*f)
		libdeflate_free_decompressor((*f)->engine);
	free(*f);
	*f = NULL;
}

#else
#include <zlib.h>

/* 15 bits of window, plus 16: gzip wrapping (zlib.h, deflateInit2). */
enum { GZIP_WINDOW = 15 + 16, MEMORY_LEVEL = 8 };

struct deflater {
	z_stream z;
};

struct inflater {
	z_stream z;
};

const char *deflate_engine(void)
{
	return "zlib " ZLIB_VERSION;
}

struct deflater *deflater_new(int level)
{
	struct deflater *d = calloc(1, sizeof *d);

	if (d && deflateInit2(&d->z, level, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(d);
		return NULL;
	}
	return d;
}

size_t deflater_run(struct deflater *d, void *out, size_t cap, const void *in, size_t len)
{
	if (deflateReset(&d->z) != Z_OK)
		return 0;
	d->z.next_in = (z_const Bytef *)in;
	d->z.avail_in = (uInt)len;
	d->z.next_out = out;
	d->z.avail_out = (uInt)cap;
	return deflate(&d->z, Z_FINISH) == Z_STREAM_END ? d->z.total_out : 0;
}

void deflater_free(struct deflater **d)
{
	if (*d)
		deflateEnd(&(*d)->z);
	free(*d);
	*d = NULL;
}

struct inflater *inflater_new(void)
{
	struct inflater *f = calloc(1, sizeof *f);

	if (f && inflateInit2(&f->z, GZIP_WINDOW) != Z_OK) {
		free(f);
		return NULL;
	}
	return f;
}

int inflater_run(struct inflater *f, void *out, size_t size, const void *in, size_t len, struct err *e)
{
	int rc;

	if (inflateReset(&f->z) != Z_OK)
		return err_set(e, VERDICT_SYSTEM, "cannot reset zlib");
	f->z.next_in = (z_const Bytef *)in;
	f->z.avail_in = (uInt)len;
	f->z.next_out = out;
	f->z.avail_out = (uInt)size;
	rc = inflate(&f->z, Z_FINISH);
	if (rc == Z_MEM_ERROR)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (rc == Z_STREAM_END && f->z.total_out == size && f->z.avail_in == 0)
		return 0;
	if (rc == Z_STREAM_END && f->z.total_out != size)
		return err_set(e, VERDICT_CHUNK_SIZE, "a chunk expands to %lu bytes, not %zu", f->z.total_out, size);
	if (rc == Z_STREAM_END)
		return err_set(e, VERDICT_CHUNK_SIZE, "a chunk has %u bytes behind its gzip member", f->z.avail_in);
	if ((rc == Z_BUF_ERROR || rc == Z_OK) && f->z.avail_out == 0)
		return err_set(e, VERDICT_CHUNK_SIZE, "a chunk expands to more than the %zu bytes the manifest says", size);
	return err_set(e, VERDICT_PAYLOAD_MISMATCH, "a chunk is no valid gzip member");
}

void inflater_free(struct inflater **f)
{
	if (*f)
		inflateEnd(&(*f)->z);
	free(*f);
	*f = NULL;
}
#endif
