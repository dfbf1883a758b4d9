/* SPDX-License-Identifier: ISC */
/* A raw copy: a region of a medium that is written in place. One struct of functions for each kind of medium, one file each.
 * Writing it destroys what it held; so whoever writes sees to it that another good copy stands. */
#ifndef VERIFIER_RAW_H
#define VERIFIER_RAW_H

#include "core/crypto.h"
#include "verifier/copy.h"

/* The seam. An implementation embeds this as its first member, and fills what stands before `written'. */
struct raw {
	uint64_t capacity;     /* bytes of an image that it can take; bad blocks do not count */
	size_t unit;           /* bytes; data comes in whole units, the last piece aside */
	/* Before the first write of an image of SIZE bytes, which fit. May be NULL. */
	int (*begin)(struct raw *r, uint64_t size, struct err *e);
	/* Writes LEN bytes of the image at its byte AT. In order; LEN is the unit but for the last piece. */
	int (*write)(struct raw *r, uint64_t at, const unsigned char *data, size_t len, struct err *e);
	/* All has been written: flushes, and forgets what caches hold of it. */
	int (*end)(struct raw *r, struct err *e);
	/* Reads LEN bytes of the image at its byte AT, from the medium. */
	int (*read)(struct raw *r, uint64_t at, unsigned char *buf, size_t len, struct err *e);
	void (*close)(struct raw *r);
	/* raw.c's own. */
	uint64_t size, written;
	unsigned char *buf;    /* a unit */
	size_t used;
	char what[COPY_TEXT_MAX]; /* for messages */
};

/* Opens a copy of a raw kind. WRITING: to write it; nothing is changed yet. Returns 0, or -1: system; wrong-board (there is no such
 * region on this medium); usage (the region does not fit its blocks). */
MUST_CHECK int raw_open(struct raw **out, const struct copy *c, bool writing, struct err *e);

/* The image that comes now has SIZE bytes. Returns 0, or -1: too-large (nothing has been changed), system. */
MUST_CHECK int raw_begin(struct raw *r, uint64_t size, struct err *e);
/* Returns 0, or -1: too-large (nothing has been changed). */
MUST_CHECK int raw_fits(const struct raw *r, uint64_t size, struct err *e);
/* The next bytes. Returns 0 or -1. */
MUST_CHECK int raw_put(struct raw *r, const void *data, size_t len, struct err *e);
/* All SIZE bytes have been put. Returns 0 or -1. */
MUST_CHECK int raw_end(struct raw *r, struct err *e);

/* Hashes the first SIZE bytes of what the medium holds. Returns 0, or -1: system, too-large. */
MUST_CHECK int raw_hash(struct raw *r, uint64_t size, unsigned char hash[static HASH_SIZE], struct err *e);
/* Reads back: do the first SIZE bytes have that hash? Returns 0, or -1: system (no: the medium is failing; or it cannot be read). */
MUST_CHECK int raw_check(struct raw *r, uint64_t size, const unsigned char hash[static HASH_SIZE], struct err *e);

/* Frees *R and sets it to NULL. Not a step that could fail: raw_end is. */
void raw_close(struct raw **r);

/* For raw_open alone. */
MUST_CHECK int raw_block_open(struct raw **out, const struct copy *c, bool writing, struct err *e);
MUST_CHECK int raw_mtd_open(struct raw **out, const struct copy *c, bool writing, struct err *e);
MUST_CHECK int raw_ubi_open(struct raw **out, const struct copy *c, bool writing, struct err *e);

#endif
