/* SPDX-License-Identifier: ISC */
/* zip (APPNOTE 6.3.10), as its central directory has it. Some programs believe the header in front of each file instead, or read the
 * archive from front to back: so both must say the same, and nothing may lie between the files. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "archive/intake.h"
#include "core/bytes.h"
#include "core/io.h"

enum {
	LOCAL_LEN = 30, CENTRAL_LEN = 46, END_LEN = 22, END64_LEN = 56, LOCATOR_LEN = 20, COMMENT_MAX = 0xffff,
	DIRECTORY_MAX = 64 << 20, TARGET_MAX_LEN = 64 << 10,
	FLAG_ENCRYPTED = 1, FLAG_DESCRIPTOR = 8, FLAG_PATCHED = 32, FLAG_STRONG = 64, FLAG_UTF8 = 1 << 11, FLAG_MASKED = 1 << 13,
	FLAGS_COMPARED = FLAG_ENCRYPTED | FLAG_DESCRIPTOR | FLAG_PATCHED | FLAG_STRONG | FLAG_UTF8 | FLAG_MASKED,
	METHOD_STORED = 0, METHOD_DEFLATED = 8, METHOD_BZIP2 = 12, METHOD_ZSTD = 93, METHOD_XZ = 95,
	HOST_DOS = 0, HOST_UNIX = 3, HOST_NTFS = 10, HOST_OSX = 19, DOS_DIRECTORY = 0x10,
	EXTRA_ZIP64 = 1, EXTRA_NAME = 0x7075,
	ALL_ONES = 0xffff,
};
#define ALL_ONES_LONG UINT64_C(0xffffffff)

struct zip_entry {
	const unsigned char *name;   /* in the directory */
	size_t name_len, extra_len;
	unsigned flags, method, host;
	uint32_t crc, attributes;
	uint64_t packed, size, at;   /* AT: of the local header */
	uint64_t end;                /* of its content */
};

struct zip {
	struct intake *i;
	unsigned char *directory;
	uint64_t directory_at, directory_len, count;
	struct zip_entry *entries;   /* in the order of the file */
};

static int malformed(const struct zip *z, struct err *e, const char *what)
{
	return err_set(e, VERDICT_MALFORMED_HEADER, "%s is damaged: %s", z->i->name, what);
}

static unsigned le16(const unsigned char *at)
{
	return at[0] | (unsigned)at[1] << 8;
}

static int read_at(const struct zip *z, void *out, size_t n, uint64_t at, struct err *e)
{
	if (at > z->i->size || n > z->i->size - at)
		return malformed(z, e, "its zip directory points behind its end");
	return io_read_at(z->i->fd, out, n, at) == 0 ? 0 : err_errno(e, "cannot read %s", z->i->name);
}

/* --- the end, which says where the directory is --- */

static int find_end(const struct zip *z, uint64_t *at, unsigned char end[static END_LEN], struct err *e)
{
	size_t n = z->i->size < END_LEN + COMMENT_MAX ? (size_t)z->i->size : END_LEN + COMMENT_MAX;
	unsigned char *tail = malloc(n + 1);
	int rc = -1;

	if (!tail)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (read_at(z, tail, n, z->i->size - n, e) != 0)
		goto out;
	for (size_t k = n < END_LEN ? 0 : n - END_LEN + 1; k-- > 0;) {
		if (memcmp(tail + k, "PK\5\6", 4) != 0)
			continue;
		*at = z->i->size - n + k;
		memcpy(end, tail + k, END_LEN);
		rc = k + END_LEN + le16(end + 20) == n ? 0
		     : err_set(e, VERDICT_TRAILING_DATA, "%s goes on behind the end of its zip archive, or is cut off: what is there would be lost",
			       z->i->name);
		goto out;
	}
	(void)malformed(z, e, "the end of its zip directory is missing: it may have been cut off");
out:
	free(tail);
	return rc;
}

