/* SPDX-License-Identifier: ISC */
/* A source that keeps what is read from it: the bundle goes on the card byte by byte as it is being verified. */
#ifndef FLASHER_TEE_H
#define FLASHER_TEE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/crypto.h"
#include "core/source.h"
#include "flasher/medium.h"

struct tee {
	struct source base;
	struct source *from;
	unsigned char *kept;     /* what was read before there was a place for it */
	size_t room;
	uint64_t count;          /* bytes read so far */
	struct medium *medium;   /* NULL: only counted, and hashed */
	uint64_t at;             /* where on it the first byte belongs */
	bool placed;
	bool hashing;
	struct hash hash;        /* of all that was read */
};

/* FROM stays the caller's. HASHING: tee_hash is wanted, which costs time. */
void tee_init(struct tee *t, struct source *from, bool hashing);
void tee_free(struct tee *t);

/* From now on, and for what has been read already: everything goes to MEDIUM at AT; nowhere when MEDIUM is NULL. Returns 0 or -1. */
MUST_CHECK int tee_place(struct tee *t, struct medium *medium, uint64_t at, struct err *e);

/* BLAKE2b-256 of all that was read. */
void tee_hash(const struct tee *t, unsigned char out[static HASH_SIZE]);

#endif
