/* SPDX-License-Identifier: ISC */
/* The filters that libarchive reads: it checks the checksums of bzip2, lzip, xz and zstd; compress and lzma have none. One filter is
 * named, so that it neither guesses nor stacks. */
#include "archive/library.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "archive/stream.h"

struct library {
	struct stream base;
	struct stream *source;
	struct archive *a;
	struct err failure;  /* of the source, from within libarchive's callback */
	bool failed, opened, finished;
	uint64_t nonzero;    /* where the last byte that is not zero ends, of what the source has given */
};

static const struct {
	int (*support)(struct archive *);
	const char *name;
} filters[] = {
	[LIBRARY_BZIP2] = {archive_read_support_filter_bzip2, "bzip2"},
	[LIBRARY_COMPRESS] = {archive_read_support_filter_compress, "compress"},
	[LIBRARY_LZ4_LEGACY] = {archive_read_support_filter_lz4, "lz4"},
	[LIBRARY_LZIP] = {archive_read_support_filter_lzip, "lzip"},
	[LIBRARY_LZMA] = {archive_read_support_filter_lzma, "lzma"},
	[LIBRARY_XZ] = {archive_read_support_filter_xz, "xz"},
	[LIBRARY_ZSTD] = {archive_read_support_filter_zstd, "zstd"},
};

int library_damaged(struct archive *a, const char *name, const char *what, struct err *e)
{
	const char *message = archive_error_string(a);
	char quoted[400];

	if (!message)
		message = "unknown error";
	err_escape(quoted, sizeof quoted, message, strlen(message));
	if (archive_errno(a) == ENOMEM || strstr(message, "llocat") || strstr(message, "out of memory"))
		return err_set(e, VERDICT_TOO_LARGE, "%s needs more memory than its reader may have: %s: repack it with a smaller "
			       "dictionary, or unpack it and pack the folder", name, quoted);
	return err_set(e, VERDICT_MALFORMED_HEADER, "%s is damaged: its %s: %s", name, what, quoted);
}

static la_ssize_t give(struct archive *a, void *data, const void **block)
{
	struct library *l = data;
	const unsigned char *at = NULL;
	size_t n = 0, used;
	int rc = stream_next(l->source, &at, &n, &l->failure);

	(void)a;
	if (rc < 0)
		l->failed = true;
	if (rc != 1)
		return rc;
	for (used = n; used > 0 && at[used - 1] == 0; used--)
		;
	if (used > 0)
		l->nonzero = l->source->given - n + used;
	*block = at;
	return (la_ssize_t)n;
}

static int fault(struct library *l, struct err *e)
{
	if (l->failed) {
		*e = l->failure;
		return -1;
	}
	return library_damaged(l->a, l->base.name, "compressed data", e);
}

/* libarchive stops at the end of the compressed data, and says nothing of what is behind it. */
static int finish(struct library *l, struct err *e)
{
	int64_t consumed = archive_filter_bytes(l->a, -1);
	const unsigned char *at = NULL;
	size_t n = 0;

	l->finished = true;
	if (consumed >= 0 && l->nonzero > (uint64_t)consumed) {
		static const unsigned char one = 1;

		return stream_end(l->source, &one, 1, "compressed data", e);
	}
	return stream_end(l->source, at, n, "compressed data", e);
}

static int library_next(struct stream *base, const unsigned char **block, size_t *n, struct err *e)
{
	struct library *l = (struct library *)base;
	const void *at;
	la_int64_t offset;
	int rc;

	if (l->finished)
		return 0;
	if (!l->opened) {
		struct archive_entry *entry;

		l->opened = true;
		if (archive_read_open(l->a, l, NULL, give, NULL) != ARCHIVE_OK || archive_read_next_header(l->a, &entry) != ARCHIVE_OK)
			return fault(l, e);
		if (archive_filter_count(l->a) > 2)
			return err_set(e, VERDICT_MALFORMED_HEADER, "%s is compressed several times, which is not supported: decompress "
				       "it once", base->name);
	}
	do
		rc = archive_read_data_block(l->a, &at, n, &offset);
	while (rc == ARCHIVE_OK && *n == 0);
	if (rc == ARCHIVE_EOF)
		return finish(l, e);
	if (rc != ARCHIVE_OK)
		return fault(l, e);
	*block = at;
	return 1;
}

static void library_free(struct stream *base)
{
	struct library *l = (struct library *)base;

	archive_read_free(l->a);
	stream_free(&l->source);
	free(l);
}

struct stream *library_open(struct stream *source, enum library_filter filter, uint64_t limit, struct err *e)
{
	struct library *l = calloc(1, sizeof *l);

	if (!l || !(l->a = archive_read_new())) {
		free(l);
		stream_free(&source);
		err_set(e, VERDICT_SYSTEM, "out of memory");
		return NULL;
	}
	l->base = (struct stream){.next = library_next, .free = library_free, .limit = limit, .name = source->name};
	l->source = source;
	/* ARCHIVE_WARN: it would start a program. */
	if (archive_read_support_format_raw(l->a) == ARCHIVE_OK && filters[filter].support(l->a) == ARCHIVE_OK)
		return &l->base;
	err_set(e, VERDICT_SYSTEM, "this libarchive cannot read %s", filters[filter].name);
	library_free(&l->base);
	return NULL;
}