/* Where zip64's fields are in use, both ends must agree. AT becomes where the end begins. */
static int take_end64(struct zip *z, uint64_t *at, const unsigned char *end, struct err *e)
{
	unsigned char locator[LOCATOR_LEN], end64[END64_LEN];
	uint64_t where;

	if (*at < LOCATOR_LEN || read_at(z, locator, LOCATOR_LEN, *at - LOCATOR_LEN, e) != 0 || memcmp(locator, "PK\6\7", 4) != 0)
		return 0;
	where = bytes_le64(locator + 8);
	if (read_at(z, end64, END64_LEN, where, e) != 0)
		return -1;
	if (memcmp(end64, "PK\6\6", 4) != 0 || where + 12 + bytes_le64(end64 + 4) != *at - LOCATOR_LEN)
		return malformed(z, e, "its zip64 directory's end is not where it says");
	if (bytes_le64(end64 + 24) != bytes_le64(end64 + 32) || bytes_le32(end64 + 16) != 0 || bytes_le32(end64 + 20) != 0)
		return malformed(z, e, "it is one of several volumes, which is not supported: unpack it, and pack the folder");
	if ((le16(end + 10) != ALL_ONES && z->count != bytes_le64(end64 + 32)) ||
	    (bytes_le32(end + 12) != ALL_ONES_LONG && z->directory_len != bytes_le64(end64 + 40)) ||
	    (bytes_le32(end + 16) != ALL_ONES_LONG && z->directory_at != bytes_le64(end64 + 48)))
		return malformed(z, e, "its zip and its zip64 directory differ");
	z->count = bytes_le64(end64 + 32);
	z->directory_len = bytes_le64(end64 + 40);
	z->directory_at = bytes_le64(end64 + 48);
	*at = where;
	return 0;
}

static int take_end(struct zip *z, struct err *e)
{
	unsigned char end[END_LEN] = {0};
	uint64_t at = 0;

	if (find_end(z, &at, end, e) != 0)
		return -1;
	z->count = le16(end + 10);
	z->directory_len = bytes_le32(end + 12);
	z->directory_at = bytes_le32(end + 16);
	if (take_end64(z, &at, end, e) != 0)
		return -1;
	if ((le16(end + 4) != 0 && le16(end + 4) != ALL_ONES) || (le16(end + 8) != le16(end + 10)))
		return malformed(z, e, "it is one of several volumes, which is not supported: unpack it, and pack the folder");
	if (z->directory_len > at || z->directory_at != at - z->directory_len)
		return malformed(z, e, "its zip directory is not where it says: something was put before or behind it");
	if (z->count > INTAKE_ENTRIES_MAX || z->directory_len > DIRECTORY_MAX)
		return err_set(e, VERDICT_TOO_LARGE, "%s holds more than %d entries", z->i->name, INTAKE_ENTRIES_MAX);
	return 0;
}

/* --- the directory --- */

/* The extra field of kind ID: its bytes and length, or NULL. */
static const unsigned char *extra(const unsigned char *at, size_t len, unsigned id, size_t *n)
{
	while (len >= 4 && le16(at + 2) <= len - 4) {
		*n = le16(at + 2);
		if (le16(at) == id)
			return at + 4;
		len -= 4 + *n;
		at += 4 + *n;
	}
	return NULL;
}

/* Puts zip64's values in the place of those that are all ones, in the order of the format. AT NULL: a local header has none. */
static int take_zip64(const unsigned char *fields, size_t len, uint64_t *size, uint64_t *packed, uint64_t *at)
{
	uint64_t *const values[] = {size, packed, at};
	size_t n = 0;
	const unsigned char *p = extra(fields, len, EXTRA_ZIP64, &n);

	for (size_t k = 0; k < 3; k++) {
		if (!values[k] || *values[k] != ALL_ONES_LONG)
			continue;
		if (!p)
			return 0; /* 4 GiB - 1, then */
		if (n < 8)
			return -1;
		*values[k] = bytes_le64(p);
		p += 8;
		n -= 8;
	}
	return 0;
}

static int take_central(struct zip *z, struct zip_entry *entry, const unsigned char *at, size_t left, size_t *used, struct err *e)
{
	if (left < CENTRAL_LEN || memcmp(at, "PK\1\2", 4) != 0)
		return malformed(z, e, "its zip directory has something else than entries");
	*entry = (struct zip_entry){
		.host = at[5], .flags = le16(at + 8), .method = le16(at + 10), .crc = bytes_le32(at + 16), .packed = bytes_le32(at + 20),
		.size = bytes_le32(at + 24), .name = at + CENTRAL_LEN, .name_len = le16(at + 28), .extra_len = le16(at + 30),
		.attributes = bytes_le32(at + 38), .at = bytes_le32(at + 42),
	};
	*used = CENTRAL_LEN + entry->name_len + entry->extra_len + le16(at + 32);
	if (*used > left || take_zip64(entry->name + entry->name_len, entry->extra_len, &entry->size, &entry->packed, &entry->at) != 0)
		return malformed(z, e, "an entry of its zip directory is longer than the directory");
	return 0;
}

