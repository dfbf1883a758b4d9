/* SPDX-License-Identifier: ISC */
/* An allocator that wipes what is given back: for libcurl, which copies the password and the digests made from it. */
#ifndef FLASHER_WIPE_H
#define FLASHER_WIPE_H

#include <stddef.h>

/* As their namesakes in the C library; memory of one of them must not be given to the other. */
void *wipe_malloc(size_t size);
void *wipe_calloc(size_t n, size_t size);
void *wipe_realloc(void *p, size_t size);
char *wipe_strdup(const char *text);
void wipe_free(void *p);

#endif
