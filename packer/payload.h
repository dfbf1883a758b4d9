/* SPDX-License-Identifier: ISC */
/* The payload: a tree's tar stream, cut in chunks, deflated, in a spool (FORMAT section 5). */
#ifndef PACKER_PAYLOAD_H
#define PACKER_PAYLOAD_H

#include "packer/tree.h"
#include "packer/watch.h"

struct payload_options {
	uint64_t created;      /* mtime of every entry */
	uint32_t chunk_size;
	int level;             /* 1 to 9 */
	bool allow_secrets;    /* else a file that is a secret key fails it (unsafe-path) */
	unsigned threads;      /* 1 to POOL_THREADS_MAX */
};

/* Plain record; payload_clear frees what it holds. */
struct payload {
	uint64_t bytes;        /* of the tar stream */
	uint64_t packed;       /* bytes in the spool */
	uint32_t nchunks;
	struct manifest_chunk *chunks;
};

/* Packs T into the descriptor SPOOL and fills in the entries' hashes. WATCH may be NULL. Returns 0 or -1. */
MUST_CHECK int payload_pack(struct payload *out, struct tree *t, int spool, const struct payload_options *options,
		 struct watch *watch, struct err *e);
void payload_clear(struct payload *p);

#endif