static int compare_place(const void *a, const void *b)
{
	const struct zip_entry *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static int read_directory(struct zip *z, struct err *e)
{
	size_t at = 0, used = 0;

	z->directory = malloc((size_t)z->directory_len + 1);
	z->entries = calloc((size_t)z->count + 1, sizeof *z->entries);
	if (!z->directory || !z->entries)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (read_at(z, z->directory, (size_t)z->directory_len, z->directory_at, e) != 0)
		return -1;
	for (size_t k = 0; k < z->count; k++, at += used)
		if (take_central(z, &z->entries[k], z->directory + at, (size_t)z->directory_len - at, &used, e) != 0)
			return -1;
	if (at != z->directory_len)
		return malformed(z, e, "its zip directory goes on behind its last entry");
	qsort(z->entries, (size_t)z->count, sizeof *z->entries, compare_place);
	return 0;
}

/* --- what stands in front of and behind each file --- */

static int two_truths(const struct zip *z, const struct zip_entry *entry, const char *what, struct err *e)
{
	char quoted[320];

	return err_set(e, VERDICT_MALFORMED_HEADER, "%s says two things of \"%s\": its directory and the header of the file differ in the %s: "
		       "repack it", z->i->name, err_quote(quoted, sizeof quoted, entry->name, entry->name_len), what);
}

/* True when the local header's VALUE is the one of the directory: where a descriptor follows, or the header is masked, it may be 0. */
static bool agrees(const struct zip_entry *entry, uint64_t value, uint64_t right)
{
	return value == right || (value == 0 && entry->flags & (FLAG_DESCRIPTOR | FLAG_MASKED));
}

/* True when both headers have the same name in UTF-8 besides the plain one, or neither has one. */
static bool same_extra(const struct zip_entry *entry, const unsigned char *local, size_t len)
{
	size_t n = 0, m = 0;
	const unsigned char *here = extra(entry->name + entry->name_len, entry->extra_len, EXTRA_NAME, &n),
			    *there = extra(local, len, EXTRA_NAME, &m);

	return here && there ? n == m && memcmp(here, there, n) == 0 : !here && !there;
}

/* Compares the local header. Sets entry->end, and AT to where the content begins. */
static int check_local(struct zip *z, struct zip_entry *entry, struct err *e)
{
	unsigned char head[LOCAL_LEN], rest[2 * ALL_ONES];
	uint64_t size, packed;
	size_t name_len, extra_len;

	if (read_at(z, head, LOCAL_LEN, entry->at, e) != 0)
		return -1;
	name_len = le16(head + 26);
	extra_len = le16(head + 28);
	if (memcmp(head, "PK\3\4", 4) != 0)
		return malformed(z, e, "its zip directory points at something else than a file");
	if (read_at(z, rest, name_len + extra_len, entry->at + LOCAL_LEN, e) != 0)
		return -1;
	if (name_len != entry->name_len || memcmp(rest, entry->name, name_len) != 0)
		return two_truths(z, entry, "name", e);
	if (le16(head + 8) != entry->method || ((le16(head + 6) ^ entry->flags) & FLAGS_COMPARED) != 0)
		return two_truths(z, entry, "method", e);
	if (!same_extra(entry, rest + name_len, extra_len))
		return two_truths(z, entry, "name in UTF-8", e);
	packed = bytes_le32(head + 18);
	size = bytes_le32(head + 22);
	if (take_zip64(rest + name_len, extra_len, &size, &packed, NULL) != 0)
		return malformed(z, e, "a file's header is cut off");
	if (!agrees(entry, size, entry->size) || !agrees(entry, packed, entry->packed) || !agrees(entry, bytes_le32(head + 14), entry->crc))
		return two_truths(z, entry, "size", e);
	entry->at += LOCAL_LEN + name_len + extra_len;
	if (entry->at > z->directory_at || entry->packed > z->directory_at - entry->at)
		return malformed(z, e, "a file goes on behind the beginning of the zip directory");
	entry->end = entry->at + entry->packed;
	return 0;
}

/* True when the LEN bytes at AT are ENTRY's descriptor: with or without a signature, with sizes of 4 or 8 bytes. */
static bool is_descriptor(const struct zip_entry *entry, const unsigned char *at, size_t len)
{
	if ((len == 16 || len == 24) && memcmp(at, "PK\7\10", 4) == 0) {
		at += 4;
		len -= 4;
	}
	if (len == 12)
		return bytes_le32(at) == entry->crc && bytes_le32(at + 4) == entry->packed && bytes_le32(at + 8) == entry->size;
	return len == 20 && bytes_le32(at) == entry->crc && bytes_le64(at + 4) == entry->packed && bytes_le64(at + 12) == entry->size;
}

/* Between ENTRY (NULL: the beginning) and NEXT there may be ENTRY's descriptor, and zeros. */
static int check_gap(const struct zip *z, const struct zip_entry *entry, uint64_t next, struct err *e)
{
	static const size_t lengths[] = {16, 24, 12, 20};
	uint64_t at = entry ? entry->end : 0;
	unsigned char block[4096];
	size_t n;

	if (next < at)
		return malformed(z, e, "two of its files overlap");
	if (entry && entry->flags & FLAG_DESCRIPTOR) {
		bool found = false;

		for (size_t k = 0; k < 4 && !found; k++) {
			if (next - at < lengths[k])
				continue;
			if (read_at(z, block, lengths[k], at, e) != 0)
				return -1;
			found = is_descriptor(entry, block, lengths[k]);
			if (found)
				at += lengths[k];
		}
		if (!found)
			return two_truths(z, entry, "descriptor behind its content", e);
	}
	for (; at < next; at += n) {
		n = next - at < sizeof block ? (size_t)(next - at) : sizeof block;
		if (read_at(z, block, n, at, e) != 0)
			return -1;
		if (!stream_is_zero(block, n))
			return err_set(e, VERDICT_TRAILING_DATA, "%s has data at byte %" PRIu64 " that belong to none of its files and would be "
				       "lost: a program in front, or another archive. Unpack it, and pack the folder", z->i->name, at);
	}
	return 0;
}

/* --- entries --- */

/* Why ENTRY's name cannot be understood, or NULL. NAME gets it. */
static const char *take_name(const struct zip_entry *entry, char **name)
{
	const unsigned char *field;
	size_t n = 0;
	bool ascii = true;

	*name = strndup((const char *)entry->name, entry->name_len);
	if (!*name || strlen(*name) != entry->name_len)
		return "it is damaged: its name holds a NUL";
	for (size_t k = 0; k < entry->name_len; k++)
		ascii = ascii && entry->name[k] < 0x80;
	if (memchr(entry->name, '\\', entry->name_len) && (entry->host == HOST_DOS || entry->host == HOST_NTFS))
		return "its path has a backslash, which programs understand differently: repack the archive with `/' in its names";
	field = extra(entry->name + entry->name_len, entry->extra_len, EXTRA_NAME, &n);
	if (field && n >= 5 && field[0] == 1 && bytes_le32(field + 1) == crc32(0, entry->name, (uInt)entry->name_len)) {
		if (ascii && (n - 5 != entry->name_len || memcmp(field + 5, entry->name, n - 5) != 0))
			return "it has two names: repack the archive";
		free(*name);
		*name = strndup((const char *)field + 5, n - 5);
		if (!*name || strlen(*name) != n - 5 || !intake_is_utf8(*name, n - 5))
			return "it is damaged: its name is not UTF-8, as it says";
		return NULL;
	}
	if (ascii)
		return NULL;
	if (!(entry->flags & FLAG_UTF8))
		return "its name is neither ASCII nor marked as UTF-8, and programs read such names differently: repack the archive with a "
		       "program that marks them, or pack the unpacked folder";
	return intake_is_utf8(*name, entry->name_len) ? NULL : "it is damaged: its name is not UTF-8, as it says";
}

static uint32_t mode_of(const struct zip_entry *entry, bool is_dir)
{
	uint32_t mode = entry->host == HOST_UNIX || entry->host == HOST_OSX ? entry->attributes >> 16 : 0;

	if (mode == 0)
		mode = is_dir ? 0755 : 0644;
	if ((mode & S_IFMT) == 0)
		mode |= is_dir ? S_IFDIR : S_IFREG;
	return mode;
}

static struct stream *unpacked(struct zip *z, const struct zip_entry *entry, struct err *e)
{
	struct stream *s = stream_slice(z->i->fd, entry->at, entry->packed, z->i->name);

	if (!s) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		return NULL;
	}
	switch (entry->method) {
	case METHOD_DEFLATED: return deflate_open(s, z->i->limit, e);
	case METHOD_BZIP2: return library_open(s, LIBRARY_BZIP2, z->i->limit, e);
	case METHOD_ZSTD: return library_open(s, LIBRARY_ZSTD, z->i->limit, e);
	case METHOD_XZ: return library_open(s, LIBRARY_XZ, z->i->limit, e);
	default: return s;
	}
}

