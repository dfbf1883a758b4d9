/* SPDX-License-Identifier: ISC */
/* What is in the tree, and in no line of the manifest. Names are read, not files; no link is followed, no mount is entered. */
#define _GNU_SOURCE /* d_type */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "verifier/audit_parts.h"

enum {
	NAME_LENGTH_MAX = 255,
	PATH_ROOM = PATH_MAX_LEN + 1 + NAME_LENGTH_MAX + 1, /* one name too long is still one to be told */
	DEPTH_MAX = PATH_MAX_LEN / 2 + 2,
};

struct level {
	DIR *dir;
	size_t len;             /* bytes of the path up to here */
};

struct walk {
	struct audit *a;
	struct level levels[DEPTH_MAX];
	int depth;
	char path[PATH_ROOM];   /* of what is being looked at */
	unsigned char names[AUDIT_BUFFER];
};

/* Places from which the system starts programs by itself, or lets people in: beginnings of paths. */
static const char *const self_starting[] = {
	"etc/ld.so.preload", "etc/init.d/", "etc/rc", "etc/inittab", "etc/cron", "etc/profile", "etc/systemd/", "etc/udev/",
	"etc/hotplug", "etc/network/if-", "lib/systemd/", "lib/udev/", "usr/lib/systemd/", "usr/lib/udev/", "var/spool/cron/",
	"root/.ssh/", "root/.profile", "root/.bash", "etc/dropbear/authorized_keys",
};

static bool starts_by_itself(const char *path)
{
	for (size_t i = 0; i < sizeof self_starting / sizeof *self_starting; i++)
		if (strncmp(path, self_starting[i], strlen(self_starting[i])) == 0)
			return true;
	return false;
}

/* A directory on the way to a setting comes with it. */
static bool leads_to_setting(const struct audit *a, const char *path)
{
	size_t n = strlen(path);

	for (size_t i = 0; i < a->o->nsettings; i++)
		if (strncmp(a->o->settings[i], path, n) == 0 && a->o->settings[i][n] == '/')
			return true;
	return false;
}

/* Capabilities are as good as a set-id bit. Only files are opened. */
static bool is_privileged(int dir, const char *name, const struct stat *st)
{
	bool found;
	int fd;

	if (!S_ISREG(st->st_mode))
		return false;
	if (st->st_mode & 06000)
		return true;
	if (!(st->st_mode & 0111))
		return false;
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return false;
	found = fgetxattr(fd, "security.capability", NULL, 0) > 0;
	close(fd);
	return found;
}

/* NAME in DIR, which is W->path, is in no line of the manifest. */
static void added(struct walk *w, int dir, const char *name, const struct stat *st)
{
	const char *why = audit_own(w->a, dir, name, w->path, st->st_mode);

	if (why) {
		findings_skip(w->a->findings, w->path, why);
		return;
	}
	if (S_ISDIR(st->st_mode) && leads_to_setting(w->a, w->path))
		return;
	if (is_privileged(dir, name, st))
		audit_report(w->a, FINDING_ADDED, true, w->path, "it runs with rights that are not its caller's (mode %04o)",
			     (unsigned)(st->st_mode & 07777));
	else if (!S_ISDIR(st->st_mode) && starts_by_itself(w->path) && !audit_is_setting(w->a, w->path))
		audit_report(w->a, FINDING_ADDED, true, w->path, "the system runs or heeds it by itself");
	else if (S_ISREG(st->st_mode))
		audit_report(w->a, FINDING_ADDED, false, w->path, "%lld bytes", (long long)st->st_size);
	else
		audit_report(w->a, FINDING_ADDED, false, w->path, "%s",
			     S_ISDIR(st->st_mode) ? "a directory" : S_ISLNK(st->st_mode) ? "a link" : "no file, directory or link");
}

/* Goes down into NAME. One that cannot be read is a finding; one that is mounted on, or too deep, is said. */
static void enter(struct walk *w, int dir, const char *name, size_t len)
{
	struct level *next = &w->levels[w->depth];
	struct stat st;
	bool known;
	int fd;

	if (w->depth == DEPTH_MAX || len > PATH_MAX_LEN) {
		findings_skip(w->a->findings, w->path, "deeper than an image can be: what it holds was not looked at");
		return;
	}
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	known = fd >= 0 && fstat(fd, &st) == 0;
	if (known && st.st_dev != w->a->dev) {
		findings_skip(w->a->findings, w->path, "something is mounted here: what it holds, and what it hides, was not compared");
	} else if (known && (next->dir = fdopendir(fd))) {
		next->len = len;
		w->depth++;
		return;
	} else {
		audit_report(w->a, FINDING_UNREADABLE, false, w->path, "its names cannot be read");
	}
	if (fd >= 0)
		close(fd);
}

static bool is_directory(int dir, const struct dirent *d)
{
	struct stat st;

	if (d->d_type != DT_UNKNOWN)
		return d->d_type == DT_DIR;
	return fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static void visit(struct walk *w, const struct level *top, const struct dirent *d)
{
	size_t n = strlen(d->d_name), at = top->len;
	int dir = dirfd(top->dir);
	struct stat st;

	if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
		return;
	if (n > NAME_LENGTH_MAX) { /* FAT, FUSE and damaged file systems list names that nothing can open */
		w->path[at] = '\0';
		audit_report(w->a, FINDING_UNREADABLE, true, w->path, "it lists a name of %zu bytes, too long to be looked at", n);
		return;
	}
	if (at > 0)
		w->path[at++] = '/';
	memcpy(w->path + at, d->d_name, n + 1); /* AT is at most PATH_MAX_LEN + 1 */
	if (manifest_find(w->a->o->m, w->path) < 0) {
		if (fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			return; /* gone again */
		added(w, dir, d->d_name, &st);
	}
	if (is_directory(dir, d))
		enter(w, dir, d->d_name, at + n);
}

int audit_walk(struct audit *a, struct err *e)
{
	struct walk *w = calloc(1, sizeof *w);

	if (!w)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	w->a = a;
	audit_attributes(a, a->root, "", w->names); /* of the tree's root, which has no line in the manifest */
	enter(w, a->root, ".", 0);
	while (w->depth > 0) {
		struct level *top = &w->levels[w->depth - 1];
		const struct dirent *d;

		errno = 0;
		d = readdir(top->dir);
		if (d) {
			visit(w, top, d);
			continue;
		}
		w->path[top->len] = '\0';
		if (errno != 0)
			audit_report(a, FINDING_UNREADABLE, false, w->path, "its names cannot be read");
		closedir(top->dir);
		w->depth--;
	}
	free(w);
	return 0;
}
