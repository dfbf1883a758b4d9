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

int target_open(struct target **out, const struct device *d, const struct device_slot *slot, enum side side,
		const struct manifest *m, const char *wanted, struct err *e)
{
	const char *text = slot->target[target_has_sides(slot) ? side : SIDE_A];
	int rc;

	if (target_takes_tree(text))
		rc = target_dir_open(out, text, m, e);
	else if (target_path(text))
		rc = target_file_open(out, text, m, wanted, e);
	else if (target_has_sides(slot))
		rc = target_raw_open(out, text, m, wanted, e);
	else
		rc = target_staged_open(out, d, slot, m, wanted, e);
	return rc;
}

void target_free(struct target **t)
{
	if (*t)
		(*t)->free(*t);
	*t = NULL;
}
