/* SPDX-License-Identifier: ISC */
/* Files beneath a directory, by descriptors. */
#include "core/beneath.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/path.h"

/* Paths hold at most 128 components; what is deeper was not put there by us, and has to go all the same. */
enum { PATH_DEPTH_MAX = PATH_MAX_LEN / 2 + 1, REMOVE_DEPTH_MAX = PATH_DEPTH_MAX + 1, NAME_SIZE = 256 };

struct beneath {
	int root;
	/* The directories on the way to the one used last, root not among them: neighbours share most of their way. */
	struct step {
		int fd;
		size_t len;             /* bytes of DIRNAME up to its end */
	} way[PATH_DEPTH_MAX];
	size_t depth;
	char dirname[PATH_MAX_LEN + 1];
};

int beneath_open(struct beneath **out, int root, struct err *e)
{
	struct beneath *b = calloc(1, sizeof *b);

	if (!b)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	b->root = fcntl(root, F_DUPFD_CLOEXEC, 0);
	if (b->root < 0) {
		free(b);
		return err_errno(e, "cannot keep a directory open");
	}
	*out = b;
	return 0;
}

static int current(const struct beneath *b)
{
	return b->depth > 0 ? b->way[b->depth - 1].fd : b->root;
}

/* Back up until what is left of the way is a beginning of DIRNAME (LEN bytes). Up is what was kept open, never `..'. */
static void back(struct beneath *b, const char *dirname, size_t len)
{
	while (b->depth > 0) {
		size_t have = b->way[b->depth - 1].len;

		if (have <= len && memcmp(dirname, b->dirname, have) == 0 && (have == len || dirname[have] == '/'))
			return;
		close(b->way[--b->depth].fd);
	}
}

void beneath_close(struct beneath **b)
{
	if (*b) {
		back(*b, "", 0);
		close((*b)->root);
	}
	free(*b);
	*b = NULL;
}

/* Says what errno (which stays) means for PATH: a link or a file where a directory was wanted is an attack or damage, not bad
 * luck. */
static int fail(const char *what, const char *path, struct err *e)
{
	char quoted[PATH_MAX_LEN * 4 + 8];
	int error = errno;

	err_quote(quoted, sizeof quoted, path, strlen(path));
	if (error == ELOOP || error == ENOTDIR || error == EEXIST) {
		err_set(e, VERDICT_UNSAFE_PATH, "cannot %s \"%s\": something else stands in its way (%s)", what, quoted,
			strerror(error));
	} else {
		errno = error;
		err_errno(e, "cannot %s \"%s\"", what, quoted);
	}
	errno = error;
	return -1;
}

/* Goes from where the way ends down to DIRNAME (LEN bytes), of which it is a beginning. */
static int down(struct beneath *b, const char *dirname, size_t len, struct err *e)
{
	size_t at = b->depth > 0 ? b->way[b->depth - 1].len : 0;

	while (at < len) {
		char name[PATH_MAX_LEN + 1];
		const char *start = dirname + at + (at > 0);
		const char *slash = memchr(start, '/', len - (size_t)(start - dirname));
		size_t n = slash ? (size_t)(slash - start) : len - (size_t)(start - dirname);
		int next;

		memcpy(name, start, n);
		name[n] = '\0';
		if (b->depth == PATH_DEPTH_MAX)
			return err_set(e, VERDICT_UNSAFE_PATH, "path is too deep");
		next = openat(current(b), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return fail("enter", name, e);
		at = (size_t)(start - dirname) + n;
		b->way[b->depth++] = (struct step){next, at};
		memcpy(b->dirname, dirname, at);
	}
	return 0;
}

int beneath_parent(struct beneath *b, const char *path, const char **base, struct err *e)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	*base = slash ? slash + 1 : path;
	if (len > PATH_MAX_LEN)
		return err_set(e, VERDICT_UNSAFE_PATH, "path is too long");
	back(b, path, len);
	return down(b, path, len, e) == 0 ? current(b) : -1;
}

int beneath_mkdir(struct beneath *b, const char *path, struct err *e)
{
	const char *base;
	int dir = beneath_parent(b, path, &base, e);

	if (dir < 0)
		return -1;
	return mkdirat(dir, base, 0700) == 0 ? 0 : fail("make the directory", path, e);
}

