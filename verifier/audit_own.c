/* SPDX-License-Identifier: ISC */
/* What firmseal itself leaves on a board: its records, the image before, what an interrupted install had staged. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/io.h"
#include "verifier/audit_parts.h"
#include "verifier/boot.h"
#include "verifier/state_file.h"
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

/* The name of a file right in the state directory, "" for the directory itself, NULL for anything else. */
static const char *in_state(const struct audit *a, const char *path)
{
	const char *state = in_tree(a, a->o->device->state);
	size_t n = state ? strlen(state) : 0;

	if (n == 0 || strncmp(path, state, n) != 0 || (path[n] && path[n] != '/'))
		return NULL;
	return path[n] && !strchr(path + n + 1, '/') ? path + n + 1 : path[n] ? NULL : "";
}

/* `boot marker file:PATH'. */
static bool is_marker(const struct audit *a, const char *path, int fd)
{
	unsigned char bytes[BOOT_RECORD_SIZE + 1];
	const char *place = a->o->device->boot == BOOT_MARKER ? target_path(a->o->device->boot_argument) : NULL;
	ssize_t n;

	place = place ? in_tree(a, place) : NULL;
	if (!place || strcmp(path, place) != 0)
		return false;
	n = io_read_full(fd, bytes, sizeof bytes);
	return n >= 0 && boot_marker_is_ours(a->o->device, bytes, (size_t)n);
}

/* A state file or boot marker of the shape that this program writes; nothing else that lies there. */
static bool is_record(const struct audit *a, int dir, const char *base, const char *path, mode_t mode)
{
	const char *name = in_state(a, path);
	bool ours;
	int fd;

	if (name && !*name)
		return S_ISDIR(mode);
	if (!S_ISREG(mode))
		return false;
	fd = openat(dir, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ours = (name && state_file_is_ours(name, fd)) || is_marker(a, path, fd);
	close(fd);
	return ours;
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

const char *audit_own(const struct audit *a, int dir, const char *base, const char *path, mode_t mode)
{
	const struct device *d = a->o->device;
	const char *why = NULL;

	if (!d)
		return NULL;
	if (is_record(a, dir, base, path, mode))
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
