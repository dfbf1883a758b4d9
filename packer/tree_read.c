/* SPDX-License-Identifier: ISC */
/* A directory into a tree: by descriptors, following no link, whatever order the file system names things in. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "packer/secret.h"
#include "packer/tree.h"

/* Room for a path that is one name too long: it is named when it is refused. */
enum { FOUND_PATH_MAX = PATH_MAX_LEN + 1 + NAME_MAX + 1 };

const char *tree_kind_fault(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFBLK: return "it is a block device";
	case S_IFCHR: return "it is a character device";
	case S_IFIFO: return "it is a FIFO";
	case S_IFSOCK: return "it is a socket";
	default: return "it is of no known kind";
	}
}

static int take_link(struct tree *t, int dir, const char *name, struct tree_found *found, struct err *e)
{
	char target[LINK_MAX_LEN + 2]; /* one byte more than is allowed, so that a longer one is refused as too long */
	ssize_t n = readlinkat(dir, name, target, sizeof target - 1);
	int rc;

	if (n < 0)
		return err_errno(e, "cannot read the link %s", name);
	target[n] = '\0';
	found->type = ENTRY_LINK;
	found->target = target;
	rc = tree_add(t, found, e);
	found->target = NULL;
	return rc < 0 ? -1 : 0;
}

static int take(struct tree *t, int dir, const char *name, const char *path, struct err *e)
{
	struct stat st;
	struct tree_found found = {.path = path};
	char quoted[NOTES_QUOTED_MAX];
	const char *own;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return err_errno(e, "cannot look at \"%s\"", err_quote(quoted, sizeof quoted, path, strlen(path)));
	own = secret_own_find(t->own, st.st_dev, st.st_ino);
	if (own)
		return tree_refuse(t, path, e, "it is %s", own);
	found.mode = st.st_mode & 07777;
	found.uid = st.st_uid;
	found.gid = st.st_gid;
	if (S_ISLNK(st.st_mode))
		return take_link(t, dir, name, &found, e);
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return tree_refuse(t, path, e, "%s", tree_kind_fault(st.st_mode));
	found.type = S_ISDIR(st.st_mode) ? ENTRY_DIR : ENTRY_FILE;
	found.size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	return tree_add(t, &found, e) < 0 ? -1 : 0;
}

/* Takes what the open directory D holds. ABOVE is its path, "" for the root. */
static int take_all(struct tree *t, DIR *d, const char *above, struct err *e)
{
	char path[FOUND_PATH_MAX];
	const struct dirent *found;

	for (errno = 0; (found = readdir(d)); errno = 0) {
		if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof path, "%s%s%s", above, *above ? "/" : "", found->d_name);
		if (take(t, dirfd(d), found->d_name, path, e) != 0)
			return -1;
	}
	return errno == 0 ? 0 : err_errno(e, "cannot read the directory \"%s\"", *above ? above : ".");
}

/* Reads the directory that FD is open on, and closes it. */
static int read_directory(struct tree *t, int fd, const char *above, struct err *e)
{
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	int rc;

	if (!d) {
		err_errno(e, "cannot read the directory \"%s\"", *above ? above : ".");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	rc = take_all(t, d, above, e);
	closedir(d);
	return rc;
}

int tree_read(struct tree *t, int root, struct err *e)
{
	char above[PATH_MAX_LEN + 1];

	if (beneath_open(&t->root, root, e) != 0 ||
	    read_directory(t, openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "", e) != 0)
		return -1;
	/* The list is its own queue: directories that are found are appended, and reached in their turn. */
	for (size_t i = 0; i < t->n; i++) {
		int fd;

		if (t->entries[i].type != ENTRY_DIR || t->entries[i].refused)
			continue;
		snprintf(above, sizeof above, "%s", t->entries[i].path); /* the list moves while it grows */
		fd = beneath_open_at(t->root, above, O_RDONLY | O_DIRECTORY, e);
		if (fd < 0 || read_directory(t, fd, above, e) != 0)
			return -1;
	}
	return tree_finish(t, e);
}