static bool is_supported(unsigned method)
{
	return method == METHOD_STORED || method == METHOD_DEFLATED || method == METHOD_BZIP2 || method == METHOD_ZSTD || method == METHOD_XZ;
}

/* Passes the content on: to the spool, or, of a link, to TARGET (entry->size + 1 bytes). Checks its length and CRC. */
static int content(struct zip *z, const struct zip_entry *entry, char *target, struct err *e)
{
	struct stream *s = unpacked(z, entry, e);
	const unsigned char *at;
	uint64_t done = 0;
	uLong crc = crc32(0, NULL, 0);
	size_t n;
	int rc = s ? 1 : -1;

	while (rc == 1 && (rc = stream_next(s, &at, &n, e)) == 1) {
		if (n > entry->size - done)
			rc = malformed(z, e, "a file's content is not as long as it says");
		else if (target)
			memcpy(target + done, at, n);
		else if (intake_write(z->i, at, n, e) != 0)
			rc = -1;
		crc = crc32(crc, at, (uInt)n);
		done += n;
	}
	stream_free(&s);
	if (rc != 0)
		return -1;
	if (done != entry->size || crc != entry->crc)
		return malformed(z, e, done != entry->size ? "a file's content is not as long as it says" : "a file's CRC is wrong");
	return 0;
}

