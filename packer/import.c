/* SPDX-License-Identifier: ISC */
/* The border to libarchive: its words become tree entries, its errors ours. */
#include "packer/import.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"

enum { READ_BLOCK = 128 << 10, TAR_BLOCK = 512, DEPTH_OF_DOTS = 64 };

struct import {
	struct tree *t;
	struct archive *a;
	const char *name;
	struct watch *watch;
	uint64_t limit;     /* bytes that may come out in all */
	uint64_t out;       /* bytes that have come out */
	uint64_t spooled;   /* length of the spool */
	bool any;           /* there was an entry */
};

/* --- libarchive's state --- */

/* Every format and filter by name: an `_all' would take in what nobody needs, and filters that start programs. */
static int support(struct archive *a, struct err *e)
{
	static int (*const each[])(struct archive *) = {
		archive_read_support_format_tar, archive_read_support_format_zip_seekable, archive_read_support_format_7zip,
		archive_read_support_format_cpio, archive_read_support_filter_gzip, archive_read_support_filter_bzip2,
		archive_read_support_filter_compress, archive_read_support_filter_lz4, archive_read_support_filter_lzip,
		archive_read_support_filter_lzma, archive_read_support_filter_xz, archive_read_support_filter_zstd,
	};

	for (size_t i = 0; i < sizeof each / sizeof each[0]; i++)
		if (each[i](a) != ARCHIVE_OK) /* ARCHIVE_WARN: it would start a program */
			return err_set(e, VERDICT_SYSTEM, "this libarchive lacks a filter: %s", archive_error_string(a));
	return 0;
}

/* Says what libarchive says. Its message may quote the archive. */
static int damaged(const struct import *i, struct err *e)
{
	const char *message = archive_error_string(i->a);
	char quoted[NOTES_QUOTED_MAX];
	int error = archive_errno(i->a);

	if (!message)
		message = "unknown error";
	err_quote(quoted, sizeof quoted, message, strlen(message));
	if (error == ENOMEM || error == EIO)
		return err_set(e, VERDICT_SYSTEM, "cannot read the archive %s: %s", i->name, quoted);
	if (i->any && archive_read_has_encrypted_entries(i->a) > 0) /* a 7z cannot be read past such an entry */
		return err_set(e, VERDICT_MALFORMED_HEADER, "%s is encrypted, wholly or in part: %s", i->name, quoted);
	return err_set(e, VERDICT_MALFORMED_HEADER, "%s is no sound tar, zip, 7z or cpio archive: %s", i->name, quoted);
}

/* Counts N bytes that came out, and what the container itself holds: a bomb may sit in headers, too. */
static int charge(struct import *i, uint64_t n, struct err *e)
{
	int64_t inside = archive_filter_bytes(i->a, 0);

	i->out += n;
	if (i->out > i->limit || (inside > 0 && (uint64_t)inside > i->limit))
		return err_set(e, VERDICT_TOO_LARGE, "%s expands to over %" PRIu64 " bytes, far too much for its own size: if that "
			       "is meant, unpack it and pack the folder", i->name, i->limit);
	if (i->watch)
		i->watch->update(i->watch, (uint64_t)archive_filter_bytes(i->a, -1));
	return 0;
}

/* --- one entry's content --- */

/* Reads the content of a refused entry, so that the bound holds for it, too. */
static int drain(struct import *i, struct archive_entry *entry, struct err *e)
{
	const void *block;
	size_t n;
	la_int64_t offset;
	int rc;

	if (archive_entry_is_encrypted(entry)) /* cannot be read, but, where its length is known, passed over */
		return archive_read_data_skip(i->a) == ARCHIVE_FATAL ? damaged(i, e) : 0;
	while ((rc = archive_read_data_block(i->a, &block, &n, &offset)) == ARCHIVE_OK)
		if (charge(i, n, e) != 0)
			return -1;
	return rc == ARCHIVE_FATAL ? damaged(i, e) : 0;
}

static int write_spool(struct import *i, const char *bytes, size_t len, struct err *e)
{
	if (io_write_all(i->t->spool, bytes, len) != 0)
		return err_errno(e, "cannot write the archive's content to a temporary file");
	i->spooled += len;
	return 0;
}

