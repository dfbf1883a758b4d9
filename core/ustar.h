/* SPDX-License-Identifier: ISC */
/* Canonical ustar headers: built, never parsed (FORMAT sections 1 and 5; POSIX.1-2017 pax, "ustar Interchange Format"). */
#ifndef CORE_USTAR_H
#define CORE_USTAR_H

#include <stdint.h>

#include "core/err.h"

enum {
	USTAR_BLOCK = 512,
	USTAR_END = 1024,              /* two zero blocks */
	USTAR_ID_MAX = 07777777,       /* uid, gid: seven octal digits */
};
#define USTAR_SIZE_MAX UINT64_C(077777777777) /* size, mtime: eleven octal digits (8 GiB - 1) */
#define USTAR_MEMBER_MTIME UINT64_C(315532800) /* outer members: 1980-01-01 */

enum ustar_type { USTAR_FILE = '0', USTAR_LINK = '2', USTAR_DIR = '5' };

struct ustar_entry {
	enum ustar_type type;
	const char *path;              /* without the trailing slash of a directory */
	const char *target;            /* of a link, else "" */
	uint32_t mode, uid, gid;
	uint64_t size, mtime;
};

/* Bytes of zero padding behind SIZE bytes of content. */
static inline uint64_t ustar_padding(uint64_t size)
{
	return (USTAR_BLOCK - size % USTAR_BLOCK) % USTAR_BLOCK;
}

/* Builds the one header that stands for ENTRY. Every value must be within its field's limit (the manifest's parser sees to it). */
void ustar_header(unsigned char out[static USTAR_BLOCK], const struct ustar_entry *entry);

/* Builds the header of an outer member (FORMAT section 1). */
void ustar_member(unsigned char out[static USTAR_BLOCK], const char *name, uint64_t size);

/* Takes the size from a header that is about to be compared whole: eleven octal digits and NUL. Returns 0 or -1. */
int ustar_take_size(uint64_t *size, const unsigned char header[static USTAR_BLOCK]);

#endif
