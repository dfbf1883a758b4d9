/* SPDX-License-Identifier: ISC */
/* The outer members of a bundle, into a file that appears whole or not at all (FORMAT section 1). */
#ifndef PACKER_BUNDLE_WRITE_H
#define PACKER_BUNDLE_WRITE_H

#include "core/text.h"
#include "packer/attach.h"

struct bundle_parts {
	struct span keyrings;  /* whole members, or empty */
	struct span manifest;
	struct span signatures; /* empty: the bundle stays unsigned, and is refused everywhere until some are attached */
	int payload;           /* descriptor; PACKED bytes from its start */
	uint64_t packed;
	const struct attachments *attachments;
};

/* Writes the bundle NAME; *SIZE is its length. Returns 0, or -1 and NAME is what it was before. */
MUST_CHECK int bundle_write(const char *name, const struct bundle_parts *parts, uint64_t *size, struct err *e);

/* Writes NAME: what is in the file BUNDLE, but with SIGNATURES (blocks) as its member manifest.minisig, which stands or should
 * stand at SIGNATURES_AT; what follows it begins at REST_AT. NAME may be BUNDLE's own. Returns 0, or -1 and NAME is what it was. */
MUST_CHECK int bundle_resign(const char *name, int bundle, uint64_t signatures_at, uint64_t rest_at, struct span signatures, struct err *e);

#endif
