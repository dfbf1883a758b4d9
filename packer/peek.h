/* SPDX-License-Identifier: ISC */
/* The texts at the front of a bundle, taken out without believing them: for `inspect' alone, which says so. */
#ifndef PACKER_PEEK_H
#define PACKER_PEEK_H

#include "core/source.h"

struct peek {
	char *manifest, *signatures;
	size_t manifest_len, signatures_len;
};

/* Reads up to the signatures, within the limits of FORMAT section 1. Returns 0, or -1: not-a-bundle, malformed-header, too-large,
 * truncated. peek_clear is due in either case. */
int peek_read(struct peek *out, struct source *src, struct err *e);
void peek_clear(struct peek *p);

#endif
