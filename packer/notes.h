/* SPDX-License-Identifier: ISC */
/* What the user has to be told about entries of a tree: a path and a reason each, ready for output. */
#ifndef PACKER_NOTES_H
#define PACKER_NOTES_H

#include <stdarg.h>
#include <stddef.h>

#include "core/err.h"

enum {
	NOTES_MAX = 4096,        /* more are counted, not kept: a hostile archive must not fill the memory with its names */
	NOTES_QUOTED_MAX = 320,  /* bytes of a quoted name */
};

struct note {
	char *path;              /* quoted for output */
	char *reason;
};

/* Plain record; zero-initialised it is empty. */
struct notes {
	struct note *at;
	size_t n, room;
	size_t more;             /* notes beyond NOTES_MAX */
};

/* Adds a note on PATH (raw). Returns 0, or -1 when memory is out. */
int notes_add(struct notes *notes, const char *path, struct err *e, const char *reason, va_list args);
void notes_clear(struct notes *notes);

#endif
