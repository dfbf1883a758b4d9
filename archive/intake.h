/* SPDX-License-Identifier: ISC */
/* What the readers of the formats share, in the child: where entries and content go to. */
#ifndef ARCHIVE_INTAKE_H
#define ARCHIVE_INTAKE_H

#include <stdbool.h>

#include "archive/import.h"
#include "archive/message.h"
#include "archive/stream.h"

enum {
	INTAKE_ENTRIES_MAX = 1 << 18, /* far more than fit in a manifest */
	INTAKE_BUFFER = 256 << 10,
};

struct intake {
	int fd;              /* the archive */
	uint64_t size;       /* of it */
	const char *name;
	uint64_t limit;      /* bytes that may come out */
	int spool;
	uint64_t spooled;    /* bytes of content so far */
	uint32_t entries;    /* so far; refused ones, too */
	struct sender to;
	const struct stream *file; /* the archive's bytes; NULL for formats that are not read from front to back */
	uint64_t told;       /* the last progress */
	size_t held;         /* small pieces of content, written together */
	unsigned char buffer[INTAKE_BUFFER];
};

/* An entry, or one that is refused; PATH may be any bytes. Return 0, or -1: too-large (entries without end), system. */
MUST_CHECK int intake_member(struct intake *i, const struct import_member *m, struct err *e) __attribute__((warn_unused_result));
int intake_refuse(struct intake *i, const char *path, struct err *e, const char *reason, ...)
	__attribute__((format(printf, 4, 5), warn_unused_result));
int intake_warn(struct intake *i, const char *path, struct err *e, const char *reason)
	__attribute__((warn_unused_result));

/* Appends content to the spool. Returns 0, or -1: too-large, system. */
MUST_CHECK int intake_write(struct intake *i, const unsigned char *bytes, size_t n, struct err *e) __attribute__((warn_unused_result));
/* Writes what is held back. */
MUST_CHECK int intake_flush(struct intake *i, struct err *e) __attribute__((warn_unused_result));
/* Says how much of the archive has been read. */
MUST_CHECK int intake_progress(struct intake *i, struct err *e) __attribute__((warn_unused_result));

/* NAME without leading "./" and, of a directory, without the "/" behind it: how archivers spell names, nothing more. Sets *ROOT when it
 * is the root itself, as `tar c .' stores it. Changes NAME's end. */
const char *intake_plain(char *name, bool is_dir, bool *root);

/* "it is a FIFO", of the S_IFMT bits of MODE that are neither file nor directory nor link. */
const char *intake_kind_fault(uint32_t mode);

/* True when the bytes are UTF-8 (RFC 3629). */
bool intake_is_utf8(const char *text, size_t len);

/* The readers of the formats; each reads to the end. Return 0 or -1. */
MUST_CHECK int tar_read(struct intake *i, struct stream *s, struct err *e) __attribute__((warn_unused_result));
MUST_CHECK int cpio_read(struct intake *i, struct stream *s, struct err *e) __attribute__((warn_unused_result));
MUST_CHECK int zip_read(struct intake *i, struct err *e) __attribute__((warn_unused_result));
MUST_CHECK int sevenzip_read(struct intake *i, struct err *e) __attribute__((warn_unused_result));

/* True when a tar, or a cpio, may begin with the N bytes at HEAD. */
bool tar_begins(const unsigned char *head, size_t n);
bool cpio_begins(const unsigned char *head, size_t n);

#endif
