/* SPDX-License-Identifier: ISC */
/* The whole way from a tree or an archive to a signed bundle. */
#ifndef PACKER_BUILD_H
#define PACKER_BUILD_H

#include "packer/options.h"
#include "packer/watch.h"

struct build_result {
	struct tree *tree;         /* also after a failure: its notes say what was refused; the caller frees it */
	uint64_t created;
	uint64_t payload_bytes, packed_bytes, bundle_bytes;
	uint32_t nchunks;
	size_t nentries;
	unsigned char signers[MINISIG_BLOCKS_MAX][KEYID_SIZE];
	size_t nsigners;
};

/* Builds, checks, signs and writes. RESULT is zero-initialised by the caller; WATCH may be NULL. Returns 0, or -1:
 * unsafe-path when entries were refused and O does not drop them. */
MUST_CHECK int build_run(struct build_result *result, const struct build_options *o, struct watch *watch, struct err *e);

#endif
