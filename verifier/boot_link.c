/* SPDX-License-Identifier: ISC */
/* `boot link PATH': a symlink to `a' or `b', which stand beside it, shows the side that starts next. The record of it is STATE/boot,
 * which is written first; the link follows, and `boot-attempt' sees to it that it does. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/io.h"
#include "verifier/boot.h"
#include "verifier/state.h"

/* Without a record: as the board left the factory. */
static int read_link(const struct device *d, struct boot_state *out, struct err *e)
{
	char text[8];
	ssize_t n = readlink(d->boot_argument, text, sizeof text);

	if (n < 0)
		return err_errno(e, "cannot read the link %s", d->boot_argument);
	*out = (struct boot_state){.side = SIDE_A};
	if (boot_side(&out->side, (struct span){text, (size_t)n}) != 0)
		return err_set(e, VERDICT_SYSTEM, "the link %s leads neither to `a' nor to `b'", d->boot_argument);
	return 0;
}

static int read_state(const struct device *d, struct boot_state *out, struct err *e)
{
	char *body = NULL;
	size_t len = 0;
	int rc = state_read(d, "boot", &body, &len, BOOT_RECORD_SIZE, e);

	/* The link tells as much of a board as it must: which side starts. */
	if (rc != 1 || len != BOOT_RECORD_SIZE || boot_record_parse(out, (unsigned char *)body) != 0)
		rc = read_link(d, out, e);
	else
		rc = 0;
	free(body);
	return rc;
}

static int point_link(const struct device *d, enum side side, struct err *e)
{
	static const char fresh[] = IO_NEW_PREFIX "boot-link";
	const char *base;
	int dir = io_parent(d->boot_argument, &base, e), rc = -1;

	if (dir < 0)
		return -1;
	if ((unlinkat(dir, fresh, 0) != 0 && errno != ENOENT) || symlinkat(boot_letter(side), dir, fresh) != 0 ||
	    renameat(dir, fresh, dir, base) != 0 || fsync(dir) != 0)
		err_errno(e, "cannot point the link %s to %s", d->boot_argument, boot_letter(side));
	else
		rc = 0;
	close(dir);
	return rc;
}

static int write_state(const struct device *d, const struct boot_state *next, struct err *e)
{
	unsigned char bytes[BOOT_RECORD_SIZE];

	boot_record_make(bytes, next);
	if (state_write(d, "boot", (char *)bytes, sizeof bytes, e) != 0)
		return -1;
	return point_link(d, next->side, e);
}

const struct boot_method boot_link = {.word = "link", .read = read_state, .write = write_state, .counts = true};
