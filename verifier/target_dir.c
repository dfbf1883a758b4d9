/* SPDX-License-Identifier: ISC */
/* `dir:PATH`: the whole tree, staged beside PATH. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/extract.h"
#include "core/io.h"
#include "verifier/swap.h"
#include "verifier/target.h"

struct target_dir {
	struct target base;
	struct extract *tree;
};

static int take_item(struct target *t, const struct reader_item *item, struct err *e)
{
	return extract_item(((struct target_dir *)t)->tree, item, e);
}

static int finish(struct target *t, struct step *step, struct err *e)
{
	struct target_dir *d = (struct target_dir *)t;

	(void)step;
	if (extract_finish(d->tree, e) != 0)
		return -1;
	return fsync(extract_parent(d->tree)) == 0 ? 0 : err_errno(e, "cannot sync the directory of %s", t->copy.path);
}

static void free_dir(struct target *t)
{
	struct target_dir *d = (struct target_dir *)t;

	if (d->tree && t->released)
		extract_release(d->tree);
	extract_free(&d->tree);
	free(d);
}

int target_dir_open(struct target **out, const struct step *s, const struct manifest *m, struct err *e)
{
	unsigned flags = EXTRACT_DURABLE | (geteuid() == 0 ? EXTRACT_OWNERS : 0U);
	struct target_dir *d = calloc(1, sizeof *d);
	char staged[SWAP_NAME_MAX];
	const char *base, *path, *text = s->target;
	int dir;

	if (!d)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	d->base = (struct target){.item = take_item, .finish = finish, .free = free_dir};
	copy_next(&d->base.copy, &text);
	path = d->base.copy.path;
	dir = io_parent(path, &base, e);
	if (dir >= 0)
		close(dir);
	if (dir < 0 || swap_staged_name(staged, base, e) != 0 || extract_begin_as(&d->tree, path, staged, flags, m, e) != 0) {
		free_dir(&d->base);
		return -1;
	}
	*out = &d->base;
	return 0;
}
