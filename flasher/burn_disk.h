/* SPDX-License-Identifier: ISC */
/* A disk to burn on: O_DIRECT where it can be had, so that what is read back comes from the card. */
#ifndef FLASHER_BURN_DISK_H
#define FLASHER_BURN_DISK_H

#include "flasher/burn.h"
#include "flasher/disk.h"

struct burn_disk {
	struct burn_device base;
	const struct disk *disk; /* open; stays the caller's */
	bool direct;
};

void burn_disk_init(struct burn_disk *b, const struct disk *disk);

#endif
