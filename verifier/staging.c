/* SPDX-License-Identifier: ISC */
/* Files in memory, or in a directory that outlives a power cut. */
#define _GNU_SOURCE /* memfd_create */
#include "verifier/staging.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/io.h"

#define STAGED_PREFIX ".firmseal-stage-"
/* From the kernel's linux/magic.h: file systems that are memory. */
#define TMPFS_TYPE 0x01021994
#define RAMFS_TYPE 0x858458f6
enum { NAME_SIZE = sizeof STAGED_PREFIX + TEXT_NAME_MAX, LEAVE_FREE = 8 << 20, MEMINFO_MAX = 8192 };

static void staged_name(char out[static NAME_SIZE], const char *slot)
{
	snprintf(out, NAME_SIZE, STAGED_PREFIX "%.64s", slot);
}

static int open_dir(const struct device *d, struct err *e)
{
	int dir = open(d->staging, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return dir >= 0 ? dir : err_errno(e, "cannot open the staging directory %s", d->staging);
}

/* Kernels before 3.17 have no memfd_create, but most a tmpfs at /dev/shm. */
static int open_in_shm(struct err *e)
{
	char name[64];
	struct statfs fs;
	int fd;

	snprintf(name, sizeof name, "/dev/shm/" STAGED_PREFIX "%ld", (long)getpid());
	fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(e, "cannot stage in memory, at %s", name);
	unlink(name);
	if (fstatfs(fd, &fs) == 0 && ((unsigned long)fs.f_type == TMPFS_TYPE || (unsigned long)fs.f_type == RAMFS_TYPE))
		return fd;
	close(fd);
	return err_set(e, VERDICT_SYSTEM, "cannot stage in memory: this kernel is too old for it, and /dev/shm is no tmpfs");
}

/* Linux 3.14 and newer say how much memory can be had; where that is not said, writing shows. */
int staging_room(const struct device *d, uint64_t size, struct err *e)
{
	char path[DEVICE_TARGET_MAX + 16], *text = NULL;
	const char *at;
	size_t len = 0;
	uint64_t kib = 0;

	if (size == 0 || strcmp(d->staging, DEVICE_STAGING_RAM) != 0)
		return 0;
	snprintf(path, sizeof path, "%s/meminfo", d->proc);
	if (io_read_file(&text, &len, path, MEMINFO_MAX, NULL) != 0)
		return 0;
	at = strstr(text, "MemAvailable:");
	if (at)
		kib = strtoull(at + strlen("MemAvailable:"), NULL, 10);
	free(text);
	if (at && size + LEAVE_FREE > kib << 10)
		return err_set(e, VERDICT_TOO_LARGE, "there are %" PRIu64 " KiB of free memory, too few to stage %" PRIu64 " bytes in", kib, size);
	return 0;
}

static int create_in_ram(struct err *e)
{
	int fd = memfd_create("firmseal", MFD_CLOEXEC);

	if (fd >= 0 || errno != ENOSYS)
		return fd >= 0 ? fd : err_errno(e, "cannot stage in memory");
	return open_in_shm(e);
}

int staging_create(const struct device *d, const char *slot, struct err *e)
{
	char name[NAME_SIZE];
	int dir, fd;

	if (strcmp(d->staging, DEVICE_STAGING_RAM) == 0)
		return create_in_ram(e);
	dir = open_dir(d, e);
	if (dir < 0)
		return -1;
	staged_name(name, slot);
	fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		err_errno(e, "cannot stage in %s", d->staging);
	close(dir);
	return fd;
}

int staging_reopen(const struct device *d, const char *slot)
{
	char name[NAME_SIZE];
	int dir, fd;

	if (strcmp(d->staging, DEVICE_STAGING_RAM) == 0 || (dir = open_dir(d, NULL)) < 0)
		return -1;
	staged_name(name, slot);
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	close(dir);
	return fd;
}

int staging_sync(const struct device *d, struct err *e)
{
	int dir, rc;

	if (!d->staging[0] || strcmp(d->staging, DEVICE_STAGING_RAM) == 0)
		return 0;
	dir = open_dir(d, e);
	if (dir < 0)
		return -1;
	rc = fsync(dir) == 0 ? 0 : err_errno(e, "cannot sync the staging directory %s", d->staging);
	close(dir);
	return rc;
}

int staging_sweep(const struct device *d, struct err *e)
{
	struct dirent *entry;
	DIR *dir;
	int rc = 0;

	if (!d->staging[0] || strcmp(d->staging, DEVICE_STAGING_RAM) == 0)
		return 0;
	dir = opendir(d->staging);
	if (!dir)
		return err_errno(e, "cannot read the staging directory %s", d->staging);
	while (rc == 0 && (entry = readdir(dir)))
		if (strncmp(entry->d_name, STAGED_PREFIX, strlen(STAGED_PREFIX)) == 0 && unlinkat(dirfd(dir), entry->d_name, 0) != 0)
			rc = err_errno(e, "cannot remove %s/%s", d->staging, entry->d_name);
	closedir(dir);
	return rc;
}
