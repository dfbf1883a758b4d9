/* SPDX-License-Identifier: ISC */
/* A bundle's tree onto disk, beside its place. */
#define _GNU_SOURCE /* syncfs, statx */
#include "core/extract.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/beneath.h"
#include "core/io.h"
#include "core/readback.h"

struct extract {
	const struct manifest *m;
	unsigned flags;
	int parent;           /* where NAME and the staging directory are */
	int root;             /* the staging directory */
	char *name;           /* NAME's last component */
	char staging[256];    /* "" when there is none (any more) */
	struct beneath *tree;
	int fd;               /* the file being written, or -1 */
};

/* A directory that is mounted on cannot be replaced by rename. Where there is no statx, a bind mount of the same file system is found out by
 * rename itself. */
static bool is_mounted(const struct extract *x, const struct stat *st)
{
	struct stat above;
#ifdef STATX_ATTR_MOUNT_ROOT
	struct statx more;

	if (statx(x->parent, x->name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &more) == 0 &&
	    more.stx_attributes & more.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT)
		return true;
#endif
	return fstat(x->parent, &above) == 0 && above.st_dev != st->st_dev;
}

/* 1 when the directory NAME is empty, 0, or -1. */
static int is_empty(const struct extract *x, struct err *e)
{
	int fd = openat(x->parent, x->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *found;
	int n = 0;

	if (!d) {
		err_errno(e, "cannot look into %s", x->name);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while (n == 0 && (found = readdir(d)))
		n += strcmp(found->d_name, ".") != 0 && strcmp(found->d_name, "..") != 0;
	closedir(d);
	return n == 0;
}

/* What rename would refuse at the end is refused before the work. */
static int check_place(const struct extract *x, struct err *e)
{
	struct stat st;
	int empty;

	if (x->flags & EXTRACT_DURABLE || fstatat(x->parent, x->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return 0;
	if (!S_ISDIR(st.st_mode))
		return err_set(e, VERDICT_USAGE, "%s exists, and is not a directory", x->name);
	if (is_mounted(x, &st))
		return err_set(e, VERDICT_USAGE, "%s is a mount point, which cannot be replaced as a whole: name a folder in it", x->name);
	empty = is_empty(x, e);
	if (empty == 0)
		return err_set(e, VERDICT_USAGE, "%s exists, and is not empty", x->name);
	return empty < 0 ? -1 : 0;
}

static int open_staging(struct extract *x, struct err *e)
{
	x->root = openat(x->parent, x->staging, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (x->root < 0)
		return err_errno(e, "cannot open the staging directory");
	/* An installed tree has the rights that were signed, whatever the folder hands on; who unpacks one into a shared folder wants its lists. */
	return x->flags & EXTRACT_DURABLE ? io_drop_acls(x->root, "the staging directory", e) : 0;
}

/* STAGING NULL: any name that is free. */
static int make_staging(struct extract *x, const char *staging, struct err *e)
{
	for (unsigned i = 0; i < 100; i++) {
		if (staging)
			snprintf(x->staging, sizeof x->staging, "%s", staging);
		else
			snprintf(x->staging, sizeof x->staging, ".firmseal-tree-%ld-%u", (long)getpid(), i);
		if (mkdirat(x->parent, x->staging, 0700) == 0)
			return open_staging(x, e);
		if (errno != EEXIST || staging)
			break;
	}
	x->staging[0] = '\0';
	return err_errno(e, "cannot make a staging directory beside %s", x->name);
}

int extract_begin(struct extract **out, const char *name, unsigned flags, const struct manifest *m, struct err *e)
{
	return extract_begin_as(out, name, NULL, flags, m, e);
}

int extract_begin_as(struct extract **out, const char *name, const char *staging, unsigned flags, const struct manifest *m,
		     struct err *e)
{
	struct extract *x = calloc(1, sizeof *x);
	char *copy = strdup(name);
	const char *base;

	if (!x || !copy) {
		free(x);
		free(copy);
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	}
	*x = (struct extract){.m = m, .flags = flags, .parent = -1, .root = -1, .fd = -1};
	for (size_t n = strlen(copy); n > 1 && copy[n - 1] == '/'; n--) /* "DIR/" is DIR */
		copy[n - 1] = '\0';
	x->parent = io_parent(copy, &base, e);
	if (x->parent >= 0 && !(x->name = strdup(base)))
		err_set(e, VERDICT_SYSTEM, "out of memory");
	free(copy);
	if (!x->name || check_place(x, e) != 0 || make_staging(x, staging, e) != 0 ||
	    beneath_open(&x->tree, x->root, e) != 0) {
		extract_free(&x);
		return -1;
	}
	*out = x;
	return 0;
}

static int begin_file(struct extract *x, const struct manifest_entry *entry, struct err *e)
{
	x->fd = beneath_create(x->tree, entry->path, e);
	return x->fd >= 0 ? 0 : -1;
}

/* Gives what was packed its time: FD itself, or NAME in it. A kernel before 5.1 has no stamps after January 2038 on 32-bit boards, and its
 * C library says so (musl: ENOTSUP, glibc: EOVERFLOW); there the time of writing stays, since an old board must take a new image. */
static int set_time(const struct extract *x, int fd, const char *name)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)manifest_head(x->m)->created}};

	if ((name ? utimensat(fd, name, times, AT_SYMLINK_NOFOLLOW) : futimens(fd, times)) == 0)
		return 0;
	return times[1].tv_sec > INT32_MAX && (errno == ENOTSUP || errno == EOVERFLOW) ? 0 : -1;
}

/* Mode, owner and time of what FD is open on. */
static int set_attributes(const struct extract *x, int fd, const struct manifest_entry *entry, struct err *e)
{
	mode_t mode = entry->mode & (x->flags & EXTRACT_OWNERS ? 07777U : 0777U);

	/* The owner first: a change of owner clears the set-id bits. */
	if (x->flags & EXTRACT_OWNERS && fchown(fd, entry->uid, entry->gid) != 0)
		return err_errno(e, "cannot give %s to %u:%u", entry->path, entry->uid, entry->gid);
	if (fchmod(fd, mode) != 0 || set_time(x, fd, NULL) != 0)
		return err_errno(e, "cannot set mode and time of %s", entry->path);
	return 0;
}

static int end_file(struct extract *x, const struct manifest_entry *entry, struct err *e)
{
	int fd = x->fd;

	if (set_attributes(x, fd, entry, e) != 0)
		return -1;
	x->fd = -1;
	return close(fd) == 0 ? 0 : err_errno(e, "cannot close %s", entry->path);
}

int extract_item(struct extract *x, const struct reader_item *item, struct err *e)
{
	switch (item->what) {
	case READER_ENTRY:
		if (item->entry->type == ENTRY_DIR)
			return beneath_mkdir(x->tree, item->entry->path, e);
		/* Links wait for extract_finish: while files are written there is none to write through. */
		return item->entry->type == ENTRY_FILE ? begin_file(x, item->entry, e) : 0;
	case READER_DATA:
		return io_write_all(x->fd, item->data, item->len) == 0 ? 0 : err_errno(e, "cannot write %s", item->entry->path);
	case READER_DONE:
		return end_file(x, item->entry, e);
	}
	return err_set(e, VERDICT_SYSTEM, "the reader gave an unknown item");
}

static int make_link(struct extract *x, const struct manifest_entry *entry, struct err *e)
{
	const char *base;
	int dir;

	if (beneath_symlink(x->tree, entry->target, entry->path, e) != 0)
		return -1;
	dir = beneath_parent(x->tree, entry->path, &base, e);
	if (dir < 0)
		return -1;
	if (x->flags & EXTRACT_OWNERS && fchownat(dir, base, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) != 0)
		return err_errno(e, "cannot give %s to %u:%u", entry->path, entry->uid, entry->gid);
	if (set_time(x, dir, base) != 0)
		return err_errno(e, "cannot set the time of %s", entry->path);
	return 0;
}

static int finish_dir(struct extract *x, const struct manifest_entry *entry, struct err *e)
{
	int fd = beneath_open_at(x->tree, entry->path, O_RDONLY | O_DIRECTORY, e), rc;

	if (fd < 0)
		return -1;
	rc = set_attributes(x, fd, entry, e);
	close(fd);
	return rc;
}

static int read_back(struct extract *x, const struct manifest_entry *entry, struct err *e)
{
	int fd = beneath_open_at(x->tree, entry->path, O_RDONLY, e), rc;

	if (fd < 0)
		return -1;
	rc = readback_check(fd, entry->hash, entry->path, e);
	close(fd);
	return rc;
}

static int make_durable(struct extract *x, struct err *e)
{
	struct manifest_entry entry;
	int rc = 0;

	if (syncfs(x->root) != 0)
		return err_errno(e, "cannot sync the staging directory");
	for (uint32_t i = 0; rc == 0 && i < manifest_head(x->m)->nentries; i++) {
		if (manifest_entry_type(x->m, i) != ENTRY_FILE)
			continue;
		manifest_entry(x->m, i, &entry);
		rc = read_back(x, &entry, e);
	}
	return rc;
}

int extract_finish(struct extract *x, struct err *e)
{
	uint32_t n = manifest_head(x->m)->nentries;
	struct manifest_entry entry;

	for (uint32_t i = 0; i < n; i++) {
		enum entry_type type = manifest_entry_type(x->m, i);

		if (type != ENTRY_LINK && type != ENTRY_ROOTLINK)
			continue;
		manifest_entry(x->m, i, &entry);
		if (make_link(x, &entry, e) != 0)
			return -1;
	}
	if (x->flags & EXTRACT_DURABLE && make_durable(x, e) != 0)
		return -1;
	/* Children before parents: a parent's final mode may shut us out. */
	for (uint32_t i = n; i-- > 0;) {
		if (manifest_entry_type(x->m, i) != ENTRY_DIR)
			continue;
		manifest_entry(x->m, i, &entry);
		if (finish_dir(x, &entry, e) != 0)
			return -1;
	}
	if (fchmod(x->root, 0755) != 0)
		return err_errno(e, "cannot set the mode of the tree");
	if (x->flags & EXTRACT_DURABLE && syncfs(x->root) != 0)
		return err_errno(e, "cannot sync the staging directory");
	return 0;
}

int extract_commit(struct extract *x, struct err *e)
{
	if (renameat(x->parent, x->staging, x->parent, x->name) != 0) {
		if (errno == ENOTEMPTY || errno == EEXIST)
			return err_set(e, VERDICT_USAGE, "%s exists, and is not empty", x->name);
		return err_errno(e, "cannot put %s in place", x->name);
	}
	extract_release(x);
	return 0;
}

int extract_parent(const struct extract *x)
{
	return x->parent;
}

const char *extract_staging(const struct extract *x)
{
	return x->staging;
}

void extract_release(struct extract *x)
{
	x->staging[0] = '\0';
}

void extract_free(struct extract **xp)
{
	struct extract *x = *xp;

	if (!x)
		return;
	if (x->fd >= 0)
		close(x->fd);
	beneath_close(&x->tree);
	if (x->root >= 0)
		close(x->root);
	if (x->staging[0] != '\0')
		IGNORE(beneath_remove(x->parent, x->staging, NULL)); /* the failure that led here is the one to report */
	if (x->parent >= 0)
		close(x->parent);
	free(x->name);
	free(x);
	*xp = NULL;
}
