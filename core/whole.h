/* SPDX-License-Identifier: ISC */
/* Files that lie whole inside one chunk of the payload: the thread that inflated the chunk hashes them from that same buffer, side by
 * side with the others. What crosses chunks is left to the reader, who sees the chunks in order. */
#ifndef CORE_WHOLE_H
#define CORE_WHOLE_H

#include <stdbool.h>

#include "core/manifest.h"
#include "core/ustar.h"

#define WHOLE_FINE UINT32_MAX

/* A place in the payload stream: the entry whose header is the first to begin at or behind some point. */
struct whole_place {
	uint32_t entry;   /* index; the number of entries behind the last */
	uint64_t at;      /* bytes from the stream's start to its header */
};

/* Moves P (zeros at first) forward to the first entry that begins at or behind END. */
void whole_advance(struct whole_place *p, const struct manifest *m, uint64_t end);

/* Hashes every file that lies whole in a chunk: DATA, LEN bytes that begin START bytes into the stream. P is at START.
 * Returns the index of the first file that is not what the manifest says, or WHOLE_FINE. */
uint32_t whole_check(const struct manifest *m, struct whole_place p, const unsigned char *data, uint64_t start, size_t len);

/* The one rule, for the threads and the reader: does a file of SIZE bytes, its header included, fit into ROOM bytes? */
static inline bool whole_fits(uint64_t size, uint64_t room)
{
	return room >= USTAR_BLOCK && size <= room - USTAR_BLOCK;
}

#endif
