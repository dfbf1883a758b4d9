/* SPDX-License-Identifier: ISC */
/* Names that shall lie on a FAT volume: a line each, a directory ends in a slash. The first byte says how large the card is and which
 * FAT. Whatever they are, aliases differ within a directory, and its entries fill what was measured. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/path.h"
#include "flasher/fat_dir.h"
#include "flasher/fat_layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FAT16 = 1, SIZE_SHIFT = 2, LINE_MAX = 1024 };

static void add(struct fat_tree *t, const uint8_t *line, size_t len)
{
	bool dir = len > 0 && line[len - 1] == '/';
	char path[LINE_MAX + 1];
	struct err e = {0};
	uint32_t node = FAT_NONE;

	if (dir)
		len--;
	if (len > LINE_MAX || path_fault((const char *)line, len, dir) != PATH_FINE)
		return; /* no manifest has such a path */
	memcpy(path, line, len);
	path[len] = '\0';
	if (fat_tree_add(t, path, dir, len * 1000, &node, &e) != 0) {
		if (e.verdict == VERDICT_OK || e.message[0] == '\0')
			abort();
		return;
	}
	if (node >= t->n || t->nodes[node].dir != dir)
		abort();
}

static void must_differ(const struct fat_tree *t, uint32_t dir)
{
	for (uint32_t a = t->nodes[dir].child; a != FAT_NONE; a = t->nodes[a].next)
		for (uint32_t b = t->nodes[a].next; b != FAT_NONE; b = t->nodes[b].next)
			if (memcmp(t->nodes[a].alias, t->nodes[b].alias, FAT_ALIAS_SIZE) == 0)
				abort();
}

/* A sanitizer sees the first byte behind what was measured. */
static void must_fit(const struct fat_tree *t, uint32_t dir)
{
	unsigned char *out = calloc(1, (size_t)t->nodes[dir].size + 1);

	if (!out)
		abort();
	fat_dir_entries(out, t, dir, dir == 0 ? "RECOVERY   " : NULL, fat_time_of(1700000000));
	if (t->nodes[dir].size % FAT_DIR_ENTRY != 0)
		abort();
	for (size_t at = 0; at < t->nodes[dir].size; at += FAT_DIR_ENTRY)
		if (out[at] == 0 && at + FAT_DIR_ENTRY < t->nodes[dir].size && out[at + FAT_DIR_ENTRY] != 0)
			abort(); /* a reader stops at the first empty one */
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *at = data + 1, *end = data + size;
	struct fat_geometry g;
	struct fat_tree t;
	struct err e = {0};

	if (size < 1)
		return 0;
	if (fat_tree_init(&t, &e) != 0)
		abort();
	while (at < end) {
		const uint8_t *stop = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((stop ? stop : end) - at);

		add(&t, at, n);
		at += n + 1;
		if (t.n > 512)
			break;
	}
	if (fat_dir_measure(&t, &e) == 0) {
		for (uint32_t i = 0; i < t.n; i++)
			if (t.nodes[i].dir) {
				must_differ(&t, i);
				must_fit(&t, i);
			}
		if (fat_layout(&g, &t, data[0] & FAT16 ? 16 : 32, 8192, UINT64_C(1) << (20 + (data[0] >> SIZE_SHIFT) % 22), &e) == 0 &&
		    (g.used > g.clusters || fat_used_end(&g) > ((uint64_t)g.start + g.total) * FAT_SECTOR))
			abort();
	}
	fat_tree_free(&t);
	return 0;
}
