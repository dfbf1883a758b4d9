/* SPDX-License-Identifier: ISC */
/* What speaks against a disk, from what the kernel says alone: nothing is opened that could be written. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flasher/disk.h"
#include "flasher/sysfs.h"

enum { SECTOR = 512, /* sysfs counts sizes in these, whatever the disk's own are */ PROC_PATH_MAX = 4096 };

static int unsafe(struct err *e, const struct disk *d, const char *why)
{
	return err_set(e, VERDICT_UNSAFE_TARGET, "%s %s", d->name, why);
}

static int doubt(struct err *e, const struct disk *d, const char *what)
{
	return err_set(e, VERDICT_UNSAFE_TARGET, "%s: it cannot be told %s: %s", d->name, what, strerror(errno));
}

/* An MMC or SD card's own number is `cid` in full; `serial` is a part of it. */
static void take_identity(struct disk *d, int dir)
{
	char type[16];

	d->mmc = sysfs_text(dir, "device/type", type, sizeof type) == 0 && (strcmp(type, "SD") == 0 || strcmp(type, "MMC") == 0);
	if (sysfs_text(dir, "device/model", d->model, sizeof d->model) != 0 || d->model[0] == '\0')
		sysfs_text(dir, "device/name", d->model, sizeof d->model);
	if (sysfs_text(dir, "device/serial", d->serial, sizeof d->serial) != 0 || d->serial[0] == '\0')
		if (sysfs_text(dir, "serial", d->serial, sizeof d->serial) != 0 || d->serial[0] == '\0')
			sysfs_above(dir, "serial", d->serial, sizeof d->serial);
	if (d->serial[0] == '\0')
		snprintf(d->serial, sizeof d->serial, "%s-%" PRIu64, d->name, d->size);
}

static int take_facts(struct disk *d, int dir, struct err *e)
{
	uint64_t sectors, removable, read_only;
	struct stat st;

	if (fstatat(dir, "partition", &st, 0) == 0)
		return unsafe(e, d, "is a partition, not a whole disk");
	if (sysfs_dev(dir, &d->major, &d->minor) != 0 || sysfs_number(dir, "size", &sectors) != 0 ||
	    sysfs_number(dir, "removable", &removable) != 0 || sysfs_number(dir, "ro", &read_only) != 0)
		return doubt(e, d, "what it is");
	if (sectors > UINT64_MAX / SECTOR)
		return unsafe(e, d, "has an impossible size");
	d->size = sectors * SECTOR;
	d->removable = removable != 0;
	if (sysfs_number(dir, "diskseq", &d->sequence) != 0)
		d->sequence = 0;
	take_identity(d, dir);
	if (!d->removable && !d->mmc)
		return unsafe(e, d, "is neither removable nor an MMC or SD card");
	if (strstr(d->name, "boot") || strstr(d->name, "rpmb"))
		return unsafe(e, d, "is a boot area of an eMMC");
	if (d->size == 0)
		return unsafe(e, d, "has no medium in it");
	return read_only ? unsafe(e, d, "is write-protected") : 0;
}

static int check_size(const struct disk *d, uint64_t most, struct err *e)
{
	if (d->size < DISK_LEAST)
		return err_set(e, VERDICT_UNSAFE_TARGET, "%s has %" PRIu64 " bytes: too small for a card", d->name, d->size);
	if (d->size > most)
		return err_set(e, VERDICT_UNSAFE_TARGET, "%s has %" PRIu64 " bytes, and a card at most %" PRIu64 " (--max-size)",
			       d->name, d->size, most);
	return 0;
}

/* --- held by md, dm, LVM, bcache: the kernel lists the holders of a disk and of each partition --- */

static int say_held(void *context, const char *name)
{
	char *holder = context;

	snprintf(holder, DISK_NAME_MAX, "%.*s", DISK_NAME_MAX - 1, name);
	return 1;
}

struct parts {
	int dir;
	char holder[DISK_NAME_MAX];
};

static int look_at_part(void *context, const char *name)
{
	char path[2 * DISK_NAME_MAX + 16];
	struct parts *p = context;
	struct stat st;

	if ((size_t)snprintf(path, sizeof path, "%s/partition", name) >= sizeof path)
		return 0;
	if (fstatat(p->dir, path, &st, 0) != 0)
		return 0;
	snprintf(path, sizeof path, "%s/holders", name);
	return sysfs_each(p->dir, path, say_held, p->holder);
}

static int check_holders(const struct disk *d, int dir, struct err *e)
{
	struct parts p = {.dir = dir};
	int rc = sysfs_each(dir, "holders", say_held, p.holder);

	if (rc == 0)
		rc = sysfs_each(dir, ".", look_at_part, &p);
	if (rc < 0)
		return doubt(e, d, "who uses it");
	return rc == 0 ? 0 : err_set(e, VERDICT_UNSAFE_TARGET, "%s is part of %s (md, dm, LVM or the like)", d->name, p.holder);
}

/* --- mounted, or swapped to, whatever lies between --- */

static int same_disk(void *context, const char *disk)
{
	const struct disk *const *d = context;

	return strcmp(disk, (*d)->name) == 0;
}

/* Does block device NAME stand on D? 1, 0, or -1. A name that the kernel does not know is no block device. */
static int stands_on(const struct disk *d, const struct disk_roots *roots, const char *name)
{
	int dir = sysfs_block(roots->sys, name);

	if (dir < 0)
		return errno == ENOENT ? 0 : -1;
	close(dir);
	return sysfs_disks_below(roots->sys, name, same_disk, &d);
}