int beneath_create(struct beneath *b, const char *path, struct err *e)
{
	const char *base;
	int dir = beneath_parent(b, path, &base, e), fd;

	if (dir < 0)
		return -1;
	fd = openat(dir, base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd >= 0 ? fd : fail("create", path, e);
}

int beneath_open_at(struct beneath *b, const char *path, int flags, struct err *e)
{
	const char *base;
	int dir = beneath_parent(b, path, &base, e), fd;

	if (dir < 0)
		return -1;
	fd = openat(dir, base, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	return fd >= 0 ? fd : fail("open", path, e);
}

int beneath_stat(struct beneath *b, const char *path, struct stat *st, struct err *e)
{
	const char *base;
	int dir;

	errno = 0; /* a path that is too long or too deep fails without one */
	dir = beneath_parent(b, path, &base, e);
	if (dir < 0)
		return errno == ENOENT ? 0 : -1;
	if (fstatat(dir, base, st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : fail("look at", path, e);
}

int beneath_symlink(struct beneath *b, const char *target, const char *path, struct err *e)
{
	const char *base;
	int dir = beneath_parent(b, path, &base, e);

	if (dir < 0)
		return -1;
	return symlinkat(target, dir, base) == 0 ? 0 : fail("make the link", path, e);
}

/* --- removing --- */

struct level {
	DIR *dir;
	char name[NAME_SIZE]; /* as it is called in the level above */
};

/* Opens NAME in DIR as the next level. Returns 1, 0 when it is no directory (and has been unlinked), -1. */
static int enter(struct level *level, int dir, const char *name, dev_t dev, struct err *e)
{
	struct stat st;
	int fd;

	if (strlen(name) >= sizeof level->name) /* some file systems list names that nothing can open */
		return err_set(e, VERDICT_SYSTEM, "cannot remove a name of over %d bytes", NAME_SIZE - 1);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : fail("look at", name, e);
	if (!S_ISDIR(st.st_mode))
		return unlinkat(dir, name, 0) == 0 || errno == ENOENT ? 0 : fail("remove", name, e);
	if (dev != 0 && st.st_dev != dev)
		return err_set(e, VERDICT_SYSTEM, "cannot remove a directory that something is mounted on");
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail("enter", name, e);
	(void)fchmod(fd, 0700); /* its final mode may forbid what we are about to do; if this fails, so does that, and says so */
	level->dir = fdopendir(fd);
	if (!level->dir) {
		close(fd);
		return err_errno(e, "cannot read a directory");
	}
	memcpy(level->name, name, strlen(name) + 1);
	return 1;
}

static const char *next_name(DIR *dir)
{
	struct dirent *d;

	do {
		d = readdir(dir);
	} while (d && (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0));
	return d ? d->d_name : NULL;
}

struct removal {
	struct level levels[REMOVE_DEPTH_MAX + 1]; /* the last one is never gone down into */
	int depth, dir;        /* DIR is above levels[0] */
	dev_t dev;
	unsigned lifted, seen; /* directories so far, and when levels[0] was last read to its end */
};

/* Who may write in the tree may nest directories as deep as the file system lets them, and must not keep an update from going on with that:
 * the one that was entered last, too deep to stay, is moved right below the top, where it is met again. */
static int lift(struct removal *r, struct err *e)
{
	struct level *deep = &r->levels[r->depth];
	int top = dirfd(r->levels[0].dir), from = dirfd(r->levels[r->depth - 1].dir);
	char name[32];

	closedir(deep->dir);
	for (;;) {
		snprintf(name, sizeof name, ".firmseal-deep-%u", r->lifted);
		if (renameat(from, deep->name, top, name) == 0)
			break;
		if (errno == EEXIST || errno == ENOTEMPTY)
			r->lifted++;
		else if (errno != ENOTDIR || unlinkat(top, name, 0) != 0) /* a file of that name: it has to go as well */
			return fail("move", deep->name, e);
	}
	r->lifted++;
	return 0;
}

/* The directory gone into last has been read to its end. */
static int leave(struct removal *r, struct err *e)
{
	struct level *top = &r->levels[r->depth - 1];

	if (unlinkat(r->depth > 1 ? dirfd(r->levels[r->depth - 2].dir) : r->dir, top->name, AT_REMOVEDIR) == 0 || errno == ENOENT) {
		closedir(top->dir);
		r->depth--;
		return 0;
	}
	if (r->depth > 1 || r->seen == r->lifted || (errno != ENOTEMPTY && errno != EEXIST))
		return fail("remove", top->name, e);
	r->seen = r->lifted;
	rewinddir(top->dir); /* for what was moved here meanwhile */
	return 0;
}

/* One name, or the end of one directory. */
static int remove_next(struct removal *r, struct err *e)
{
	DIR *here = r->levels[r->depth - 1].dir;
	const char *child = next_name(here);
	int entered;

	if (!child)
		return leave(r, e);
	entered = enter(&r->levels[r->depth], dirfd(here), child, r->dev, e);
	if (entered == 1 && r->depth == REMOVE_DEPTH_MAX)
		return lift(r, e);
	r->depth += entered > 0;
	return entered < 0 ? -1 : 0;
}

int beneath_remove(int dir, const char *name, struct err *e)
{
	struct removal *r = calloc(1, sizeof *r);
	struct stat st;
	int rc;

	if (!r)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	r->dir = dir;
	rc = enter(&r->levels[0], dir, name, 0, e);
	if (rc == 1) {
		r->depth = 1;
		rc = fstat(dirfd(r->levels[0].dir), &st) == 0 ? 0 : err_errno(e, "cannot look at a directory");
		r->dev = st.st_dev;
	}
	while (rc == 0 && r->depth > 0)
		rc = remove_next(r, e);
	while (r->depth > 0)
		closedir(r->levels[--r->depth].dir);
	free(r);
	return rc;
}
