/* SPDX-License-Identifier: ISC */
/* The atomic step, and how it is told after a power cut how far it had come: the new one is known by its content. */
#define _GNU_SOURCE /* renameat2 */
#include "verifier/swap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/beneath.h"
#include "core/io.h"

enum { SWAP_PATH_MAX = 4096 };
static const char staged_prefix[] = ".firmseal-new-";

struct place {
	int dir;
	const char *base;
	char staged[SWAP_NAME_MAX], previous[SWAP_NAME_MAX];
};

int swap_staged_name(char out[static SWAP_NAME_MAX], const char *base, struct err *e)
{
	size_t n = strlen(base);

	if (n + sizeof staged_prefix > SWAP_NAME_MAX)
		return err_set(e, VERDICT_USAGE, "the name of the target is too long: %s", base);
	memcpy(out, staged_prefix, sizeof staged_prefix - 1);
	memcpy(out + sizeof staged_prefix - 1, base, n + 1);
	return 0;
}

static int place_open(struct place *p, const char *path, struct err *e)
{
	p->dir = io_parent(path, &p->base, e);
	if (p->dir < 0)
		return -1;
	if (swap_staged_name(p->staged, p->base, e) != 0) {
		close(p->dir);
		return -1;
	}
	snprintf(p->previous, sizeof p->previous, "%.*s.previous", SWAP_NAME_MAX - 16, p->base);
	return 0;
}

static bool is_there(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int swap_find(enum swap_found *out, const char *path, swap_is_new *is_new, void *ctx, struct err *e)
{
	char staged[SWAP_PATH_MAX];
	struct place p;
	int rc;

	*out = SWAP_NOWHERE;
	if (place_open(&p, path, e) != 0)
		return -1;
	/* A target's path has at most DEVICE_TARGET_MAX bytes: it fits. */
	snprintf(staged, sizeof staged, "%.*s%s", (int)(strlen(path) - strlen(p.base)), path, p.staged);
	rc = is_new(ctx, p.dir, p.staged, staged, e);
	if (rc == 1)
		*out = SWAP_STAGED;
	else if (rc == 0 && (rc = is_new(ctx, p.dir, p.base, path, e)) == 1)
		*out = SWAP_IN_PLACE;
	close(p.dir);
	return rc < 0 ? -1 : 0;
}

static int move(const struct place *p, const char *from, const char *to, struct err *e)
{
	if (renameat(p->dir, from, p->dir, to) != 0)
		return err_errno(e, "cannot rename %s to %s", from, to);
	return 0;
}

/* The old one out of the way, for a moment without a successor: for kernels and file systems that cannot exchange. */
static int step_aside(const struct place *p, struct err *e)
{
	if (beneath_remove(p->dir, p->previous, e) != 0)
		return -1;
	return move(p, p->base, p->previous, e);
}

static int put_in_place(const struct place *p, bool exists, struct err *e)
{
	if (exists) {
		if (renameat2(p->dir, p->staged, p->dir, p->base, RENAME_EXCHANGE) == 0)
			return 0;
		if (errno != ENOSYS && errno != EINVAL)
			return err_errno(e, "cannot exchange %s", p->base);
		if (step_aside(p, e) != 0)
			return -1;
	}
	return move(p, p->staged, p->base, e);
}

int swap_commit(const char *path, enum swap_found found, struct err *e)
{
	struct place p;
	int rc = -1;

	if (place_open(&p, path, e) != 0)
		return -1;
	if (found == SWAP_STAGED) {
		if (put_in_place(&p, is_there(p.dir, p.base), e) != 0)
			goto out;
		if (fsync(p.dir) != 0) { /* in place for good, before the older one goes */
			err_errno(e, "cannot sync the directory of %s", path);
			goto out;
		}
	}
	if (is_there(p.dir, p.staged)) /* the old one, after an exchange */
		if (beneath_remove(p.dir, p.previous, e) != 0 || move(&p, p.staged, p.previous, e) != 0)
			goto out;
	rc = fsync(p.dir) == 0 ? 0 : err_errno(e, "cannot sync the directory of %s", path);
out:
	close(p.dir);
	return rc;
}

static int drop(const char *path, bool previous, struct err *e)
{
	struct place p;
	int rc;

	if (place_open(&p, path, e) != 0)
		return -1;
	rc = beneath_remove(p.dir, previous ? p.previous : p.staged, e);
	close(p.dir);
	return rc;
}

int swap_drop_previous(const char *path, struct err *e)
{
	return drop(path, true, e);
}

int swap_sweep(const char *path, struct err *e)
{
	return drop(path, false, e);
}
