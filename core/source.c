/* SPDX-License-Identifier: ISC */
/* Bundle bytes from a descriptor or from memory. */
#include "core/source.h"

#include <string.h>

#include "core/io.h"

static int fd_read(struct source *s, void *buf, size_t len, size_t *got, struct err *e)
{
	struct source_fd *self = (struct source_fd *)s;
	ssize_t n = io_read_full(self->fd, buf, len);

	if (n < 0)
		return err_errno(e, "cannot read the bundle");
	*got = (size_t)n;
	return 0;
}

void source_fd_init(struct source_fd *s, int fd)
{
	s->base.read = fd_read;
	s->fd = fd;
}

static int memory_read(struct source *s, void *buf, size_t len, size_t *got, struct err *e)
{
	struct source_memory *self = (struct source_memory *)s;

	(void)e;
	*got = len < self->left ? len : self->left;
	if (*got > 0)
		memcpy(buf, self->at, *got);
	self->at += *got;
	self->left -= *got;
	return 0;
}

void source_memory_init(struct source_memory *s, const void *bytes, size_t len)
{
	s->base.read = memory_read;
	s->at = bytes;
	s->left = len;
}

int source_exact(struct source *s, void *buf, size_t len, const char *what, struct err *e)
{
	size_t got = 0;

	if (s->read(s, buf, len, &got, e) != 0)
		return -1;
	if (got != len)
		return err_set(e, VERDICT_TRUNCATED, "it ends inside %s", what);
	return 0;
}
