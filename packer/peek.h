/* SPDX-License-Identifier: ISC */
/* The texts at the front of a bundle, taken out without believing them: for `inspect', which says so, and for those who exchange
 * signatures, who change nothing else. */
#ifndef PACKER_PEEK_H
#define PACKER_PEEK_H

#include <stdint.h>

#include "core/source.h"

struct peek {
	char *manifest, *signatures; /* SIGNATURES NULL: the bundle is unsigned */
	size_t manifest_len, signatures_len;
	uint64_t signatures_at;      /* bytes from the start to where member manifest.minisig is, or should be */
	uint64_t rest_at;            /* to the member behind it */
};

/* Reads up to the signatures, within the limits of FORMAT section 1. Returns 0, or -1: not-a-bundle, malformed-header, too-large,
 * truncated. peek_clear is due in either case. */
MUST_CHECK int peek_read(struct peek *out, struct source *src, struct err *e);
void peek_clear(struct peek *p);

#endif
