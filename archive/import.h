/* SPDX-License-Identifier: ISC */
/* Other people's archives: tar and cpio with any filter, zip, 7z. They are read in a child process that holds no key and has limits
 * on memory, processor time and files; what it says is checked again here, and again by whoever takes it in. */
#ifndef ARCHIVE_IMPORT_H
#define ARCHIVE_IMPORT_H

#include <stdint.h>

#include "core/err.h"

/* Out of an archive of N bytes may come IMPORT_GRACE + N * IMPORT_RATIO bytes, hard links counted like content: more is a bomb, or a
 * disk image that is better packed from a folder. */
#define IMPORT_GRACE ((uint64_t)256 << 20)
enum { IMPORT_RATIO = 200 };

enum {
	IMPORT_PATH_MAX = 256,     /* bytes of a path that are passed on: one more than any path may have */
	IMPORT_TARGET_MAX = 256,   /* the same of a link's target */
	IMPORT_REASON_MAX = 639,   /* bytes of a reason */
};

enum import_kind { IMPORT_FILE = 1, IMPORT_DIR, IMPORT_LINK, IMPORT_HARDLINK };

/* An entry as the archive has it: nothing about it is believed. Strings end with the call. */
struct import_member {
	enum import_kind kind;
	const char *path;      /* without "./" before it and a directory's "/" behind it; longer ones are cut to IMPORT_PATH_MAX */
	const char *target;    /* of a link; of a hard link, the path of an earlier entry; else "" */
	uint32_t mode;         /* the bits of 07777 */
	uint64_t uid, gid;
	uint64_t size;         /* of a file */
	uint64_t offset;       /* of a file: where its content begins in the spool */
};

/* Who takes the entries in, in the order of the archive. An implementation embeds this as its first member. */
struct import_sink {
	/* Each returns 0, or -1 with E set, which ends the import. PATH may hold any byte; REASON is printable. */
	int (*member)(struct import_sink *s, const struct import_member *m, struct err *e);
	int (*refused)(struct import_sink *s, const char *path, const char *reason, struct err *e);
	int (*warned)(struct import_sink *s, const char *path, const char *reason, struct err *e);
	void (*progress)(struct import_sink *s, uint64_t done); /* bytes of the archive; NULL: nobody wants to know */
};

/* What may come out of an archive of SIZE bytes. */
uint64_t import_limit(uint64_t size);

/* Reads the archive that FD is open on (a regular file; NAME is for messages). File content goes to SPOOL, an empty file open for
 * reading and writing; every member's offset and size lie within it when this returns 0. Returns 0, or -1: malformed-header (not an
 * archive, damaged, or a kind that is not supported: the message says which), trailing-data, truncated, too-large, system. */
MUST_CHECK int import_archive(int fd, int spool, const char *name, struct import_sink *sink, struct err *e)
	__attribute__((warn_unused_result));

/* --- the two halves, for tests --- */

/* What the child does: reads the archive and writes messages (archive/message.h) to OUT. Failures are messages, too. */
void import_serve(int fd, int spool, const char *name, int out);

/* What the parent does: reads messages from IN up to the last. Returns 0 or -1 as import_archive does. */
MUST_CHECK int import_receive(int in, int spool, const char *name, struct import_sink *sink, struct err *e) __attribute__((warn_unused_result));

#endif
