/* SPDX-License-Identifier: ISC */
/* The seam where a card's bytes go: an image that is being made, or a card that is compared with what it should be. Each run of
 * bytes is given once, in no promised order. */
#ifndef FLASHER_MEDIUM_H
#define FLASHER_MEDIUM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* An implementation embeds this as its first member. AT is in bytes from the card's first sector. Calls may come from two threads
 * at once, never for the same place. */
struct medium {
	/* Returns 0, or -1 with E set. */
	int (*write)(struct medium *m, uint64_t at, const void *bytes, size_t len, struct err *e);
	int (*zero)(struct medium *m, uint64_t at, uint64_t len, struct err *e);
};

/* A new file, which is all zero, and sparse: zeros need no writing. */
struct medium_file {
	struct medium base;
	int fd;             /* stays the caller's */
	_Atomic uint64_t held; /* bytes written that the system was not yet told to put on the disk */
};
void medium_file_init(struct medium_file *m, int fd);

/* Neighbouring pieces as one write: small files lie side by side, and a call for each of them costs more than a copy. One thread's. */
struct medium_gather {
	struct medium base;
	struct medium *to;  /* stays the caller's */
	unsigned char *buf;
	uint64_t at;        /* where BUF's first byte goes */
	size_t n;           /* bytes in BUF */
};
/* Returns 0 or -1 (memory); medium_gather_free is due in either case. */
MUST_CHECK int medium_gather_init(struct medium_gather *g, struct medium *to, struct err *e);
/* Passes on what is still held back; without it that is lost. Returns 0 or -1. */
MUST_CHECK int medium_gather_flush(struct medium_gather *g, struct err *e);
void medium_gather_free(struct medium_gather *g);

/* What is on a card against what should be. A difference is no failure: it is told to DIFFERS. */
struct medium_compare {
	struct medium base;
	int fd;             /* stays the caller's */
	void (*differs)(void *owner, uint64_t at, uint64_t len); /* runs of different bytes, rounded to sectors */
	void *owner;
	unsigned char *buf;
	uint64_t compared;  /* bytes */
};
/* Returns 0 or -1 (memory); medium_compare_free is due in either case. */
MUST_CHECK int medium_compare_init(struct medium_compare *m, int fd, void (*differs)(void *owner, uint64_t at, uint64_t len), void *owner,
			struct err *e);
void medium_compare_free(struct medium_compare *m);

/* Reads LEN bytes at AT: 0, or -1 with E set, `truncated' when the card is smaller. */
MUST_CHECK int medium_read(int fd, uint64_t at, void *buf, size_t len, struct err *e);

#endif
