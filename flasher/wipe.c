/* SPDX-License-Identifier: ISC */
/* Keeps each block's size before it, so that all of it can be wiped. */
#define _GNU_SOURCE /* explicit_bzero */
#include "flasher/wipe.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct block {
	_Alignas(max_align_t) size_t size;
};

static struct block *block_of(void *p)
{
	return (struct block *)p - 1;
}

void *wipe_malloc(size_t size)
{
	struct block *b;

	if (size > SIZE_MAX - sizeof *b)
		return NULL;
	b = malloc(sizeof *b + size);
	if (!b)
		return NULL;
	b->size = size;
	return b + 1;
}

void *wipe_calloc(size_t n, size_t size)
{
	void *p = size && n > SIZE_MAX / size ? NULL : wipe_malloc(n * size);

	return p ? memset(p, 0, n * size) : NULL;
}

void *wipe_realloc(void *p, size_t size)
{
	void *q = wipe_malloc(size);
	size_t had;

	if (!p || !q)
		return q;
	had = block_of(p)->size;
	memcpy(q, p, had < size ? had : size);
	wipe_free(p);
	return q;
}

char *wipe_strdup(const char *text)
{
	size_t n = strlen(text) + 1;
	char *p = wipe_malloc(n);

	return p ? memcpy(p, text, n) : NULL;
}

void wipe_free(void *p)
{
	if (!p)
		return;
	explicit_bzero(p, block_of(p)->size);
	free(block_of(p));
}
