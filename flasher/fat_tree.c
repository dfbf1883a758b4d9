/* SPDX-License-Identifier: ISC */
/* A tree of names, found by parent and folded name, so that a name that differs by case only is seen. */
#include "flasher/fat_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int fat_tree_init(struct fat_tree *t, struct err *e)
{
	*t = (struct fat_tree){.nodes = calloc(1, sizeof *t->nodes), .n = 1, .room = 1};
	if (!t->nodes || !(t->nodes->name = strdup("")))
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	t->nodes->dir = true;
	t->nodes->child = t->nodes->last_child = t->nodes->next = FAT_NONE;
	return 0;
}

void fat_tree_free(struct fat_tree *t)
{
	for (uint32_t i = 0; t->nodes && i < t->n; i++)
		free(t->nodes[i].name);
	free(t->nodes);
	free(t->index);
	*t = (struct fat_tree){0};
}

static uint32_t hash_of(uint32_t parent, const struct fat_name *folded)
{
	uint32_t hash = 2166136261U ^ parent * 0x9e3779b1U;

	for (size_t i = 0; i < folded->n; i++)
		hash = (hash ^ folded->units[i]) * 16777619U;
	return hash ^ hash >> 15;
}

/* The folded form of a name that has been decoded before. */
static void fold_node(struct fat_name *out, const struct fat_node *node)
{
	(void)fat_name_decode(out, node->name, strlen(node->name));
	fat_name_fold(out);
}

/* Where in the index the name is, or would be. */
static uint32_t *slot_of(const struct fat_tree *t, uint32_t parent, const struct fat_name *folded)
{
	uint32_t at = hash_of(parent, folded);
	struct fat_name other;

	for (;; at++) {
		uint32_t *slot = &t->index[at & (t->nindex - 1)];

		if (*slot == FAT_NONE)
			return slot;
		if (t->nodes[*slot].parent != parent)
			continue;
		fold_node(&other, &t->nodes[*slot]);
		if (other.n == folded->n && memcmp(other.units, folded->units, other.n * sizeof *other.units) == 0)
			return slot;
	}
}

/* Room for one node more, in the array and in the index, which is at most half full. */
static int make_room(struct fat_tree *t, struct err *e)
{
	struct fat_name folded;

	if (t->n == t->room) {
		struct fat_node *more = realloc(t->nodes, (size_t)t->room * 2 * sizeof *more);

		if (!more)
			return err_set(e, VERDICT_SYSTEM, "out of memory");
		t->nodes = more;
		t->room *= 2;
	}
	if (t->n < t->nindex / 2)
		return 0;
	free(t->index);
	t->nindex = t->nindex ? t->nindex * 4 : 256;
	t->index = malloc((size_t)t->nindex * sizeof *t->index);
	if (!t->index)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	memset(t->index, 0xff, (size_t)t->nindex * sizeof *t->index);
	for (uint32_t i = 1; i < t->n; i++) {
		fold_node(&folded, &t->nodes[i]);
		*slot_of(t, t->nodes[i].parent, &folded) = i;
	}
	return 0;
}

static int append(struct fat_tree *t, uint32_t parent, const char *name, size_t len, bool dir, uint64_t size, struct err *e)
{
	struct fat_node *up, *node = &t->nodes[t->n];

	*node = (struct fat_node){.parent = parent, .dir = dir, .size = size, .name = strndup(name, len)};
	if (!node->name)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	node->child = node->last_child = node->next = FAT_NONE;
	up = &t->nodes[parent];
	if (up->child == FAT_NONE)
		up->child = t->n;
	else
		t->nodes[up->last_child].next = t->n;
	up->last_child = t->n++;
	return 0;
}

static int refuse(struct err *e, const char *path, const char *why)
{
	char quoted[320];

	return err_set(e, VERDICT_UNSAFE_PATH, "%s on the card: %s", err_quote(quoted, sizeof quoted, path, strlen(path)), why);
}

/* Finds or adds one component of PATH. Returns its node, or FAT_NONE. */
static uint32_t step(struct fat_tree *t, const char *path, uint32_t parent, struct fat_node wanted, size_t len, struct err *e)
{
	struct fat_name name;
	const char *why = fat_name_decode(&name, wanted.name, len);
	const struct fat_node *found;
	uint32_t *slot;

	if (why) {
		char text[128];

		snprintf(text, sizeof text, "a name that %s", why);
		refuse(e, path, text);
		return FAT_NONE;
	}
	if (make_room(t, e))
		return FAT_NONE;
	fat_name_fold(&name);
	slot = slot_of(t, parent, &name);
	if (*slot == FAT_NONE) {
		if (append(t, parent, wanted.name, len, wanted.dir, wanted.size, e))
			return FAT_NONE;
		return *slot = t->n - 1;
	}
	found = &t->nodes[*slot];
	if (strlen(found->name) != len || memcmp(found->name, wanted.name, len) != 0)
		refuse(e, path, "there is another name that differs by case only, and FAT tells no case");
	else if (!wanted.dir || !found->dir)
		refuse(e, path, "the name is there already");
	else
		return *slot;
	return FAT_NONE;
}

int fat_tree_add(struct fat_tree *t, const char *path, bool dir, uint64_t size, uint32_t *node, struct err *e)
{
	uint32_t at = 0;

	if (size > FAT_FILE_MAX)
		return err_set(e, VERDICT_TOO_LARGE, "a file of %llu bytes: FAT holds none of 4 GiB", (unsigned long long)size);
	for (const char *name = path; name;) {
		const char *slash = strchr(name, '/');
		struct fat_node wanted = {.name = (char *)name, .dir = slash || dir, .size = slash ? 0 : size};

		at = step(t, path, at, wanted, slash ? (size_t)(slash - name) : strlen(name), e);
		if (at == FAT_NONE)
			return -1;
		name = slash ? slash + 1 : NULL;
	}
	if (node)
		*node = at;
	return 0;
}
