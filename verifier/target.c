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

bool target_has_sides(const struct device_slot *slot)
{
	return slot->target[SIDE_B][0] != '\0';
}

int target_open(struct target **out, const struct device *d, const struct step *s, const struct manifest *m, struct err *e)
{
	switch (s->kind) {
	case STEP_TREE: return target_dir_open(out, s, m, e);
	case STEP_FILE: return target_file_open(out, s, m, e);
	case STEP_SIDE: return target_raw_open(out, s, m, e);
	case STEP_FLASH: return target_staged_open(out, d, s, m, e);
	}
	return err_set(e, VERDICT_SYSTEM, "there is no such target");
}

void target_free(struct target **t)
{
	if (*t)
		(*t)->free(*t);
	*t = NULL;
}
