/* SPDX-License-Identifier: ISC */
/* The directories and files that a FAT volume is to hold, before they have a place on it. */
#ifndef FLASHER_FAT_TREE_H
#define FLASHER_FAT_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "flasher/fat_name.h"

enum { FAT_NONE = UINT32_MAX }; /* no node */
#define FAT_FILE_MAX UINT64_C(0xffffffff) /* bytes of a file */

struct fat_node {
	char *name;          /* its last component; "" of the root */
	uint32_t parent;     /* the root is its own */
	uint32_t hash;       /* of parent and folded name */
	uint32_t child, last_child, next; /* of a directory the first and the last; the next of the same parent */
	uint64_t size;       /* bytes of a file, or of a directory's entries */
	uint32_t first;      /* cluster, 0 for an empty file; set by fat_layout */
	uint32_t clusters;
	unsigned char alias[FAT_ALIAS_SIZE]; /* set by fat_dir_name_all */
	bool dir;
	bool is_long;        /* the alias is not the name */
};

/* Node 0 is the root. Nodes keep the order in which they were added. */
struct fat_tree {
	struct fat_node *nodes;
	uint32_t n, room;
	uint32_t *index;     /* nodes by parent and folded name */
	uint32_t nindex;
	char *here;          /* the directory of the path added last, and its node: neighbours mostly share theirs */
	uint32_t here_node;
};

/* Returns 0 or -1 (memory); fat_tree_free is due in either case. */
MUST_CHECK int fat_tree_init(struct fat_tree *t, struct err *e);
void fat_tree_free(struct fat_tree *t);

/* Adds file PATH of SIZE bytes, or a directory, with the directories above it that are not there yet. A directory may be added
 * again. *NODE (may be NULL) is its number. Returns 0, or -1: unsafe-path for a name that FAT cannot hold, that differs from another by
 * case only, or that is there twice; too-large for a file of 4 GiB or more. */
MUST_CHECK int fat_tree_add(struct fat_tree *t, const char *path, bool dir, uint64_t size, uint32_t *node, struct err *e);

#endif
