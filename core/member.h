/* SPDX-License-Identifier: ISC */
/* The members of the outer tar: headers that are compared, never parsed (FORMAT section 1). */
#ifndef CORE_MEMBER_H
#define CORE_MEMBER_H

#include "core/source.h"
#include "core/ustar.h"

/* Reads the zeros behind SIZE bytes of MEMBER. Returns 0 or -1: malformed-header, truncated. */
MUST_CHECK int member_padding(struct source *src, uint64_t size, const char *member, struct err *e);

/* Compares HEADER with the one that member NAME of SIZE bytes must have. Returns 0 or -1: malformed-header. */
MUST_CHECK int member_expect(const unsigned char header[static USTAR_BLOCK], const char *name, uint64_t size, struct err *e);

/* Reads member NAME, of at most MAX bytes, whose HEADER has been read already; NUL-terminated. The caller frees *OUT. Returns 0 or
 * -1: malformed-header, too-large, truncated. */
MUST_CHECK int member_take(struct source *src, const unsigned char header[static USTAR_BLOCK], const char *name, size_t max, char **out,
		size_t *len, struct err *e);

#endif
