/* SPDX-License-Identifier: ISC */
/* `file:PATH`: one file of the bundle, raw, staged beside PATH. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"
#include "core/readback.h"
#include "verifier/swap.h"
#include "verifier/target.h"

struct target_file {
	struct target_one one;
	int dir;                       /* PATH's directory */
	int fd;                        /* the staged file */
	char staged[SWAP_NAME_MAX];
};

static int put(struct target_one *one, const unsigned char *data, size_t len, struct err *e)
{
	if (io_write_all(((struct target_file *)one)->fd, data, len) != 0)
		return err_errno(e, "cannot write beside %s", one->base.copy.path);
	return 0;
}

static int finish(struct target *t, struct step *step, struct err *e)
{
	struct target_file *f = (struct target_file *)t;

	(void)step;
	if (target_one_complete(&f->one, e) != 0)
		return -1;
	if (fchmod(f->fd, f->one.wanted.mode & 0777) != 0 || fsync(f->fd) != 0)
		return err_errno(e, "cannot sync what is staged for %s", t->copy.path);
	if (readback_check(f->fd, f->one.wanted.hash, t->copy.path, e) != 0)
		return -1;
	return fsync(f->dir) == 0 ? 0 : err_errno(e, "cannot sync the directory of %s", t->copy.path);
}

static void free_file(struct target *t)
{
	struct target_file *f = (struct target_file *)t;

	if (f->fd >= 0) {
		close(f->fd);
		if (!t->released)
			unlinkat(f->dir, f->staged, 0);
	}
	if (f->dir >= 0)
		close(f->dir);
	free(f);
}

/* Makes the file that will take PATH's place. */
static int stage(struct target_file *f, const char *path, struct err *e)
{
	const char *base;

	f->dir = io_parent(path, &base, e);
	if (f->dir < 0 || swap_staged_name(f->staged, base, e) != 0)
		return -1;
	f->fd = openat(f->dir, f->staged, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return f->fd >= 0 ? io_drop_acls(f->fd, path, e) : err_errno(e, "cannot stage beside %s", path);
}

int target_file_open(struct target **out, const struct step *s, const struct manifest *m, struct err *e)
{
	const char *text = s->target;
	struct target_file *f = calloc(1, sizeof *f);

	if (!f)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	f->one.base.finish = finish;
	f->one.base.free = free_file;
	f->one.put = put;
	f->dir = f->fd = -1;
	copy_next(&f->one.base.copy, &text);
	target_one_init(&f->one, m, s);
	if (stage(f, f->one.base.copy.path, e) != 0) {
		free_file(&f->one.base);
		return -1;
	}
	*out = &f->one.base;
	return 0;
}
