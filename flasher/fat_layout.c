/* SPDX-License-Identifier: ISC */
/* Geometry, and one run of clusters after the other. */
#include "flasher/fat_layout.h"

#include <inttypes.h>

#include "flasher/fat_dir.h"

enum { FAT16_MIN = 4085, FAT16_MAX = 65524, FAT32_MIN = 65525 }; /* clusters, which alone tell one FAT from another */
#define MIB_SECTORS UINT64_C(2048)

/* Sectors a cluster by the volume's size: Microsoft's tables. For FAT32 4 KiB up to 8 GiB, which cards and kernels like best. */
static uint32_t cluster_sectors(unsigned bits, uint64_t sectors)
{
	static const struct {
		uint64_t mib;
		uint32_t sectors;
	} fat32[] = {{260, 1}, {8192, 8}, {16384, 16}, {32768, 32}},
	  fat16[] = {{16, 2}, {128, 4}, {256, 8}, {512, 16}, {1024, 32}};

	for (size_t i = 0; bits == 32 && i < sizeof fat32 / sizeof *fat32; i++)
		if (sectors <= fat32[i].mib * MIB_SECTORS)
			return fat32[i].sectors;
	for (size_t i = 0; bits == 16 && i < sizeof fat16 / sizeof *fat16; i++)
		if (sectors <= fat16[i].mib * MIB_SECTORS)
			return fat16[i].sectors;
	return 64;
}

static uint32_t div_up(uint64_t a, uint64_t b)
{
	return (uint32_t)((a + b - 1) / b);
}

static int geometry(struct fat_geometry *g, unsigned bits, uint32_t start, uint64_t size, uint32_t root_entries, struct err *e)
{
	uint64_t sectors = size / FAT_SECTOR, fixed;
	uint32_t entry = bits / 8, odd;

	if (sectors > UINT32_MAX) /* the MBR's field; just under 2 TiB */
		sectors = UINT32_MAX;
	if (sectors < start + 4 * MIB_SECTORS)
		return err_set(e, VERDICT_USAGE, "a card of %" PRIu64 " bytes is too small", size);
	*g = (struct fat_geometry){.bits = bits, .start = start, .total = (uint32_t)(sectors - start), .root_entries = root_entries};
	g->cluster_sectors = cluster_sectors(bits, g->total);
	/* For as many clusters as there were without the FATs: a few sectors too many, and never one too few. */
	g->fat_sectors = div_up(((uint64_t)g->total / g->cluster_sectors + 2) * entry, FAT_SECTOR);
	fixed = (uint64_t)g->start + FAT_RESERVED_MIN + 2 * (uint64_t)g->fat_sectors + root_entries * 32 / FAT_SECTOR;
	odd = (uint32_t)(fixed % FAT_ALIGN);
	g->reserved = FAT_RESERVED_MIN + (odd ? FAT_ALIGN - odd : 0);
	g->data = (uint32_t)(fixed - g->start) + g->reserved - FAT_RESERVED_MIN;
	g->clusters = (g->total - g->data) / g->cluster_sectors;
	if (bits == 32 && g->clusters < FAT32_MIN)
		return err_set(e, VERDICT_USAGE, "a card of %" PRIu64 " bytes is too small for FAT32", size);
	if (bits == 16 && (g->clusters < FAT16_MIN || g->clusters > FAT16_MAX))
		return err_set(e, g->clusters < FAT16_MIN ? VERDICT_USAGE : VERDICT_TOO_LARGE,
			       "a card of %" PRIu64 " bytes is too %s for FAT16", size, g->clusters < FAT16_MIN ? "small" : "large");
	return 0;
}

/* Gives NODE the next clusters; BYTES may be more than the volume has, which is found out at the end. */
static void place(struct fat_node *node, uint64_t bytes, uint64_t *next, const struct fat_geometry *g)
{
	node->clusters = div_up(bytes, (uint64_t)g->cluster_sectors * FAT_SECTOR);
	node->first = node->clusters ? (uint32_t)*next : 0;
	*next += node->clusters;
}

static uint64_t place_all(struct fat_tree *t, const struct fat_geometry *g)
{
	uint32_t boot = 1;
	uint64_t next = 2;

	if (g->bits == 32)
		place(&t->nodes[0], t->nodes[0].size, &next, g);
	while (boot < t->n && t->nodes[boot].dir)
		boot++;
	if (boot < t->n)
		place(&t->nodes[boot], t->nodes[boot].size, &next, g);
	for (uint32_t i = 1; i < t->n; i++)
		if (t->nodes[i].dir)
			place(&t->nodes[i], t->nodes[i].size, &next, g);
	for (uint32_t i = boot + 1; i < t->n; i++)
		if (!t->nodes[i].dir)
			place(&t->nodes[i], t->nodes[i].size, &next, g);
	return next - 2;
}

int fat_layout(struct fat_geometry *g, struct fat_tree *tree, unsigned bits, uint32_t start, uint64_t size, struct err *e)
{
	uint32_t entries = 0;
	uint64_t used;

	if (bits == 16) {
		entries = div_up(tree->nodes[0].size / FAT_DIR_ENTRY, 16) * 16;
		entries = entries < FAT16_ROOT_ENTRIES ? FAT16_ROOT_ENTRIES : entries;
		if (entries > UINT16_MAX)
			return err_set(e, VERDICT_TOO_LARGE, "a FAT16 root directory holds no %" PRIu32 " entries", entries);
	}
	if (geometry(g, bits, start, size, entries, e))
		return -1;
	used = place_all(tree, g);
	if (used > g->clusters)
		return err_set(e, VERDICT_TOO_LARGE, "%" PRIu64 " MiB do not fit on a card of %" PRIu64 " MiB",
			       used * g->cluster_sectors / MIB_SECTORS, size >> 20);
	g->used = (uint32_t)used;
	return 0;
}

uint64_t fat_cluster_at(const struct fat_geometry *g, uint32_t cluster)
{
	return ((uint64_t)g->start + g->data + (uint64_t)(cluster - 2) * g->cluster_sectors) * FAT_SECTOR;
}

uint64_t fat_used_end(const struct fat_geometry *g)
{
	return fat_cluster_at(g, g->used + 2);
}
