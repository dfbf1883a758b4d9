/* SPDX-License-Identifier: ISC */
/* 7z, by libarchive, which checks the CRCs of its headers and of its files. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/intake.h"
#include "archive/library.h"
#include "core/bytes.h"
#include "core/io.h"

enum { READ_BLOCK = 128 << 10, START_LEN = 32 };

struct sevenzip {
	struct intake *i;
	struct archive *a;
	bool any;
};

static int fault(const struct sevenzip *z, struct err *e)
{
	const char *message = archive_error_string(z->a);

	if (z->any && archive_read_has_encrypted_entries(z->a) > 0) /* it cannot be read past such an entry */
		return err_set(e, VERDICT_MALFORMED_HEADER, "%s is encrypted, wholly or in part, which is not supported: unpack it, and pack the "
			       "folder", z->i->name);
	if (message && (strstr(message, "codec ID") || strstr(message, "nsupported") || strstr(message, "not supported")))
		return err_set(e, VERDICT_MALFORMED_HEADER, "%s is compressed by a method that is not supported: repack it (7z a -m0=lzma2), or "
			       "unpack it and pack the folder", z->i->name);
	return library_damaged(z->a, z->i->name, "7z data", e);
}

/* Nothing but zeros may be behind the header, which is the last part of a 7z. */
static int check_end(const struct intake *i, struct err *e)
{
	unsigned char start[START_LEN];
	uint64_t offset, size;
	struct stream *rest;
	int rc;

	if (i->size < START_LEN)
		return err_set(e, VERDICT_TRUNCATED, "%s is cut off: it is shorter than the beginning of a 7z", i->name);
	if (io_read_at(i->fd, start, START_LEN, 0) != 0)
		return err_errno(e, "cannot read %s", i->name);
	offset = bytes_le64(start + 12);
	size = bytes_le64(start + 20);
	if (offset > i->size - START_LEN || size > i->size - START_LEN - offset)
		return err_set(e, VERDICT_TRUNCATED, "%s is cut off: its 7z header would be behind its end", i->name);
	offset += START_LEN + size;
	rest = stream_slice(i->fd, offset, i->size - offset, i->name);
	if (!rest)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	rc = stream_end(rest, start, 0, "7z archive", e);
	stream_free(&rest);
	return rc;
}

/* Passes the content on: to the spool, or, of a link, nowhere (libarchive has its target). */
static int content(struct sevenzip *z, uint64_t size, bool keep, struct err *e)
{
	uint64_t done = 0;
	const void *block;
	size_t n;
	la_int64_t offset;
	int rc;

	while ((rc = archive_read_data_block(z->a, &block, &n, &offset)) == ARCHIVE_OK) {
		if (n == 0)
			continue;
		if (offset < 0 || (uint64_t)offset != done || n > size - done)
			return err_set(e, VERDICT_MALFORMED_HEADER, "%s is damaged: a file's content is not as long as it says", z->i->name);
		if (keep && intake_write(z->i, block, n, e) != 0)
			return -1;
		done += n;
	}
	if (rc != ARCHIVE_EOF)
		return fault(z, e);
	return done == size ? 0 : err_set(e, VERDICT_MALFORMED_HEADER, "%s is damaged: a file's content is not as long as it says", z->i->name);
}

static int take_named(struct sevenzip *z, struct archive_entry *entry, char *name, struct err *e)
{
	mode_t type = archive_entry_filetype(entry) ? archive_entry_filetype(entry) : AE_IFREG; /* a mode alone: 7z takes it for a file */
	uint64_t size = archive_entry_size(entry) > 0 ? (uint64_t)archive_entry_size(entry) : 0;
	struct import_member m = {.mode = (uint32_t)archive_entry_perm(entry) & 07777, .offset = z->i->spooled};
	bool root;

	m.path = intake_plain(name, type == AE_IFDIR, &root);
	if (archive_entry_is_encrypted(entry)) {
		if (intake_refuse(z->i, m.path, e, "it is encrypted") != 0)
			return -1;
		return archive_read_data_skip(z->a) == ARCHIVE_FATAL ? fault(z, e) : 0;
	}
	switch (type) {
	case AE_IFDIR:
		m.kind = IMPORT_DIR;
		return root ? 0 : intake_member(z->i, &m, e);
	case AE_IFLNK:
		m.kind = IMPORT_LINK;
		m.target = archive_entry_symlink(entry);
		return intake_member(z->i, &m, e);
	case AE_IFREG:
		m.kind = IMPORT_FILE;
		m.size = size;
		return intake_member(z->i, &m, e) == 0 ? content(z, size, true, e) : -1;
	default:
		return intake_refuse(z->i, m.path, e, "%s", intake_kind_fault(type)) == 0 ? content(z, size, false, e) : -1;
	}
}

static int take(struct sevenzip *z, struct archive_entry *entry, bool warned, struct err *e)
{
	const char *found = archive_entry_pathname(entry);
	char *name;
	int rc;

	if (!found || warned)
		return intake_refuse(z->i, found ? found : "?", e, "it is damaged: its name cannot be read") == 0 &&
		       archive_read_data_skip(z->a) != ARCHIVE_FATAL ? 0 : -1;
	name = strdup(found);
	if (!name)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	rc = take_named(z, entry, name, e);
	free(name);
	return rc;
}

static int read_all(struct sevenzip *z, struct err *e)
{
	struct archive_entry *entry;
	int rc;

	if (archive_read_support_format_7zip(z->a) != ARCHIVE_OK || lseek(z->i->fd, 0, SEEK_SET) != 0 ||
	    archive_read_open_fd(z->a, z->i->fd, READ_BLOCK) != ARCHIVE_OK)
		return fault(z, e);
	while ((rc = archive_read_next_header(z->a, &entry)) == ARCHIVE_OK || rc == ARCHIVE_WARN) {
		z->any = true;
		if (take(z, entry, rc == ARCHIVE_WARN, e) != 0 || intake_progress(z->i, e) != 0)
			return -1;
	}
	return rc == ARCHIVE_EOF ? 0 : fault(z, e);
}

int sevenzip_read(struct intake *i, struct err *e)
{
	struct sevenzip z = {.i = i};
	int rc;

	if (check_end(i, e) != 0)
		return -1;
	z.a = archive_read_new();
	if (!z.a)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	rc = read_all(&z, e);
	archive_read_free(z.a);
	return rc;
}
