/* SPDX-License-Identifier: ISC */
/* A source that shows what passes through it to somebody else: the reader checks the same bytes that are looked at. */
#ifndef PACKER_TAP_H
#define PACKER_TAP_H

#include <stdint.h>

#include "core/source.h"

struct tap {
	struct source base;
	struct source *src;        /* where the bytes come from; stays the caller's */
	uint64_t at;               /* bytes that have passed */
	/* Called with each run of bytes, AT bytes from the start; never two calls at once. NULL: nobody looks yet. */
	void (*see)(void *owner, uint64_t at, const unsigned char *bytes, size_t len);
	void *owner;
};

void tap_init(struct tap *t, struct source *src);

#endif