/* Appends the content to the spool. The entry said that it is SIZE bytes. */
static int spool(struct import *i, uint64_t size, struct err *e)
{
	uint64_t start = i->spooled;
	const void *block;
	size_t n;
	la_int64_t offset;
	int rc;

	while ((rc = archive_read_data_block(i->a, &block, &n, &offset)) == ARCHIVE_OK) {
		if (charge(i, n, e) != 0)
			return -1;
		if (offset < 0 || (uint64_t)offset != i->spooled - start || i->spooled - start + n > size)
			return err_set(e, VERDICT_MALFORMED_HEADER, "%s has a file whose content is not as long as it says", i->name);
		if (write_spool(i, block, n, e) != 0)
			return -1;
	}
	if (rc != ARCHIVE_EOF)
		return damaged(i, e);
	if (i->spooled - start != size)
		return err_set(e, VERDICT_MALFORMED_HEADER, "%s has a file whose content is not as long as it says", i->name);
	return 0;
}

/* --- one entry --- */

/* Leading "./" and a directory's last "/" are how archivers spell names, nothing more. Returns the length. */
static size_t plain_name(const char **name, bool is_dir)
{
	size_t len;

	for (int i = 0; i < DEPTH_OF_DOTS && (*name)[0] == '.' && (*name)[1] == '/'; i++)
		*name += 2;
	len = strlen(*name);
	return is_dir && len > 1 && (*name)[len - 1] == '/' ? len - 1 : len;
}

/* Why an entry is refused for what it is, or NULL. */
static const char *kind_fault(struct archive_entry *entry)
{
	mode_t type = archive_entry_filetype(entry);

	if (archive_entry_is_encrypted(entry))
		return "it is encrypted";
	if (archive_entry_sparse_count(entry) > 0)
		return "it is a sparse file";
	if (archive_entry_hardlink(entry) || type == AE_IFREG || type == AE_IFDIR || type == AE_IFLNK)
		return NULL;
	return tree_kind_fault(type);
}

static int warn_lost(struct import *i, struct archive_entry *entry, const char *path, struct err *e)
{
	const int acls = ARCHIVE_ENTRY_ACL_TYPE_ACCESS | ARCHIVE_ENTRY_ACL_TYPE_DEFAULT | ARCHIVE_ENTRY_ACL_TYPE_NFS4;

	if (archive_entry_xattr_count(entry) == 0 && (archive_entry_acl_types(entry) & acls) == 0)
		return 0;
	return tree_warn(i->t, path, e, "its extended attributes are left out: a bundle has none");
}

/* Fills FOUND from ENTRY. PATH and HARDLINK have room for any name that could be right. */
static void describe(struct tree_found *found, struct archive_entry *entry)
{
	mode_t type = archive_entry_filetype(entry);
	int64_t size = archive_entry_size(entry), uid = archive_entry_uid(entry), gid = archive_entry_gid(entry);

	found->type = type == AE_IFDIR ? ENTRY_DIR : type == AE_IFLNK ? ENTRY_LINK : ENTRY_FILE;
	found->hardlink = archive_entry_hardlink(entry);
	if (found->hardlink) {
		found->type = ENTRY_FILE;
		(void)plain_name(&found->hardlink, false);
	}
	found->target = found->type == ENTRY_LINK ? archive_entry_symlink(entry) : NULL;
	if (found->type == ENTRY_LINK && !found->target)
		found->target = ""; /* refused as empty */
	found->mode = (uint32_t)archive_entry_perm(entry) & 07777;
	found->uid = (uint64_t)uid; /* a negative one becomes huge, and is refused if owners matter */
	found->gid = (uint64_t)gid;
	found->size = found->type == ENTRY_FILE ? (uint64_t)size : 0;
}

/* Takes the entry called PATH in. */
static int take_named(struct import *i, struct archive_entry *entry, const char *path, bool warned, struct err *e)
{
	const char *fault = kind_fault(entry), *message = archive_error_string(i->a);
	struct tree_found found = {.path = path, .offset = i->spooled};
	char quoted[NOTES_QUOTED_MAX];
	int rc;

	if (!fault && warned) {
		if (!message)
			message = "unknown";
		if (tree_refuse(i->t, path, e, "it is damaged: %s", err_quote(quoted, sizeof quoted, message, strlen(message))) != 0)
			return -1;
		return drain(i, entry, e);
	}
	if (fault)
		return tree_refuse(i->t, path, e, "%s", fault) != 0 ? -1 : drain(i, entry, e);
	describe(&found, entry);
	rc = tree_add(i->t, &found, e);
	if (rc < 0 || (rc == 1 && warn_lost(i, entry, path, e) != 0))
		return -1;
	return rc == 1 && found.type == ENTRY_FILE ? spool(i, found.size, e) : drain(i, entry, e);
}

