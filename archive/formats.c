/* SPDX-License-Identifier: ISC */
/* Which format, through which filters: by the first bytes alone, one question at a time. */
#include "archive/formats.h"

#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/io.h"

enum {
	HEAD_LEN = 512,
	FILTERS_MAX = 2, /* .tar.gz, and once more on the way: beyond that it is a bomb, not an archive */
};

/* A stream whose first bytes have been looked at. */
struct peeked {
	struct stream base;
	struct feed f;                  /* the source, and what is left of its block */
	unsigned char head[HEAD_LEN];
	size_t n;                       /* bytes in HEAD */
	bool gone;                      /* HEAD has been given */
};

struct magic {
	const char *bytes;
	size_t len;
	const char *name;
};

/* What people have instead of a tar, and what is said then. */
static const struct magic known[] = {
	{"Rar!\x1a\x07", 6, "a rar archive"},
	{"MSCF", 4, "a cab archive"},
	{"!<arch>\n", 8, "an ar archive or a Debian package"},
	{"\xed\xab\xee\xdb", 4, "an rpm package"},
	{"hsqs", 4, "a squashfs image"},
	{"\x89LZO\0\r\n\x1a\n", 9, "compressed by lzop"},
	{"LRZI", 4, "compressed by lrzip"},
	{"\x27\x05\x19\x56", 4, "a U-Boot image"},
	{"\x85\x19", 2, "a jffs2 image"},
	{"UBI#", 4, "a UBI image"},
	{"MZ", 2, "a Windows program"},
	{"\x7f""ELF", 4, "a program"},
};

static bool begins(const unsigned char *head, size_t n, const char *bytes, size_t len)
{
	return n >= len && memcmp(head, bytes, len) == 0;
}

/* lzma has no magic: its properties, a dictionary as programs choose it, and a length that can be. */
static bool is_lzma(const unsigned char *head, size_t n)
{
	uint32_t dictionary;
	uint64_t length;

	if (n < 14 || head[0] >= 225 || head[13] != 0)
		return false;
	dictionary = bytes_le32(head + 1);
	length = bytes_le64(head + 5);
	while (dictionary > 3 && (dictionary & 1) == 0)
		dictionary >>= 1;
	return (dictionary == 2 || dictionary == 3) && (length == UINT64_MAX || length < (uint64_t)1 << 38);
}

/* The filter that the bytes at HEAD want, over SOURCE; SOURCE itself when they want none; NULL on failure. */
static struct stream *filter(struct stream *source, const unsigned char *head, size_t n, uint64_t limit, struct err *e)
{
	if (begins(head, n, "\x1f\x8b", 2))
		return gzip_open(source, limit, e);
	if (begins(head, n, "\x04\x22\x4d\x18", 4))
		return lz4_open(source, limit, e);
	if (begins(head, n, "\x02\x21\x4c\x18", 4))
		return library_open(source, LIBRARY_LZ4_LEGACY, limit, e);
	if (begins(head, n, "BZh", 3))
		return library_open(source, LIBRARY_BZIP2, limit, e);
	if (begins(head, n, "\xfd" "7zXZ\0", 6))
		return library_open(source, LIBRARY_XZ, limit, e);
	if (begins(head, n, "\x28\xb5\x2f\xfd", 4) || (n > 4 && (head[0] & 0xf0) == 0x50 && memcmp(head + 1, "\x2a\x4d\x18", 3) == 0))
		return library_open(source, LIBRARY_ZSTD, limit, e);
	if (begins(head, n, "LZIP", 4))
		return library_open(source, LIBRARY_LZIP, limit, e);
	if (begins(head, n, "\x1f\x9d", 2))
		return library_open(source, LIBRARY_COMPRESS, limit, e);
	if (is_lzma(head, n))
		return library_open(source, LIBRARY_LZMA, limit, e);
	return source;
}

/* --- a look at the first bytes --- */

