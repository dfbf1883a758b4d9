/* SPDX-License-Identifier: ISC */
/* Names for places. */
#include "flasher/card_place.h"

#include <stdio.h>
#include <string.h>

/* The path of NODE, from its last component to its first. */
static void path_of(char *out, size_t size, const struct fat_tree *t, uint32_t node)
{
	size_t at = size - 1;

	out[at] = '\0';
	for (; node != 0; node = t->nodes[node].parent) {
		size_t n = strlen(t->nodes[node].name);

		if (n + 1 > at)
			break; /* longer than any that was accepted */
		at -= n;
		memcpy(out + at, t->nodes[node].name, n);
		if (t->nodes[node].parent != 0)
			out[--at] = '/';
	}
	memmove(out, out + at, size - at);
}

static void name_cluster(char *out, size_t size, const struct card *c, uint64_t at)
{
	const struct fat_geometry *g = &c->volume.geometry;
	const struct fat_tree *t = &c->volume.tree;
	uint64_t cluster = (at - fat_cluster_at(g, 2)) / ((uint64_t)g->cluster_sectors * FAT_SECTOR) + 2;
	char path[CARD_PATH_MAX + PATH_MAX_LEN + 8], quoted[300];

	for (uint32_t i = 0; i < t->n; i++) {
		const struct fat_node *node = &t->nodes[i];
		bool slack;

		if (node->clusters == 0 || cluster < node->first || cluster >= (uint64_t)node->first + node->clusters)
			continue;
		slack = !node->dir && at >= fat_cluster_at(g, node->first) + node->size;
		path_of(path, sizeof path, t, i);
		err_quote(quoted, sizeof quoted, path, strlen(path));
		if (node->dir)
			snprintf(out, size, "the directory /%s", quoted);
		else
			snprintf(out, size, "%s %s", slack ? "the unused end of the last cluster of" : "the file", quoted);
		return;
	}
	snprintf(out, size, "space that nothing uses");
}

void card_place(char *out, size_t size, const struct card *c, uint64_t at)
{
	const struct fat_geometry *g = &c->volume.geometry;
	uint64_t sector = at / FAT_SECTOR, fat;

	if (at >= fat_cluster_at(g, 2)) {
		name_cluster(out, size, c, at);
		return;
	}
	fat = (uint64_t)g->start + g->reserved;
	snprintf(out, size, "%s",
		 sector == 0                              ? "the MBR"
		 : sector < g->start                      ? "the gap in front of the partition"
		 : sector == g->start                     ? "the boot sector"
		 : sector == (uint64_t)g->start + FAT_NOTE ? "the card's note"
		 : sector < fat                           ? "the reserved sectors"
		 : sector < fat + g->fat_sectors          ? "the first FAT"
		 : sector < fat + 2 * (uint64_t)g->fat_sectors ? "the second FAT"
							  : "the root directory");
}
