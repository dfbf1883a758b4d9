/* SPDX-License-Identifier: ISC */
/* What firmseal itself leaves on a board: its records, the image before, what an interrupted install had staged. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/io.h"
#include "verifier/audit_parts.h"
#include "verifier/swap.h"
#include "verifier/target.h"

static const char records[] = "firmseal's own records: not compared";
static const char before[] = "the image before, kept by the last install: not compared";
static const char staged[] = "staged by an install that did not end: not compared; the next install removes it";

/* The part of PLACE behind the tree's path, or NULL when it does not lie there. */
static const char *behind_root(const struct audit *a, const char *place)
{
	size_t n = a->root_path ? strlen(a->root_path) : 0;

	if (n == 0)
		return NULL;
	while (n > 0 && a->root_path[n - 1] == '/')
		n--;
	return strncmp(place, a->root_path, n) == 0 && place[n] == '/' ? place + n + 1 : NULL;
}

/* The same; a root that was named holds its things where the running one does, too. */
static const char *in_tree(const struct audit *a, const char *place)
{
	const char *path = behind_root(a, place);

	return path || !a->o->root ? path : place + 1; /* places are absolute */
}

/* The state directory and the files right in it; nothing that could be run from there. */
static bool is_record(const struct audit *a, const char *path, mode_t mode)
{
	const char *state = in_tree(a, a->o->device->state);
	size_t n = state ? strlen(state) : 0;

	if (n == 0 || strncmp(path, state, n) != 0)
		return false;
	if (path[n] == '\0')
		return S_ISDIR(mode);
	return path[n] == '/' && !strchr(path + n + 1, '/') && S_ISREG(mode) && !(mode & 0111);
}

/* What a raw slot that lies in the tree has beside it. */
static const char *beside_slot(const char *slot, const char *path)
{
	const char *slash = strrchr(slot, '/'), *base = slash ? slash + 1 : slot;
	size_t dir = (size_t)(base - slot), n = strlen(slot);
	char name[SWAP_NAME_MAX];

	if (strncmp(path, slot, n) == 0 && strcmp(path + n, ".previous") == 0)
		return before;
	if (swap_staged_name(name, base, NULL) == 0 && strncmp(path, slot, dir) == 0 && strcmp(path + dir, name) == 0)
		return staged;
	return NULL;
}

const char *audit_own(const struct audit *a, const char *path, mode_t mode)
{
	const struct device *d = a->o->device;
	const char *why = NULL;

	if (!d)
		return NULL;
	if (is_record(a, path, mode))
		return records;
	for (size_t i = 0; !why && S_ISREG(mode) && i < d->nslots; i++) {
		const char *target = audit_target(a, i);
		const char *path_of = target_takes_tree(target) ? NULL : target_path(target), *slot = path_of ? in_tree(a, path_of) : NULL;

		why = slot ? beside_slot(slot, path) : NULL;
	}
	return why;
}

static void say_if_there(struct audit *a, int dir, const char *path, const char *base, const char *name, const char *why)
{
	char whole[DEVICE_TARGET_MAX + SWAP_NAME_MAX];
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	snprintf(whole, sizeof whole, "%.*s%s", (int)(base - path), path, name);
	findings_skip(a->findings, whole, why);
}

void audit_beside(struct audit *a)
{
	char name[SWAP_NAME_MAX];

	for (size_t i = 0; i < a->o->device->nslots; i++) {
		const char *path = target_path(audit_target(a, i)), *base;
		int dir;

		if (!path || behind_root(a, path)) /* nothing beside it, or the walk comes by */
			continue;
		dir = io_parent(path, &base, NULL);
		if (dir < 0)
			continue; /* the slot itself will be found missing */
		snprintf(name, sizeof name, "%.*s.previous", SWAP_NAME_MAX - 16, base);
		say_if_there(a, dir, path, base, name, before);
		if (swap_staged_name(name, base, NULL) == 0)
			say_if_there(a, dir, path, base, name, staged);
		close(dir);
	}
}
