/* SPDX-License-Identifier: ISC */
/* The kinds of targets, by name. */
#include "verifier/target.h"

#include <string.h>

#define FILE_KIND "file:"
#define DIR_KIND "dir:"

static bool is_kind(const char *text, const char *kind)
{
	return strncmp(text, kind, strlen(kind)) == 0;
}

bool target_takes_tree(const char *text)
{
	return is_kind(text, DIR_KIND);
}

const char *target_path(const char *text)
{
	if (is_kind(text, FILE_KIND))
		return text + strlen(FILE_KIND);
	return is_kind(text, DIR_KIND) ? text + strlen(DIR_KIND) : NULL;
}

int target_open(struct target **out, const char *text, const struct manifest *m, const char *wanted, struct err *e)
{
	const char *path = target_path(text);

	if (!path)
		return err_set(e, VERDICT_USAGE, "there is no kind of target like `%s'", text);
	return target_takes_tree(text) ? target_dir_open(out, path, m, e) : target_file_open(out, path, m, wanted, e);
}

void target_free(struct target **t)
{
	if (*t)
		(*t)->free(*t);
	*t = NULL;
}
