/* SPDX-License-Identifier: ISC */
/* Where profiles lie: in the directory that was named, or beside the program that runs. */
#include "boards/board.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char suffix[] = ".board";

int board_dirs_init(struct board_dirs *dirs, const char *dir, struct err *e)
{
	static const char *const beside[BOARD_DIRS_MAX] = {"../share/firmseal/boards", "../boards"};
	char self[BOARD_DIR_NAME_MAX];
	ssize_t n;

	*dirs = (struct board_dirs){.n = 0};
	if (dir) {
		size_t len = strlen(dir);

		if (len == 0 || len >= BOARD_DIR_NAME_MAX)
			return err_set(e, VERDICT_USAGE,
				       "the directory of board profiles has no name, or one too long");
		memcpy(dirs->dir[dirs->n++], dir, len + 1);
		return 0;
	}
	n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n < 0)
		return err_errno(e, "cannot tell where this program lies (say --boards DIR)");
	self[n] = '\0';
	*(strrchr(self, '/') + 1) = '\0'; /* the kernel gives an absolute name */
	for (size_t i = 0; i < BOARD_DIRS_MAX; i++) {
		int len = snprintf(dirs->dir[dirs->n], BOARD_DIR_NAME_MAX, "%s%s", self, beside[i]);

		if (len > 0 && len < BOARD_DIR_NAME_MAX)
			dirs->n++;
	}
	return 0;
}

/* Names ID's profile in directory I. Returns 0, or -1 when that is too long to exist. */
static int profile_name(char *out, size_t size, const struct board_dirs *dirs, size_t i, const char *id)
{
	int n = snprintf(out, size, "%s/%s%s", dirs->dir[i], id, suffix);

	return n > 0 && (size_t)n < size ? 0 : -1;
}

static int not_found(const struct board_dirs *dirs, const char *id, struct err *e)
{
	const char *second = dirs->n > 1 ? dirs->dir[1] : "";

	return err_set(e, VERDICT_USAGE, "no profile %s%s in %s%s%s", id, suffix, dirs->dir[0],
		       *second ? ", nor in " : "", second);
}

int board_find(struct board *out, const struct board_dirs *dirs, const char *id, struct err *e)
{
	char path[BOARD_DIR_NAME_MAX + TEXT_NAME_MAX + 16], quoted[96];

	if (!text_is_name((struct span){id, strlen(id)}))
		return err_set(e, VERDICT_USAGE, "\"%s\" is no board's id",
			       err_quote(quoted, sizeof quoted, id, strlen(id)));
	for (size_t i = 0; i < dirs->n; i++)
		if (profile_name(path, sizeof path, dirs, i, id) == 0 && access(path, F_OK) == 0)
			return board_read_file(out, path, e);
	return not_found(dirs, id, e);
}

/* Profiles found so far. */
struct list {
	struct board *boards;
	size_t n, room;
};

static int list_add(struct list *l, const char *path, struct err *e)
{
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 16;
		struct board *more = realloc(l->boards, room * sizeof *more);

		if (!more)
			return err_set(e, VERDICT_SYSTEM, "out of memory");
		l->boards = more;
		l->room = room;
	}
	if (board_read_file(&l->boards[l->n], path, e))
		return -1;
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->boards[i].id, l->boards[l->n].id) == 0)
			return 0; /* an earlier directory has it */
	l->n++;
	return 0;
}

/* Adds all profiles of directory I. Of several places one may be missing; a directory that was named may not. */
static int list_dir(struct list *l, const struct board_dirs *dirs, size_t i, struct err *e)
{
	char path[BOARD_DIR_NAME_MAX + TEXT_NAME_MAX + 16];
	DIR *dir = opendir(dirs->dir[i]);
	struct dirent *entry;
	int rc = -1;

	if (!dir)
		return errno == ENOENT && dirs->n > 1 ? 0 : err_errno(e, "cannot list %s", dirs->dir[i]);
	while (errno = 0, (entry = readdir(dir)) != NULL) {
		size_t n = strlen(entry->d_name), end = strlen(suffix);
		char id[TEXT_NAME_MAX + 1];

		if (n <= end || n - end > TEXT_NAME_MAX || entry->d_name[0] == '.' ||
		    strcmp(entry->d_name + n - end, suffix) != 0)
			continue;
		memcpy(id, entry->d_name, n - end);
		id[n - end] = '\0';
		if (profile_name(path, sizeof path, dirs, i, id) || list_add(l, path, e))
			goto out;
	}
	rc = errno ? err_errno(e, "cannot list %s", dirs->dir[i]) : 0;
out:
	closedir(dir);
	return rc;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct board *)a)->id, ((const struct board *)b)->id);
}

int board_list(struct board **out, size_t *n, const struct board_dirs *dirs, struct err *e)
{
	struct list l = {.n = 0};

	*out = NULL;
	*n = 0;
	for (size_t i = 0; i < dirs->n; i++) {
		if (list_dir(&l, dirs, i, e)) {
			free(l.boards);
			return -1;
		}
	}
	if (l.n == 0)
		return not_found(dirs, "*", e);
	qsort(l.boards, l.n, sizeof *l.boards, by_id);
	*out = l.boards;
	*n = l.n;
	return 0;
}
