/* SPDX-License-Identifier: ISC */
/* A flash partition, as the kernel's MTD layer shows it. The seam between what is done with flash (raw_mtd.c) and the kernel
 * (mtd_kernel.c): tests put a flash with bad and worn blocks in its place. */
#ifndef VERIFIER_MTD_H
#define VERIFIER_MTD_H

#include "verifier/raw.h"

struct mtd {
	uint64_t size;         /* bytes */
	uint32_t erase;        /* bytes of an erase block */
	uint32_t page;         /* bytes that are written at once */
	bool nand;             /* may have bad blocks */
	/* All of them return 0, or -1 with errno set; AT is a byte of the partition. */
	int (*is_bad)(struct mtd *m, uint64_t at, bool *bad);
	int (*mark_bad)(struct mtd *m, uint64_t at);
	/* EIO: the block is worn. */
	int (*erase_block)(struct mtd *m, uint64_t at);
	/* Whole pages, inside one erased block. EIO: the block is worn. */
	int (*write)(struct mtd *m, uint64_t at, const unsigned char *data, size_t len);
	/* Bits that the error correction could repair are no error; those that it could not are EIO or wrong bytes. */
	int (*read)(struct mtd *m, uint64_t at, unsigned char *buf, size_t len);
	void (*close)(struct mtd *m);
};

/* Opens /dev/mtdN. Returns 0, or -1: system; wrong-board (not flash). */
MUST_CHECK int mtd_open(struct mtd **out, const char *path, bool writing, struct err *e);

/* A raw copy on M, which it takes over, also when it fails. For raw_mtd_open, and for tests. Returns 0, or -1: wrong-board (the region
 * lies beyond the end), usage (not in whole erase blocks), system. */
MUST_CHECK int raw_mtd_on(struct raw **out, struct mtd *m, const struct copy *c, struct err *e);

#endif