static int take(struct import *i, struct archive_entry *entry, bool warned, struct err *e)
{
	const char *name = archive_entry_pathname(entry);
	bool is_dir = archive_entry_filetype(entry) == AE_IFDIR && !archive_entry_hardlink(entry);
	char path[PATH_MAX_LEN + 2]; /* one byte over what is allowed: a longer name is too long, whatever its rest */
	size_t len;

	if (charge(i, 0, e) != 0)
		return -1;
	if (!name)
		return tree_refuse(i->t, "?", e, "its name cannot be read") != 0 ? -1 : drain(i, entry, e);
	len = plain_name(&name, is_dir);
	if (is_dir && (len == 0 || (len == 1 && name[0] == '.')))
		return 0; /* the root itself, as `tar c .' stores it */
	if (len > sizeof path - 1)
		return tree_refuse(i->t, name, e, "its path %s", path_fault_text(PATH_TOO_LONG)) != 0 ? -1 : drain(i, entry, e);
	memcpy(path, name, len);
	path[len] = '\0';
	return take_named(i, entry, path, warned, e);
}

/* --- all of them --- */

/* A tar that was cut between two members looks whole but for its missing end. */
static int check_end(const struct import *i, struct err *e)
{
	if ((archive_format(i->a) & ARCHIVE_FORMAT_BASE_MASK) != ARCHIVE_FORMAT_TAR)
		return 0;
	if (archive_filter_bytes(i->a, 0) - archive_read_header_position(i->a) >= TAR_BLOCK)
		return 0;
	return err_set(e, VERDICT_TRUNCATED, "%s has no end-of-archive mark: it may have been cut off", i->name);
}

static int read_all(struct import *i, struct err *e)
{
	struct archive_entry *entry;
	int rc;

	while ((rc = archive_read_next_header(i->a, &entry)) == ARCHIVE_OK || rc == ARCHIVE_WARN) {
		i->any = true;
		i->t->late_content = (archive_format(i->a) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_CPIO;
		if (take(i, entry, rc == ARCHIVE_WARN, e) != 0)
			return -1;
	}
	if (rc != ARCHIVE_EOF)
		return damaged(i, e);
	if (!i->any) /* a file of zeros passes for an empty tar, and nobody packs nothing on purpose */
		return err_set(e, VERDICT_MALFORMED_HEADER, "%s holds no entry", i->name);
	return check_end(i, e);
}

static int import(struct import *i, int fd, uint64_t size, struct err *e)
{
	int rc;

	if (support(i->a, e) != 0)
		return -1;
	if (archive_read_open_fd(i->a, fd, READ_BLOCK) != ARCHIVE_OK)
		return damaged(i, e);
	if (i->watch)
		i->watch->begin(i->watch, "reading", size);
	rc = read_all(i, e);
	if (i->watch)
		i->watch->end(i->watch);
	/* What has been refused so far is worth telling even when the archive turned out to be damaged. */
	return rc == 0 ? tree_finish(i->t, e) : -1;
}

int import_archive(struct tree *t, int fd, const char *name, struct watch *watch, struct err *e)
{
	struct import i = {.t = t, .name = name, .watch = watch};
	/* Names in pax, zip and 7z are Unicode; whatever the user's locale, they come out as UTF-8. */
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0), before = (locale_t)0;
	struct stat st;
	int rc = -1;

	if (utf8 != (locale_t)0)
		before = uselocale(utf8);
	i.a = archive_read_new();
	if (!i.a) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		goto out;
	}
	if (fstat(fd, &st) != 0) {
		err_errno(e, "cannot look at %s", name);
		goto out;
	}
	i.limit = IMPORT_GRACE + (uint64_t)st.st_size * IMPORT_RATIO;
	rc = import(&i, fd, (uint64_t)st.st_size, e);
out:
	if (i.a)
		archive_read_free(i.a);
	if (utf8 != (locale_t)0) {
		uselocale(before);
		freelocale(utf8);
	}
	return rc;
}
