/* SPDX-License-Identifier: ISC */
/* Keeps each block's size before it, so that all of it can be wiped. Large blocks are given back to the kernel, which wipes them, too, and of
 * which nothing is resident that was not written to. */
#define _GNU_SOURCE /* explicit_bzero, MAP_ANONYMOUS */
#include "flasher/wipe.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LARGE = 128 << 10 };

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
	if (size >= LARGE) {
		b = mmap(NULL, sizeof *b + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (b == MAP_FAILED)
			return NULL;
	} else {
		b = malloc(sizeof *b + size);
		if (!b)
			return NULL;
	}
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
	if (block_of(p)->size >= LARGE) {
		munmap(block_of(p), sizeof(struct block) + block_of(p)->size);
		return;
	}
	explicit_bzero(p, block_of(p)->size);
	free(block_of(p));
}
