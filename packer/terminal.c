/* SPDX-License-Identifier: ISC */
/* Hands a watch's calls on to the progress line. */
#include "packer/terminal.h"

static void begin(struct watch *w, const char *what, uint64_t total)
{
	struct terminal *t = (struct terminal *)w;

	progress_begin(&t->progress, what, total, t->quiet);
}

static void update(struct watch *w, uint64_t done)
{
	progress_update(&((struct terminal *)w)->progress, done);
}

static void end(struct watch *w)
{
	progress_end(&((struct terminal *)w)->progress);
}

void terminal_init(struct terminal *t, bool quiet)
{
	*t = (struct terminal){.base = {.begin = begin, .update = update, .end = end}, .quiet = quiet};
}
