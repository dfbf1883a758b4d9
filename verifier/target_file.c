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
	struct target base;
	int dir;                       /* PATH's directory */
	int fd;                        /* the staged file */
	char staged[SWAP_NAME_MAX];
	struct manifest_entry wanted;
	bool ours;                     /* the file that began last is the wanted one */
	bool complete;
};

static int take_item(struct target *t, const struct reader_item *item, struct err *e)
{
	struct target_file *f = (struct target_file *)t;

	switch (item->what) {
	case READER_ENTRY:
		f->ours = strcmp(item->entry->path, f->wanted.path) == 0;
		return 0;
	case READER_DATA:
		if (f->ours && io_write_all(f->fd, item->data, item->len) != 0)
			return err_errno(e, "cannot write beside %s", t->path);
		return 0;
	case READER_DONE:
		f->complete = f->complete || f->ours;
		return 0;
	}
	return err_set(e, VERDICT_SYSTEM, "the reader gave an unknown item");
}

static int finish(struct target *t, uint64_t *inode, struct err *e)
{
	struct target_file *f = (struct target_file *)t;
	struct stat st;

	if (!f->complete)
		return err_set(e, VERDICT_SYSTEM, "the image held nothing for %s", t->path);
	if (fchmod(f->fd, f->wanted.mode & 0777) != 0 || fsync(f->fd) != 0 || fstat(f->fd, &st) != 0)
		return err_errno(e, "cannot sync what is staged for %s", t->path);
	if (readback_check(f->fd, f->wanted.hash, t->path, e) != 0)
		return -1;
	if (fsync(f->dir) != 0)
		return err_errno(e, "cannot sync the directory of %s", t->path);
	*inode = (uint64_t)st.st_ino;
	return 0;
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

int target_file_open(struct target **out, const char *path, const struct manifest *m, const char *wanted, struct err *e)
{
	struct target_file *f = calloc(1, sizeof *f);
	int64_t entry = manifest_find(m, wanted);
	const char *base;

	if (!f)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	f->base = (struct target){.path = path, .item = take_item, .finish = finish, .free = free_file};
	f->fd = -1;
	f->dir = io_parent(path, &base, e);
	if (f->dir < 0 || swap_staged_name(f->staged, base, e) != 0)
		goto fail;
	if (entry < 0) {
		err_set(e, VERDICT_SYSTEM, "the image has no %s", wanted);
		goto fail;
	}
	manifest_entry(m, (uint32_t)entry, &f->wanted);
	f->fd = openat(f->dir, f->staged, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (f->fd < 0) {
		err_errno(e, "cannot stage beside %s", path);
		goto fail;
	}
	*out = &f->base;
	return 0;
fail:
	free_file(&f->base);
	return -1;
}
