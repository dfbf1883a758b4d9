/* SPDX-License-Identifier: ISC */
/* UBI volumes through the kernel's ioctl (mtd/ubi-user.h) and its files in /sys. The only file that knows them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <mtd/ubi-user.h>

#include "core/io.h"
#include "core/text.h"
#include "verifier/ubi.h"

struct ubi_kernel {
	struct ubi base;
	int fd;
	const char *path;      /* while it is being opened */
};

static int update(struct ubi *u, uint64_t size)
{
	__s64 bytes = (__s64)size;

	return ioctl(((struct ubi_kernel *)u)->fd, UBI_IOCVOLUP, &bytes);
}

static int write_bytes(struct ubi *u, const unsigned char *data, size_t len)
{
	return io_write_all(((struct ubi_kernel *)u)->fd, data, len);
}

static int finish(struct ubi *u)
{
	return fsync(((struct ubi_kernel *)u)->fd);
}

/* EIO at the end: a static volume with less in it. */
static int read_bytes(struct ubi *u, uint64_t at, unsigned char *buf, size_t len)
{
	return io_read_at(((struct ubi_kernel *)u)->fd, buf, len, at);
}

static void close_kernel(struct ubi *u)
{
	struct ubi_kernel *k = (struct ubi_kernel *)u;

	if (k->fd >= 0)
		close(k->fd);
	free(k);
}

/* A number that the kernel tells of the volume in /sys. Returns 0 or -1. */
static int ask(uint64_t *out, dev_t dev, const char *name)
{
	char path[96], text[32];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/sys/dev/char/%u:%u/%s", major(dev), minor(dev), name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = io_read_full(fd, text, sizeof text);
	close(fd);
	if (n < 2 || text[n - 1] != '\n')
		return -1;
	return text_number(out, (struct span){text, (size_t)n - 1}, INT64_MAX);
}

static int measure(struct ubi_kernel *k, struct err *e)
{
	struct stat st;
	uint64_t blocks, leb;

	if (fstat(k->fd, &st) != 0)
		return err_errno(e, "cannot look at %s", k->path);
	if (!S_ISCHR(st.st_mode) || ask(&blocks, st.st_rdev, "reserved_ebs") != 0 || ask(&leb, st.st_rdev, "usable_eb_size") != 0 ||
	    leb == 0 || leb > 16U << 20)
		return err_set(e, VERDICT_WRONG_BOARD, "%s is no UBI volume here", k->path);
	k->base.leb = (size_t)leb;
	k->base.capacity = blocks * leb;
	return 0;
}

int ubi_open(struct ubi **out, const char *path, bool writing, struct err *e)
{
	struct ubi_kernel *k = calloc(1, sizeof *k);

	if (!k)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	k->base = (struct ubi){.update = update, .write = write_bytes, .finish = finish, .read = read_bytes, .close = close_kernel};
	k->path = path;
	k->fd = open(path, (writing ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (k->fd < 0 || measure(k, e) != 0) {
		if (k->fd < 0)
			err_errno(e, "cannot open %s", path);
		close_kernel(&k->base);
		return -1;
	}
	*out = &k->base;
	return 0;
}
