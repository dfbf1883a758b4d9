/* SPDX-License-Identifier: ISC */
/* An image that is made, and a card that is compared. */
#define _GNU_SOURCE /* sync_file_range */
#include "flasher/medium.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECTOR = 512, COMPARE_MAX = 1 << 20, GATHER = 256 << 10, HELD_MAX = 16 << 20 };

static int file_write(struct medium *base, uint64_t at, const void *bytes, size_t len, struct err *e)
{
	struct medium_file *m = (struct medium_file *)base;

	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite(m->fd, (const char *)bytes + done, len - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, "cannot write the image");
		done += (size_t)n;
	}
	if (atomic_fetch_add(&m->held, len) + len >= HELD_MAX) {
		atomic_store(&m->held, 0);
		(void)sync_file_range(m->fd, 0, 0, SYNC_FILE_RANGE_WRITE); /* a hint: what is synced later is on its way already */
	}
	return 0;
}

static int file_zero(struct medium *base, uint64_t at, uint64_t len, struct err *e)
{
	(void)base, (void)at, (void)len, (void)e;
	return 0;
}

void medium_file_init(struct medium_file *m, int fd)
{
	*m = (struct medium_file){{file_write, file_zero}, fd, 0};
}

int medium_gather_flush(struct medium_gather *g, struct err *e)
{
	size_t n = g->n;

	g->n = 0;
	return n > 0 ? g->to->write(g->to, g->at, g->buf, n, e) : 0;
}

/* Room for LEN bytes at AT, or NULL when they are too many, or their neighbours could not be passed on. */
static unsigned char *room(struct medium_gather *g, uint64_t at, uint64_t len, int *rc, struct err *e)
{
	unsigned char *to;

	*rc = 0;
	if (at != g->at + g->n || len > GATHER - g->n) {
		*rc = medium_gather_flush(g, e);
		g->at = at;
	}
	if (*rc != 0 || len > GATHER / 4)
		return NULL;
	to = g->buf + g->n;
	g->n += (size_t)len;
	return to;
}

static int gather_write(struct medium *base, uint64_t at, const void *bytes, size_t len, struct err *e)
{
	struct medium_gather *g = (struct medium_gather *)base;
	int rc;
	unsigned char *to = room(g, at, len, &rc, e);

	if (to)
		memcpy(to, bytes, len);
	else if (rc == 0)
		rc = medium_gather_flush(g, e) || g->to->write(g->to, at, bytes, len, e) ? -1 : 0;
	return rc;
}

static int gather_zero(struct medium *base, uint64_t at, uint64_t len, struct err *e)
{
	struct medium_gather *g = (struct medium_gather *)base;
	int rc;
	unsigned char *to = room(g, at, len, &rc, e);

	if (to)
		memset(to, 0, (size_t)len);
	else if (rc == 0)
		rc = medium_gather_flush(g, e) || g->to->zero(g->to, at, len, e) ? -1 : 0;
	return rc;
}

int medium_gather_init(struct medium_gather *g, struct medium *to, struct err *e)
{
	*g = (struct medium_gather){.base = {gather_write, gather_zero}, .to = to, .buf = malloc(GATHER)};
	return g->buf ? 0 : err_set(e, VERDICT_SYSTEM, "out of memory");
}

void medium_gather_free(struct medium_gather *g)
{
	free(g->buf);
	g->buf = NULL;
}

int medium_read(int fd, uint64_t at, void *buf, size_t len, struct err *e)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pread(fd, (char *)buf + done, len - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, "cannot read the card at byte %" PRIu64, at + done);
		if (n == 0)
			return err_set(e, VERDICT_TRUNCATED, "the card ends at byte %" PRIu64, at + done);
		done += (size_t)n;
	}
	return 0;
}

/* Tells of the sectors that differ, neighbours as one. WANT NULL: zeros. */
static void tell(struct medium_compare *m, uint64_t at, const unsigned char *want, size_t len)
{
	static const unsigned char zeros[SECTOR];
	size_t from = 0, end = 0; /* the run of different bytes */

	for (size_t i = 0; i < len;) {
		size_t n = SECTOR - (size_t)((at + i) % SECTOR);

		if (n > len - i)
			n = len - i;
		if (memcmp(m->buf + i, want ? want + i : zeros, n) != 0) {
			if (end != i || end == from) {
				if (end > from)
					m->differs(m->owner, at + from, end - from);
				from = i;
			}
			end = i + n;
		}
		i += n;
	}
	if (end > from)
		m->differs(m->owner, at + from, end - from);
}

static int compare(struct medium_compare *m, uint64_t at, const unsigned char *want, uint64_t len, struct err *e)
{
	while (len > 0) {
		size_t n = len < COMPARE_MAX ? (size_t)len : COMPARE_MAX;

		if (medium_read(m->fd, at, m->buf, n, e))
			return -1;
		tell(m, at, want, n);
		m->compared += n;
		want = want ? want + n : NULL;
		at += n;
		len -= n;
	}
	return 0;
}

static int compare_write(struct medium *base, uint64_t at, const void *bytes, size_t len, struct err *e)
{
	return compare((struct medium_compare *)base, at, bytes, len, e);
}

static int compare_zero(struct medium *base, uint64_t at, uint64_t len, struct err *e)
{
	return compare((struct medium_compare *)base, at, NULL, len, e);
}

int medium_compare_init(struct medium_compare *m, int fd, void (*differs)(void *owner, uint64_t at, uint64_t len), void *owner,
			struct err *e)
{
	*m = (struct medium_compare){{compare_write, compare_zero}, fd, differs, owner, malloc(COMPARE_MAX), 0};
	return m->buf ? 0 : err_set(e, VERDICT_SYSTEM, "out of memory");
}

void medium_compare_free(struct medium_compare *m)
{
	free(m->buf);
	m->buf = NULL;
}
