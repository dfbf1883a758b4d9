/* SPDX-License-Identifier: ISC */
/* Attributes are read through directory descriptors, since sysfs is a tree of links. */
#include "flasher/sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"
#include "core/text.h"

enum { SYSFS_PATH_MAX = 4096, ABOVE_MAX = 16, WALK_MAX = 64 };

int sysfs_block(const char *sys, const char *name)
{
	char path[SYSFS_PATH_MAX];

	if (strchr(name, '/') || name[0] == '.' || name[0] == '\0') {
		errno = ENOENT;
		return -1;
	}
	if ((size_t)snprintf(path, sizeof path, "%s/class/block/%s", sys, name) >= sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int sysfs_text(int dir, const char *path, char *out, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t got;
	size_t n;

	out[0] = '\0';
	if (fd < 0)
		return -1;
	got = io_read_full(fd, out, size - 1);
	close(fd);
	if (got < 0) {
		out[0] = '\0';
		return -1;
	}
	out[got] = '\0';
	n = strcspn(out, "\n");
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if (out[i] < 0x20 || out[i] > 0x7e)
			out[i] = '?';
	memmove(out, out + strspn(out, " "), n + 1 - strspn(out, " "));
	return 0;
}

int sysfs_number(int dir, const char *path, uint64_t *out)
{
	char text[32];

	if (sysfs_text(dir, path, text, sizeof text) != 0)
		return -1;
	if (text_number(out, (struct span){text, strlen(text)}, INT64_MAX) == 0)
		return 0;
	errno = EINVAL;
	return -1;
}

int sysfs_parse_dev(const char *text, unsigned *major, unsigned *minor)
{
	const char *colon = strchr(text, ':');
	uint64_t high, low;

	if (!colon || text_number(&high, (struct span){text, (size_t)(colon - text)}, UINT32_MAX) != 0 ||
	    text_number(&low, (struct span){colon + 1, strlen(colon + 1)}, UINT32_MAX) != 0) {
		errno = EINVAL;
		return -1;
	}
	*major = (unsigned)high;
	*minor = (unsigned)low;
	return 0;
}

int sysfs_dev(int dir, unsigned *major, unsigned *minor)
{
	char text[32];

	return sysfs_text(dir, "dev", text, sizeof text) == 0 ? sysfs_parse_dev(text, major, minor) : -1;
}

int sysfs_above(int dir, const char *name, char *out, size_t size)
{
	char path[3 * ABOVE_MAX + 64] = "device/";

	for (size_t i = 0; i < ABOVE_MAX; i++) {
		size_t n = strlen(path);

		snprintf(path + n, sizeof path - n, "%s", name);
		if (sysfs_text(dir, path, out, size) == 0 && out[0] != '\0')
			return 0;
		path[n] = '\0';
		snprintf(path + n, sizeof path - n, "../");
	}
	return -1;
}

int sysfs_each(int dir, const char *path, int (*each)(void *context, const char *name), void *context)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	struct dirent *entry;
	DIR *d;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return -1;
	}
	for (errno = 0; rc == 0 && (entry = readdir(d)); errno = 0)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			rc = each(context, entry->d_name);
	if (rc == 0 && errno != 0)
		rc = -1;
	closedir(d);
	return rc;
}

/* The last but one component of the link that a partition's directory is: its disk. */
static int disk_of_partition(const char *sys, const char *name, char out[static DISK_NAME_MAX])
{
	char path[SYSFS_PATH_MAX], target[SYSFS_PATH_MAX];
	char *last, *before;
	ssize_t n;

	if ((size_t)snprintf(path, sizeof path, "%s/class/block/%s", sys, name) >= sizeof path)
		return -1;
	n = readlink(path, target, sizeof target - 1);
	if (n <= 0)
		return -1;
	target[n] = '\0';
	last = strrchr(target, '/');
	if (!last)
		return -1;
	*last = '\0';
	before = strrchr(target, '/');
	if (!before || strlen(before + 1) >= DISK_NAME_MAX || before[1] == '\0')
		return -1;
	memcpy(out, before + 1, strlen(before + 1) + 1);
	return 0;
}

/* Block devices still to be looked at; a device that two others stand on is looked at twice, which does no harm. */
struct walk {
	char name[WALK_MAX][DISK_NAME_MAX];
	size_t n;
};

static int walk_add(void *context, const char *name)
{
	struct walk *w = context;

	if (w->n == WALK_MAX || strlen(name) >= DISK_NAME_MAX)
		return -1;
	memcpy(w->name[w->n++], name, strlen(name) + 1);
	return 0;
}

/* Adds what NAME stands on. Returns 1 when that is nothing: NAME is a whole disk; 0, or -1. */
static int walk_below(struct walk *w, const char *sys, const char *name)
{
	size_t before = w->n;
	char disk[DISK_NAME_MAX];
	struct stat st;
	int dir = sysfs_block(sys, name), rc;

	if (dir < 0)
		return -1;
	if (fstatat(dir, "partition", &st, 0) == 0)
		rc = disk_of_partition(sys, name, disk) == 0 ? walk_add(w, disk) : -1;
	else
		rc = sysfs_each(dir, "slaves", walk_add, w);
	close(dir);
	return rc != 0 ? -1 : w->n == before;
}

int sysfs_disks_below(const char *sys, const char *name, int (*each)(void *context, const char *disk), void *context)
{
	struct walk w = {.n = 0};
	int rc = walk_add(&w, name);

	for (size_t i = 0; rc == 0 && i < w.n; i++) {
		rc = walk_below(&w, sys, w.name[i]);
		if (rc == 1)
			rc = each(context, w.name[i]);
	}
	return rc;
}

int sysfs_name(const char *sys, unsigned major, unsigned minor, char out[static DISK_NAME_MAX])
{
	char path[SYSFS_PATH_MAX], target[SYSFS_PATH_MAX];
	const char *base;
	ssize_t n;

	if ((size_t)snprintf(path, sizeof path, "%s/dev/block/%u:%u", sys, major, minor) >= sizeof path)
		return -1;
	n = readlink(path, target, sizeof target - 1);
	if (n <= 0)
		return -1;
	target[n] = '\0';
	base = strrchr(target, '/');
	base = base ? base + 1 : target;
	if (strlen(base) >= DISK_NAME_MAX || base[0] == '\0')
		return -1;
	memcpy(out, base, strlen(base) + 1);
	return 0;
}
