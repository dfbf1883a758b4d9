/* SPDX-License-Identifier: ISC */
/* The bundle to be sent: a private copy that was verified, and that nobody can change any more, not even this program.
 */
#ifndef FLASHER_IMAGE_H
#define FLASHER_IMAGE_H

#include <stdint.h>
#include <sys/types.h>

#include "boards/board.h"
#include "core/crypto.h"
#include "core/manifest.h"
#include "core/policy.h"
#include "core/trust.h"

#define IMAGE_MAX ((uint64_t)2 << 30) /* bytes; the copy lives in memory, once for all devices */

enum { IMAGE_NAME_MAX = 2 * TEXT_NAME_MAX + 16 }; /* holds a file name out of a payload, cut, as well */

struct image {
	int fd;                        /* sealed; shared by all readers, so pread only */
	unsigned char *map;            /* all of it, to be read, once for all devices; NULL: it is read from FD */
	uint64_t size;
	unsigned char hash[HASH_SIZE]; /* BLAKE2b-256 of all of it */
	struct manifest_head head;
	struct manifest_board boards[MANIFEST_BOARDS_MAX]; /* head.nboards of them: whom the bundle is for */
	char name[IMAGE_NAME_MAX];     /* "PRODUCT-VERSION.firm.tar": the name given to the device */
};

/* Copies FILE ("-": standard input) to a sealed file without a name, then verifies that copy whole: signatures by
 * TRUST, every chunk and attachment, and that POLICY allows it. So what is verified is what will be sent, whatever
 * becomes of FILE meanwhile. Returns 0, or -1 with E set; then nothing is left behind. */
MUST_CHECK int image_open(struct image *image, const char *file, const struct trust *trust, const struct policy *policy,
	       struct err *e);

/* Makes IMAGE what BOARD is sent: the bundle as it is; or its payload.tar.gz, or one file of the payload, copied out of the very bytes
 * that were verified, to a sealed copy that takes their place. Size, hash and name are then those of what is sent; the head
 * stays the bundle's. Returns 0, or -1: usage when the payload has no such file, too-large, system. */
MUST_CHECK int image_select(struct image *image, const struct board *board, const struct trust *trust, struct err *e);

/* Reads up to LEN bytes at OFFSET. Returns their number, or -1 with errno set. */
ssize_t image_read(const struct image *image, void *buf, size_t len, uint64_t offset);

/* Safe on a zeroed record with FD -1. */
void image_close(struct image *image);

#endif
