/* SPDX-License-Identifier: ISC */
/* What a name stands for: a file that is there, a disk, or a place in a directory. */
#include "flasher/card_names.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"

/* One name. */
struct known {
	const char *name, *what;  /* "the bundle" */
	bool placed;              /* the rest tells where it leads */
	bool is_disk;
	dev_t dev;                /* of the disk; or of the file, or of the directory that it would be in */
	ino_t ino;
	const char *base;         /* in that directory, of a file that is not there yet; else "" */
};

/* A name that leads nowhere is said to do so by whoever opens it; that the bundle lies on a disk that would be written to, by disk_open. */
static struct known know(const char *name, const char *what)
{
	bool is_input = strcmp(name, "-") == 0;
	struct known k = {.name = is_input ? "standard input" : name, .what = what, .base = ""};
	struct stat st;
	int dir;

	if ((is_input ? fstat(STDIN_FILENO, &st) : stat(name, &st)) == 0) {
		k.is_disk = S_ISBLK(st.st_mode);
		k.dev = k.is_disk ? st.st_rdev : st.st_dev;
		k.ino = k.is_disk ? 0 : st.st_ino;
		k.placed = true;
		return k;
	}
	dir = io_parent(name, &k.base, NULL);
	if (dir >= 0 && fstat(dir, &st) == 0) {
		k.dev = st.st_dev;
		k.ino = st.st_ino;
		k.placed = true;
	}
	if (dir >= 0)
		close(dir);
	return k;
}

static bool are_one(const struct known *a, const struct known *b)
{
	return a->placed && b->placed && a->is_disk == b->is_disk && a->dev == b->dev && a->ino == b->ino && strcmp(a->base, b->base) == 0;
}

static int refuse(const struct known *a, const struct known *b, struct err *e)
{
	bool other_name = strcmp(a->name, b->name) != 0;
	const char *by = other_name ? ", by the name of " : "", *name = other_name ? b->name : "";

	if (strcmp(a->what, b->what) == 0)
		return err_set(e, VERDICT_USAGE, "%s is a target twice%s%s", a->name, by, name);
	return err_set(e, VERDICT_USAGE, "%s is %s, and cannot be %s as well%s%s", a->name, a->what, b->what, by, name);
}

int card_names_check(const struct card_options *o, struct err *e)
{
	struct known all[CARD_TARGETS_MAX + 2];
	size_t n = 0;

	if (o->bundle) {
		all[n] = know(o->bundle, "the bundle");
		n += !all[n].is_disk;
	}
	if (o->receipt)
		all[n++] = know(o->receipt, "the receipt");
	for (size_t i = 0; i < o->ntargets; i++)
		all[n++] = know(o->targets[i], "a target");
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (are_one(&all[i], &all[j]))
				return refuse(&all[j], &all[i], e);
	return 0;
}