static int peeked_next(struct stream *base, const unsigned char **block, size_t *n, struct err *e)
{
	struct peeked *p = (struct peeked *)base;

	if (!p->gone && p->n > 0) {
		*block = p->head;
		*n = p->n;
	} else if (p->f.left > 0) {
		*block = p->f.at;
		*n = p->f.left;
		p->f.left = 0;
	} else {
		return stream_next(p->f.s, block, n, e);
	}
	p->gone = true;
	return 1;
}

static void peeked_free(struct stream *base)
{
	struct peeked *p = (struct peeked *)base;

	stream_free(&p->f.s);
	free(p);
}

/* Takes SOURCE over. NULL on failure. */
static struct peeked *peek(struct stream *source, struct err *e)
{
	struct peeked *p = calloc(1, sizeof *p);
	size_t got;
	int rc = 0;

	if (!p) {
		stream_free(&source);
		err_set(e, VERDICT_SYSTEM, "out of memory");
		return NULL;
	}
	p->base = (struct stream){.next = peeked_next, .free = peeked_free, .limit = UINT64_MAX, .name = source->name};
	p->f.s = source;
	while (p->n < HEAD_LEN) {
		rc = p->f.left > 0 ? 1 : stream_next(source, &p->f.at, &p->f.left, e);
		if (rc != 1)
			break;
		got = p->f.left < HEAD_LEN - p->n ? p->f.left : HEAD_LEN - p->n;
		memcpy(p->head + p->n, p->f.at, got);
		p->f.at += got;
		p->f.left -= got;
		p->n += got;
	}
	if (rc >= 0)
		return p;
	peeked_free(&p->base);
	return NULL;
}

/* --- the format --- */

static int unknown(const struct intake *i, const struct peeked *p, struct err *e)
{
	for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
		if (begins(p->head, p->n, known[k].bytes, known[k].len))
			return err_set(e, VERDICT_MALFORMED_HEADER, "%s is %s, which is not supported: unpack it, and pack the folder",
				       i->name, known[k].name);
	return err_set(e, VERDICT_MALFORMED_HEADER, "%s is not a tar, cpio, zip or 7z archive", i->name);
}

static int read_format(struct intake *i, struct peeked *p, unsigned depth, struct err *e)
{
	if (cpio_begins(p->head, p->n))
		return cpio_read(i, &p->base, e);
	if (tar_begins(p->head, p->n))
		return tar_read(i, &p->base, e);
	if (depth == 0 || !(begins(p->head, p->n, "PK", 2) || begins(p->head, p->n, "7z\xbc\xaf", 4)))
		return unknown(i, p, e);
	return err_set(e, VERDICT_MALFORMED_HEADER, "%s is a zip or 7z archive that was compressed again, which is not supported: decompress it "
		       "first", i->name);
}

/* Peels filters off until there are none. */
static int read_filtered(struct intake *i, struct stream *source, struct err *e)
{
	for (unsigned depth = 0;; depth++) {
		struct peeked *p = peek(source, e);
		int rc;

		if (!p)
			return -1;
		source = filter(&p->base, p->head, p->n, i->limit, e);
		if (!source)
			return -1;
		if (source == &p->base) {
			rc = read_format(i, p, depth, e);
			stream_free(&source);
			return rc;
		}
		if (depth == FILTERS_MAX) {
			stream_free(&source);
			return err_set(e, VERDICT_MALFORMED_HEADER, "%s is compressed more than %d times: decompress it first", i->name, FILTERS_MAX);
		}
	}
}

int formats_read(struct intake *i, struct err *e)
{
	unsigned char head[6] = {0};
	struct stream *source;
	int rc;

	if (i->size >= sizeof head && io_read_at(i->fd, head, sizeof head, 0) != 0)
		return err_errno(e, "cannot read %s", i->name);
	if (begins(head, sizeof head, "PK\3\4", 4) || begins(head, sizeof head, "PK\5\6", 4))
		return zip_read(i, e);
	if (begins(head, sizeof head, "7z\xbc\xaf\x27\x1c", 6))
		return sevenzip_read(i, e);
	source = stream_slice(i->fd, 0, i->size, i->name);
	if (!source)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	i->file = source;
	rc = read_filtered(i, source, e);
	i->file = NULL;
	return rc;
}
