/* SPDX-License-Identifier: ISC */
/* An image that is made, and a card that is compared. */
#include "flasher/medium.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECTOR = 512, COMPARE_MAX = 1 << 20 };

static int file_write(struct medium *base, uint64_t at, const void *bytes, size_t len, struct err *e)
{
	const struct medium_file *m = (const struct medium_file *)base;

	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite(m->fd, (const char *)bytes + done, len - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, "cannot write the image");
		done += (size_t)n;
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
	*m = (struct medium_file){{file_write, file_zero}, fd};
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
