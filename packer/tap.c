/* SPDX-License-Identifier: ISC */
/* Bytes on their way, shown. */
#include "packer/tap.h"

static int tap_read(struct source *s, void *buf, size_t len, size_t *got, struct err *e)
{
	struct tap *t = (struct tap *)s;

	if (t->src->read(t->src, buf, len, got, e) != 0)
		return -1;
	if (t->see && *got > 0)
		t->see(t->owner, t->at, buf, *got);
	t->at += *got;
	return 0;
}

void tap_init(struct tap *t, struct source *src)
{
	*t = (struct tap){.base = {.read = tap_read}, .src = src};
}
