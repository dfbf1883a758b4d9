/* SPDX-License-Identifier: ISC */
/* A UBI volume, as the kernel shows it. The seam between what is done with it (raw_ubi.c) and the kernel (ubi_kernel.c). */
#ifndef VERIFIER_UBI_H
#define VERIFIER_UBI_H

#include "verifier/raw.h"

struct ubi {
	uint64_t capacity;     /* bytes */
	size_t leb;            /* bytes of a logical block */
	/* All of them return 0, or -1 with errno set. */
	int (*update)(struct ubi *u, uint64_t size);  /* SIZE bytes will be written; from now on the old content is gone */
	int (*write)(struct ubi *u, const unsigned char *data, size_t len);
	int (*finish)(struct ubi *u);                 /* the last byte was written: the volume is whole again */
	int (*read)(struct ubi *u, uint64_t at, unsigned char *buf, size_t len);
	void (*close)(struct ubi *u);
};

/* Opens /dev/ubiX_Y. Returns 0, or -1: system; wrong-board (no UBI volume). */
MUST_CHECK int ubi_open(struct ubi **out, const char *path, bool writing, struct err *e);

/* A raw copy on U, which it takes over, also when it fails. For raw_ubi_open, and for tests. Returns 0 or -1. */
MUST_CHECK int raw_ubi_on(struct raw **out, struct ubi *u, struct err *e);

#endif
