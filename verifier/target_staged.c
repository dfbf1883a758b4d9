/* SPDX-License-Identifier: ISC */
/* A raw slot with one side: what it holds is in use, so the image waits in the staging area until all of it has been verified. */
#include <stdlib.h>
#include <unistd.h>

#include "core/io.h"
#include "core/readback.h"
#include "verifier/flash.h"
#include "verifier/staging.h"
#include "verifier/target.h"

struct target_staged {
	struct target_one one;
	const struct device *d;
	const struct device_slot *slot;
	int fd;
};

static int put(struct target_one *one, const unsigned char *data, size_t len, struct err *e)
{
	struct target_staged *t = (struct target_staged *)one;

	return io_write_all(t->fd, data, len) == 0 ? 0 : err_errno(e, "cannot stage the image of slot %s", t->slot->name);
}

static int finish(struct target *base, struct step *step, struct err *e)
{
	struct target_staged *t = (struct target_staged *)base;

	if (target_one_complete(&t->one, e) != 0)
		return -1;
	if (fsync(t->fd) != 0)
		return err_errno(e, "cannot sync the staged image of slot %s", t->slot->name);
	if (readback_check(t->fd, t->one.wanted.hash, "the staged image", e) != 0 || staging_sync(t->d, e) != 0)
		return -1;
	step->fd = t->fd;
	return 0;
}

static void free_staged(struct target *base)
{
	struct target_staged *t = (struct target_staged *)base;

	if (t->fd >= 0) {
		close(t->fd);
		if (!base->released)
			IGNORE(staging_sweep(t->d, NULL)); /* the next install does it, else */
	}
	free(t);
}

int target_staged_open(struct target **out, const struct device *d, const struct step *s, const struct manifest *m, struct err *e)
{
	struct target_staged *t = calloc(1, sizeof *t);
	const char *text = s->target;

	if (!t)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	t->one.base.finish = finish;
	t->one.base.free = free_staged;
	t->one.put = put;
	t->d = d;
	t->slot = s->slot;
	t->fd = -1;
	copy_next(&t->one.base.copy, &text);
	target_one_init(&t->one, m, s);
	if (flash_fits(s->target, s->size, e) != 0 || (t->fd = staging_create(d, s->slot->name, e)) < 0) {
		free_staged(&t->one.base);
		return -1;
	}
	*out = &t->one.base;
	return 0;
}
