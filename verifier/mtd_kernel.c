/* SPDX-License-Identifier: ISC */
/* Flash through the kernel's ioctls (mtd/mtd-user.h); nothing is forked. The only file that knows them. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mtd/mtd-user.h>

#include "core/io.h"
#include "verifier/mtd.h"

struct mtd_kernel {
	struct mtd base;
	int fd;
};

static int fd_of(const struct mtd *m)
{
	return ((const struct mtd_kernel *)m)->fd;
}

static int is_bad(struct mtd *m, uint64_t at, bool *bad)
{
	__kernel_loff_t offset = (__kernel_loff_t)at;
	int rc = m->nand ? ioctl(fd_of(m), MEMGETBADBLOCK, &offset) : 0;

	*bad = rc > 0;
	return rc < 0 ? -1 : 0;
}

static int mark_bad(struct mtd *m, uint64_t at)
{
	__kernel_loff_t offset = (__kernel_loff_t)at;

	return ioctl(fd_of(m), MEMSETBADBLOCK, &offset);
}

static int erase_block(struct mtd *m, uint64_t at)
{
	struct erase_info_user64 block = {.start = at, .length = m->erase};
	struct erase_info_user range = {.start = (__u32)at, .length = m->erase};

	/* Some NOR comes up locked. Where nothing can be unlocked, nothing need be. */
	if (!m->nand)
		(void)ioctl(fd_of(m), MEMUNLOCK, &range);
	return ioctl(fd_of(m), MEMERASE64, &block);
}

static int write_pages(struct mtd *m, uint64_t at, const unsigned char *data, size_t len)
{
	return io_write_at(fd_of(m), data, len, at);
}

static int read_bytes(struct mtd *m, uint64_t at, unsigned char *buf, size_t len)
{
	return io_read_at(fd_of(m), buf, len, at);
}

static void close_kernel(struct mtd *m)
{
	struct mtd_kernel *k = (struct mtd_kernel *)m;

	if (k->fd >= 0)
		close(k->fd);
	free(k);
}

static int ask(struct mtd_kernel *k, const char *path, struct err *e)
{
	struct mtd_info_user info;
	struct stat st;

	if (fstat(k->fd, &st) != 0)
		return err_errno(e, "cannot look at %s", path);
	if (!S_ISCHR(st.st_mode) || ioctl(k->fd, MEMGETINFO, &info) != 0)
		return err_set(e, VERDICT_WRONG_BOARD, "%s is no flash partition here", path);
	if (info.erasesize == 0 || info.writesize == 0 || info.erasesize % info.writesize != 0)
		return err_set(e, VERDICT_WRONG_BOARD, "%s cannot be erased and written in blocks", path);
	k->base.size = info.size;
	k->base.erase = info.erasesize;
	k->base.page = info.writesize;
	k->base.nand = info.type == MTD_NANDFLASH || info.type == MTD_MLCNANDFLASH;
	return 0;
}

int mtd_open(struct mtd **out, const char *path, bool writing, struct err *e)
{
	struct mtd_kernel *k = calloc(1, sizeof *k);

	if (!k)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	k->base = (struct mtd){.is_bad = is_bad, .mark_bad = mark_bad, .erase_block = erase_block, .write = write_pages,
			       .read = read_bytes, .close = close_kernel};
	k->fd = open(path, (writing ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (k->fd < 0 || ask(k, path, e) != 0) {
		if (k->fd < 0)
			err_errno(e, "cannot open %s", path);
		close_kernel(&k->base);
		return -1;
	}
	*out = &k->base;
	return 0;
}