/* proc(5), /proc/PID/mountinfo: "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw". File systems with more devices than one
 * have a number that is no device's; then the source says one of them. */
static int mounted_on(const struct disk *d, const struct disk_roots *roots, char *line, char *where, size_t size)
{
	enum { DEVICE = 2, POINT = 4, FIELDS };
	char *source = strstr(line, " - "), *rest = line, *field[FIELDS], name[DISK_NAME_MAX];
	unsigned major, minor;
	int rc = 0;

	if (!source)
		return -1;
	source += 3 + strcspn(source + 3, " ");
	source[strcspn(source, "\n")] = '\0';
	for (size_t i = 0; i < FIELDS; i++)
		if (!(field[i] = strtok_r(rest, " ", &rest)))
			return -1;
	if (sysfs_parse_dev(field[DEVICE], &major, &minor) != 0)
		return -1;
	snprintf(where, size, "%s", field[POINT]);
	if (sysfs_name(roots->sys, major, minor, name) == 0)
		rc = stands_on(d, roots, name);
	source += strspn(source, " ");
	source[strcspn(source, " ")] = '\0';
	if (rc == 0 && strncmp(source, "/dev/", 5) == 0)
		rc = stands_on(d, roots, strrchr(source, '/') + 1);
	return rc;
}

/* "/dev/sda2   partition   1048572   0   -2"; a swap file lies on something mounted. */
static int swaps_on(const struct disk *d, const struct disk_roots *roots, char *line, char *where, size_t size)
{
	char *end = line + strcspn(line, " \t\n");

	*end = '\0';
	snprintf(where, size, "swap");
	return strncmp(line, "/dev/", 5) == 0 ? stands_on(d, roots, strrchr(line, '/') + 1) : 0;
}

static int check_lines(const struct disk *d, const struct disk_roots *roots, const char *file,
		       int (*look)(const struct disk *, const struct disk_roots *, char *, char *, size_t), struct err *e)
{
	char path[PROC_PATH_MAX], where[DISK_TEXT_MAX] = "", *line = NULL;
	size_t room = 0;
	FILE *in;
	int rc = 0;

	snprintf(path, sizeof path, "%s/%s", roots->proc, file);
	in = fopen(path, "re");
	if (!in)
		return doubt(e, d, "whether it is mounted");
	while (rc == 0 && getline(&line, &room, in) > 0)
		rc = look(d, roots, line, where, sizeof where);
	if (rc == 0 && ferror(in))
		rc = -1;
	fclose(in);
	free(line);
	if (rc < 0)
		return doubt(e, d, "whether it is mounted");
	return rc == 0 ? 0 : err_set(e, VERDICT_UNSAFE_TARGET, "%s is in use: %s", d->name, where);
}

int disk_judge(struct disk *d, const char *name, const struct disk_roots *roots, uint64_t most, struct err *e)
{
	int dir = -1, rc = -1;

	*d = (struct disk){.fd = -1};
	if (strlen(name) >= sizeof d->name)
		return err_set(e, VERDICT_UNSAFE_TARGET, "a disk of that name is not known");
	memcpy(d->name, name, strlen(name) + 1);
	dir = sysfs_block(roots->sys, name);
	if (dir < 0)
		return unsafe(e, d, "is not known to the kernel as a disk");
	if (take_facts(d, dir, e) == 0 && check_size(d, most, e) == 0 && check_holders(d, dir, e) == 0 &&
	    check_lines(d, roots, "self/mountinfo", mounted_on, e) == 0 && check_lines(d, roots, "swaps", swaps_on, e) == 0)
		rc = 0;
	close(dir);
	return rc;
}

struct names {
	char (*at)[DISK_NAME_MAX];
	size_t n, room;
	const char *sys;
};

static int take_name(void *context, const char *name)
{
	struct names *list = context;
	struct stat st;
	int dir;

	dir = sysfs_block(list->sys, name);
	if (dir < 0 || strlen(name) >= DISK_NAME_MAX) {
		if (dir >= 0)
			close(dir);
		return 0;
	}
	if (fstatat(dir, "partition", &st, 0) == 0) {
		close(dir);
		return 0;
	}
	close(dir);
	if (list->n == list->room) {
		size_t room = list->room ? 2 * list->room : 16;
		void *more = realloc(list->at, room * sizeof *list->at);

		if (!more)
			return -1;
		list->at = more;
		list->room = room;
	}
	memcpy(list->at[list->n++], name, strlen(name) + 1);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

int disk_list(char (**names)[DISK_NAME_MAX], size_t *n, const struct disk_roots *roots, struct err *e)
{
	struct names list = {.sys = roots->sys};
	char path[PROC_PATH_MAX];

	snprintf(path, sizeof path, "%s/class/block", roots->sys);
	/* No such directory is no list of disks, rather than an empty one. */
	if (access(path, R_OK) != 0 || sysfs_each(AT_FDCWD, path, take_name, &list) != 0) {
		free(list.at);
		return err_errno(e, "cannot list the disks in %s", path);
	}
	if (list.n > 0)
		qsort(list.at, list.n, sizeof *list.at, by_name);
	*names = list.at;
	*n = list.n;
	return 0;
}
