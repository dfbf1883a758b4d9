/* SPDX-License-Identifier: ISC */
/* Where everything lies on a FAT volume: sectors and clusters, as a function of the tree and the volume's size. Each file and each
 * directory is one run of clusters: the root's first, then the first file that was added, the directories, the other files. */
#ifndef FLASHER_FAT_LAYOUT_H
#define FLASHER_FAT_LAYOUT_H

#include <stdint.h>

#include "core/err.h"
#include "flasher/fat_tree.h"

enum {
	FAT_SECTOR = 512,
	FAT_RESERVED_MIN = 32,    /* sectors before the first FAT */
	FAT_BACKUP = 6,           /* the second boot sector's; FAT32 only */
	FAT_ALIGN = 128,          /* sectors: the data begins at a multiple, seen from the card's start */
	FAT16_ROOT_ENTRIES = 512, /* at least */
};

#define FAT16_BYTES_MAX (UINT64_C(1) << 31) /* of a card: clusters of 32 KiB, which every reader knows */
#define FAT32_BYTES_MAX (UINT64_C(1) << 41) /* all that an MBR can address */

/* Sectors are counted from the volume's first, unless said otherwise. */
struct fat_geometry {
	unsigned bits;            /* 16 or 32 */
	uint32_t start;           /* LBA of the volume on the card */
	uint32_t total;           /* sectors of the volume, and of its partition */
	uint32_t cluster_sectors;
	uint32_t reserved;
	uint32_t fat_sectors;     /* of one of the two */
	uint32_t root_entries;    /* FAT16: of the root's own area; else 0 */
	uint32_t data;            /* the sector of cluster 2 */
	uint32_t clusters;        /* that the volume has */
	uint32_t used;            /* clusters that hold something: 2 to USED + 1 */
};

/* Lays TREE, which fat_dir_measure has seen, out on a card of SIZE bytes whose volume starts at sector START. Sets the nodes'
 * clusters. Returns 0, or -1: too-large (it does not fit, or FAT16 is too small for such a card), or usage (the card is too small). */
MUST_CHECK int fat_layout(struct fat_geometry *g, struct fat_tree *tree, unsigned bits, uint32_t start, uint64_t size, struct err *e);

/* The byte on the card where cluster CLUSTER begins. */
uint64_t fat_cluster_at(const struct fat_geometry *g, uint32_t cluster);

/* Bytes of the card from its first sector to the end of the last cluster used. Nothing behind it is written. */
uint64_t fat_used_end(const struct fat_geometry *g);

#endif
