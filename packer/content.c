/* SPDX-License-Identifier: ISC */
/* File content for the payload: what is not what it was fails the build. */
#include "packer/content.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/io.h"

static int changed(const struct content *c, struct err *e, const char *how)
{
	char quoted[NOTES_QUOTED_MAX];

	return err_set(e, VERDICT_SYSTEM, "\"%s\" %s while it was packed",
		       err_quote(quoted, sizeof quoted, c->entry->path, strlen(c->entry->path)), how);
}

int content_open(struct content *c, struct tree *t, const struct tree_entry *entry, struct err *e)
{
	char quoted[NOTES_QUOTED_MAX];
	const char *base;
	int dir;

	*c = (struct content){.entry = entry, .fd = t->spool, .spooled = t->spool >= 0, .at = (off_t)entry->offset};
	if (c->spooled)
		return 0;
	dir = beneath_parent(t->root, entry->path, &base, e);
	if (dir < 0)
		return -1;
	/* O_NONBLOCK: a FIFO put there meanwhile must not hang us. */
	c->fd = openat(dir, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (c->fd < 0 && (errno == ELOOP || errno == ENOENT))
		return changed(c, e, "went away");
	if (c->fd < 0)
		return err_errno(e, "cannot open \"%s\"", err_quote(quoted, sizeof quoted, entry->path, strlen(entry->path)));
	if (fstat(c->fd, &c->before) != 0)
		return err_errno(e, "cannot look at \"%s\"", err_quote(quoted, sizeof quoted, entry->path, strlen(entry->path)));
	if (!S_ISREG(c->before.st_mode))
		return changed(c, e, "was replaced");
	return (uint64_t)c->before.st_size == entry->size ? 0 : changed(c, e, "changed its size");
}

/* pread until LEN bytes are there; the spool's length was ours to write. */
static ssize_t read_spool(struct content *c, char *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(c->fd, buf + done, len - done, c->at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
		c->at += n;
	}
	return (ssize_t)done;
}

int content_read(struct content *c, void *buf, size_t len, struct err *e)
{
	char quoted[NOTES_QUOTED_MAX];
	ssize_t n = c->spooled ? read_spool(c, buf, len) : io_read_full(c->fd, buf, len);

	if (n < 0)
		return err_errno(e, "cannot read \"%s\"",
				 err_quote(quoted, sizeof quoted, c->entry->path, strlen(c->entry->path)));
	return (size_t)n == len ? 0 : changed(c, e, "became shorter");
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

int content_close(struct content *c, struct err *e)
{
	struct stat after;
	int rc = 0;

	if (c->spooled || c->fd < 0)
		return 0;
	if (fstat(c->fd, &after) != 0)
		rc = err_errno(e, "cannot look at a file again");
	else if (after.st_size != c->before.st_size || !same_time(&after.st_mtim, &c->before.st_mtim))
		rc = changed(c, e, "changed");
	close(c->fd);
	c->fd = -1;
	return rc;
}
