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
	free(t->here);
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

/* True when NODE's name, which has NODE's hash, is NAME but for case. */
static bool folds_alike(const struct fat_node *node, const struct fat_name *folded)
{
	struct fat_name other;

	fold_node(&other, node);
	return other.n == folded->n && memcmp(other.units, folded->units, other.n * sizeof *other.units) == 0;
}

/* Where in the index the name is, or would be. */
static uint32_t *slot_of(const struct fat_tree *t, uint32_t parent, const struct fat_name *folded, uint32_t hash)
{
	for (uint32_t at = hash;; at++) {
		uint32_t *slot = &t->index[at & (t->nindex - 1)];
		const struct fat_node *node = &t->nodes[*slot == FAT_NONE ? 0 : *slot];

		if (*slot == FAT_NONE || (node->hash == hash && node->parent == parent && folds_alike(node, folded)))
			return slot;
	}
}

/* Room for one node more, in the array and in the index, which is at most half full. */
static int make_room(struct fat_tree *t, struct err *e)
{
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
	for (uint32_t i = 1; i < t->n; i++) { /* they are all different: the next free slot is theirs */
		uint32_t at = t->nodes[i].hash;

		while (t->index[at & (t->nindex - 1)] != FAT_NONE)
			at++;
		t->index[at & (t->nindex - 1)] = i;
	}
	return 0;
}

/* WANTED, whose name is the first LEN bytes of what is there, becomes the last child of its parent. */
static int append(struct fat_tree *t, struct fat_node wanted, size_t len, struct err *e)
{
	struct fat_node *up = &t->nodes[wanted.parent], *node = &t->nodes[t->n];

	*node = wanted;
	node->name = strndup(wanted.name, len);
	if (!node->name)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	node->child = node->last_child = node->next = FAT_NONE;
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

/* Finds or adds one component of PATH, the first LEN bytes of WANTED's name. Returns its node, or FAT_NONE. */
static uint32_t step(struct fat_tree *t, const char *path, struct fat_node wanted, size_t len, struct err *e)
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
	wanted.hash = hash_of(wanted.parent, &name);
	slot = slot_of(t, wanted.parent, &name, wanted.hash);
	if (*slot == FAT_NONE) {
		if (append(t, wanted, len, e))
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

/* The part of PATH that lies in directory *AT, when the path before it has led there already; else all of it, in the root. */
static const char *skip_known(const struct fat_tree *t, const char *path, uint32_t *at)
{
	size_t n;

	*at = 0;
	if (!t->here)
		return path;
	n = strlen(t->here);
	if (n == 0 || strncmp(path, t->here, n) != 0 || path[n] != '/')
		return path;
	*at = t->here_node;
	return path + n + 1;
}

/* Without memory nothing is remembered, and nothing is lost by that. */
static void remember(struct fat_tree *t, const char *path, uint32_t node)
{
	const char *slash = strrchr(path, '/');

	free(t->here);
	t->here = slash ? strndup(path, (size_t)(slash - path)) : NULL;
	t->here_node = t->nodes[node].parent;
}

int fat_tree_add(struct fat_tree *t, const char *path, bool dir, uint64_t size, uint32_t *node, struct err *e)
{
	uint32_t at;
	const char *name = skip_known(t, path, &at), *slash;
	bool known = at != 0 && !strchr(name, '/');

	if (size > FAT_FILE_MAX)
		return err_set(e, VERDICT_TOO_LARGE, "a file of %llu bytes: FAT holds none of 4 GiB", (unsigned long long)size);
	do {
		struct fat_node wanted = {.name = (char *)name, .parent = at};

		slash = strchr(name, '/');
		wanted.dir = slash || dir;
		wanted.size = slash ? 0 : size;
		at = step(t, path, wanted, slash ? (size_t)(slash - name) : strlen(name), e);
		if (at == FAT_NONE)
			return -1;
		name = slash ? slash + 1 : NULL;
	} while (name);
	if (!known)
		remember(t, path, at);
	if (node)
		*node = at;
	return 0;
}
