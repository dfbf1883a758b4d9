/* SPDX-License-Identifier: ISC */
/* Who wants to know how far a long job is: a progress line, or a test that changes things meanwhile. */
#ifndef PACKER_WATCH_H
#define PACKER_WATCH_H

#include <stdint.h>

/* The seam. An implementation embeds this as its first member. */
struct watch {
	void (*begin)(struct watch *w, const char *what, uint64_t total); /* bytes */
	void (*update)(struct watch *w, uint64_t done);                   /* bytes so far; called about once a chunk */
	void (*end)(struct watch *w);
};

#endif
