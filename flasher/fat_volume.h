/* SPDX-License-Identifier: ISC */
/* What a FAT volume is made of besides its files' bytes: boot sector and its backup, FSInfo, both FATs, directories. All of it is a
 * function of this record: the same record, the same bytes. */
#ifndef FLASHER_FAT_VOLUME_H
#define FLASHER_FAT_VOLUME_H

#include <stdint.h>

#include "core/err.h"
#include "flasher/fat_layout.h"
#include "flasher/medium.h"

enum {
	FAT_NOTE = 16,         /* the reserved sector that is the caller's */
	FAT_LABEL_SIZE = 11,
};

struct fat_volume {
	struct fat_geometry geometry;
	struct fat_tree tree;
	char label[FAT_LABEL_SIZE + 1]; /* with blanks behind it */
	uint32_t id;           /* serial number */
	uint64_t created;      /* Unix seconds; the time of every entry */
	unsigned char note[FAT_SECTOR];
};

/* Writes everything up to the last directory but the boot sector, and zeros wherever there is nothing in between, from the card's
 * second sector on: what an old content left there must not start a board. Not the slack behind files. */
MUST_CHECK int fat_volume_write(const struct fat_volume *v, struct medium *m, struct err *e);

/* The boot sector, which is due last, at sector START. */
void fat_volume_boot(unsigned char out[static FAT_SECTOR], const struct fat_volume *v);

/* Zeros from the end of file NODE to the end of its last cluster. */
MUST_CHECK int fat_volume_slack(const struct fat_volume *v, uint32_t node, struct medium *m, struct err *e);

#endif
