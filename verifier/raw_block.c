/* SPDX-License-Identifier: ISC */
/* `block:DEV[@OFFSET+LENGTH]': a partition, or a region of a disk: eMMC, SD. Or of a file that is there already, and keeps its size. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"
#include "verifier/raw.h"

enum { BLOCK_UNIT = 256 << 10 };

struct raw_block {
	struct raw base;
	int fd;
	uint64_t offset;       /* of the region's first byte on the device */
};

static int write_block(struct raw *r, uint64_t at, const unsigned char *data, size_t len, struct err *e)
{
	struct raw_block *b = (struct raw_block *)r;

	if (io_write_at(b->fd, data, len, b->offset + at) != 0)
		return err_errno(e, "cannot write %s at its byte %" PRIu64, r->what, at);
	return 0;
}

static int end_block(struct raw *r, struct err *e)
{
	struct raw_block *b = (struct raw_block *)r;

	if (fsync(b->fd) != 0)
		return err_errno(e, "cannot sync %s", r->what);
	return 0;
}

static int read_block(struct raw *r, uint64_t at, unsigned char *buf, size_t len, struct err *e)
{
	struct raw_block *b = (struct raw_block *)r;

	/* Or else the page cache would answer for the medium. */
	(void)posix_fadvise(b->fd, (off_t)(b->offset + at), (off_t)len, POSIX_FADV_DONTNEED);
	if (io_read_at(b->fd, buf, len, b->offset + at) != 0)
		return err_errno(e, "cannot read %s at its byte %" PRIu64, r->what, at);
	return 0;
}

static void close_block(struct raw *r)
{
	struct raw_block *b = (struct raw_block *)r;

	if (b->fd >= 0)
		close(b->fd);
	free(b);
}

/* O_EXCL keeps us off a device that is mounted. Of a region of a disk that says nothing: another partition of it may well be. */
static int open_device(const struct copy *c, bool writing)
{
	int flags = (writing ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

	return open(c->path, writing && c->length == 0 ? flags | O_EXCL : flags);
}

static int find_region(struct raw_block *b, const struct copy *c, struct err *e)
{
	struct stat st;
	off_t size;

	if (fstat(b->fd, &st) != 0)
		return err_errno(e, "cannot look at %s", c->path);
	if (!S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode))
		return err_set(e, VERDICT_WRONG_BOARD, "%s is no block device here", c->path);
	size = lseek(b->fd, 0, SEEK_END);
	if (size < 0)
		return err_errno(e, "cannot tell the size of %s", c->path);
	if (c->offset > (uint64_t)size || c->length > (uint64_t)size - c->offset)
		return err_set(e, VERDICT_WRONG_BOARD, "%s lies beyond the end of the device, which has %" PRIu64 " bytes", c->text,
			       (uint64_t)size);
	b->offset = c->offset;
	b->base.capacity = c->length ? c->length : (uint64_t)size;
	return 0;
}

int raw_block_open(struct raw **out, const struct copy *c, bool writing, struct err *e)
{
	struct raw_block *b = calloc(1, sizeof *b);

	if (!b)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	b->base = (struct raw){.unit = BLOCK_UNIT, .write = write_block, .end = end_block, .read = read_block, .close = close_block};
	b->fd = open_device(c, writing);
	if (b->fd < 0 || find_region(b, c, e) != 0) {
		if (b->fd < 0)
			err_errno(e, "cannot open %s", c->path);
		close_block(&b->base);
		return -1;
	}
	*out = &b->base;
	return 0;
}
