/* SPDX-License-Identifier: ISC */
/* A finished bundle that gets further signatures: its first members, and itself again with other blocks among them. */
#ifndef PACKER_FRONT_H
#define PACKER_FRONT_H

#include <stdbool.h>

#include "keys/blocks.h"
#include "packer/peek.h"

struct front {
	int fd;
	struct peek peek;
	struct blocks blocks;  /* those that it has, and those that were added */
};

/* Opens BUNDLE, reads up to its signatures and takes those over; what is signed must be a manifest. Returns 0, or -1 as peek_read,
 * manifest_parse, blocks_take. front_close is due in either case. */
MUST_CHECK int front_open(struct front *f, const char *bundle, struct err *e);
/* BLAKE2b-512 of the manifest. */
void front_prehash(const struct front *f, unsigned char prehash[static PREHASH_SIZE]);
/* Writes the bundle to NAME, which may be the one that was opened, with the blocks that F has now. Returns 0 or -1. */
MUST_CHECK int front_write(const struct front *f, const char *name, struct err *e);
void front_close(struct front *f);

/* Says whose signatures NAME has now, as text or as JSON. */
void front_say(const struct front *f, const char *name, bool json);

#endif
