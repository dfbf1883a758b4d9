/* SPDX-License-Identifier: ISC */
/* Writes and reads that go past the page cache. */
#define _GNU_SOURCE /* O_DIRECT */
#include "flasher/burn_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int disk_begin(struct burn_device *base, struct err *e)
{
	return disk_same(((const struct burn_disk *)base)->disk, e);
}

static int disk_write(struct burn_device *base, uint64_t at, const void *bytes, size_t len, struct err *e)
{
	const struct disk *d = ((const struct burn_disk *)base)->disk;

	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite(d->fd, (const char *)bytes + done, len - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, "cannot write to %s at byte %" PRIu64, d->name, at + done);
		done += (size_t)n;
	}
	return 0;
}

static int disk_read(struct burn_device *base, uint64_t at, void *buf, size_t len, struct err *e)
{
	const struct burn_disk *b = (const struct burn_disk *)base;

	if (!b->direct) /* then the cache has to be dropped; what is dirty in it has been flushed */
		(void)posix_fadvise(b->disk->fd, (off_t)at, (off_t)len, POSIX_FADV_DONTNEED);
	for (size_t done = 0; done < len;) {
		ssize_t n = pread(b->disk->fd, (char *)buf + done, len - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, "cannot read %s at byte %" PRIu64, b->disk->name, at + done);
		if (n == 0)
			return err_set(e, VERDICT_SYSTEM, "%s ends at byte %" PRIu64, b->disk->name, at + done);
		done += (size_t)n;
	}
	return 0;
}

static int disk_flush(struct burn_device *base, struct err *e)
{
	const struct burn_disk *b = (const struct burn_disk *)base;

	if (fsync(b->disk->fd))
		return err_errno(e, "cannot flush %s", b->disk->name);
	if (!b->direct)
		(void)ioctl(b->disk->fd, BLKFLSBUF, 0);
	return 0;
}

void burn_disk_init(struct burn_disk *b, const struct disk *disk)
{
	int flags = fcntl(disk->fd, F_GETFL);

	*b = (struct burn_disk){.base = {disk->size, disk_begin, disk_write, disk_read, disk_flush}, .disk = disk};
	b->direct = flags >= 0 && fcntl(disk->fd, F_SETFL, flags | O_DIRECT) == 0;
}
