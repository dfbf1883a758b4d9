/* SPDX-License-Identifier: ISC */
/* An image onto cards: the used part only, several cards at a time, each at its own pace; read back and compared; and what starts a board
 * last, so that a card whose writing was interrupted starts none. */
#ifndef FLASHER_BURN_H
#define FLASHER_BURN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum {
	BURN_BLOCK = 4 << 20,  /* bytes of a write: an erase block of most cards, or a few */
	BURN_ALIGN = 4096,     /* of places, lengths and memory: what O_DIRECT may ask for */
};

/* The seam: a disk, or a test's idea of one. An implementation embeds this as its first member. AT and LEN are multiples of
 * BURN_ALIGN, as is the buffer's address. Calls return 0, or -1 with E set. */
struct burn_device {
	uint64_t size;         /* bytes */
	int (*begin)(struct burn_device *d, struct err *e);  /* asked right before the first write: is it still the same? May be NULL */
	int (*write)(struct burn_device *d, uint64_t at, const void *bytes, size_t len, struct err *e);
	int (*read)(struct burn_device *d, uint64_t at, void *buf, size_t len, struct err *e); /* from the medium, not from a cache */
	int (*flush)(struct burn_device *d, struct err *e);  /* to the medium */
};

/* What is written: the file IMAGE, which nobody changes any more. */
struct burn_image {
	int fd;                /* stays the caller's; read by all threads */
	uint64_t used;         /* bytes from its start; what lies behind is not written */
	uint64_t boot;         /* byte of the volume's boot sector */
};

/* One card. */
struct burn {
	struct burn_device *device; /* set by the caller */
	_Atomic uint64_t done;      /* bytes written and read back so far, of burn_work() */
	atomic_bool stop;           /* set by any thread: it ends at its next block */
	int rc;
	struct err e;               /* why RC is -1 */
};

/* Bytes to be written and read, of one card. */
uint64_t burn_work(const struct burn_image *image);

/* One card, in this thread. Returns 0; or -1: unsafe-target (it is smaller than it says, or was changed), system (it failed, reads
 * back otherwise, or was stopped). Up to the last step a failed card has no MBR. */
MUST_CHECK int burn_one(struct burn *b, const struct burn_image *image, struct err *e);

/* N cards, a thread each. TELL (may be NULL) is called now and then with the bytes of the slowest, and returns whether to go on: if not,
 * all are stopped. Returns the number that failed; each one's RC and E tell. */
size_t burn_all(struct burn *burns, size_t n, const struct burn_image *image, bool (*tell)(void *owner, uint64_t done), void *owner);

#endif
