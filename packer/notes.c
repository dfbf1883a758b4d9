/* SPDX-License-Identifier: ISC */
/* A growing list of notes. */
#include "packer/notes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int grow(struct notes *notes, struct err *e)
{
	size_t room = notes->room ? notes->room * 2 : 16;
	struct note *at = realloc(notes->at, room * sizeof *at);

	if (!at)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	notes->at = at;
	notes->room = room;
	return 0;
}

int notes_add(struct notes *notes, const char *path, struct err *e, const char *reason, va_list args)
{
	char quoted[NOTES_QUOTED_MAX], text[NOTES_QUOTED_MAX * 2];
	struct note *made;

	if (notes->n == NOTES_MAX) {
		notes->more++;
		return 0;
	}
	if (notes->n == notes->room && grow(notes, e) != 0)
		return -1;
	vsnprintf(text, sizeof text, reason, args);
	made = &notes->at[notes->n++]; /* counted at once, so that notes_clear sees a half-made one */
	made->path = strdup(err_quote(quoted, sizeof quoted, path, strlen(path)));
	made->reason = strdup(text);
	return made->path && made->reason ? 0 : err_set(e, VERDICT_SYSTEM, "out of memory");
}

void notes_clear(struct notes *notes)
{
	for (size_t i = 0; i < notes->n; i++) {
		free(notes->at[i].path);
		free(notes->at[i].reason);
	}
	free(notes->at);
	*notes = (struct notes){.at = NULL};
}