static int take_link(struct zip *z, const struct zip_entry *entry, struct import_member *m, struct err *e)
{
	char *target = entry->size <= TARGET_MAX_LEN ? calloc((size_t)entry->size + 1, 1) : NULL;
	int rc;

	if (!target)
		return malformed(z, e, "a link's target is longer than any path");
	rc = content(z, entry, target, e);
	m->kind = IMPORT_LINK;
	m->target = target;
	m->size = 0;
	if (rc == 0)
		rc = strlen(target) == entry->size ? intake_member(z->i, m, e)
						   : intake_refuse(z->i, m->path, e, "it is damaged: its target holds a NUL");
	free(target);
	return rc;
}

/* Takes in the entry, whose name is NAME. */
static int take_named(struct zip *z, const struct zip_entry *entry, char *name, struct err *e)
{
	size_t len = strlen(name);
	bool is_dir = (len > 0 && name[len - 1] == '/') ||
		      (entry->host != HOST_UNIX && entry->host != HOST_OSX && entry->attributes & DOS_DIRECTORY), root;
	uint32_t mode = mode_of(entry, is_dir);
	struct import_member m = {.mode = mode & 07777, .size = entry->size, .offset = z->i->spooled};

	is_dir = is_dir || S_ISDIR(mode);
	m.path = intake_plain(name, is_dir, &root);
	if (entry->flags & (FLAG_ENCRYPTED | FLAG_STRONG | FLAG_MASKED))
		return intake_refuse(z->i, m.path, e, "it is encrypted");
	if (!is_supported(entry->method) || entry->flags & FLAG_PATCHED)
		return intake_refuse(z->i, m.path, e, "its compression, method %u, is not supported: repack the archive with deflate", entry->method);
	if (is_dir && entry->size > 0)
		return intake_refuse(z->i, m.path, e, "it is a directory with content");
	if (is_dir) {
		m.kind = IMPORT_DIR;
		m.size = 0;
		return root ? 0 : intake_member(z->i, &m, e);
	}
	if (S_ISLNK(mode))
		return take_link(z, entry, &m, e);
	if (!S_ISREG(mode) && !S_ISFIFO(mode)) /* Info-ZIP marks what came through a pipe so: a file */
		return intake_refuse(z->i, m.path, e, "%s", intake_kind_fault(mode));
	m.kind = IMPORT_FILE;
	if (intake_member(z->i, &m, e) != 0)
		return -1;
	return content(z, entry, NULL, e);
}

static int take(struct zip *z, const struct zip_entry *entry, struct err *e)
{
	char *name;
	const char *fault = take_name(entry, &name);
	int rc;

	if (!name)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	rc = fault ? intake_refuse(z->i, name, e, "%s", fault) : take_named(z, entry, name, e);
	free(name);
	return rc;
}

int zip_read(struct intake *i, struct err *e)
{
	struct zip z = {.i = i};
	const struct zip_entry *before = NULL;
	int rc = take_end(&z, e) == 0 ? read_directory(&z, e) : -1;

	for (size_t k = 0; rc == 0 && k < z.count; k++) {
		uint64_t at = z.entries[k].at;

		rc = check_gap(&z, before, at, e) == 0 ? check_local(&z, &z.entries[k], e) : -1;
		before = &z.entries[k];
	}
	if (rc == 0)
		rc = check_gap(&z, before, z.directory_at, e);
	for (size_t k = 0; rc == 0 && k < z.count; k++)
		rc = take(&z, &z.entries[k], e) == 0 ? intake_progress(i, e) : -1;
	free(z.directory);
	free(z.entries);
	return rc;
}
