/* SPDX-License-Identifier: ISC */
/* Hard links become files. A hard link names an entry that came before it, as the archivers write them. */
#include "packer/hardlink.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static int compare_order(const void *a, const void *b)
{
	const struct tree_entry *x = *(struct tree_entry *const *)a, *y = *(struct tree_entry *const *)b;

	return x->order < y->order ? -1 : x->order > y->order;
}

static int refuse(struct tree *t, struct tree_entry *entry, struct err *e, const char *why)
{
	char quoted[NOTES_QUOTED_MAX];

	entry->refused = true;
	err_quote(quoted, sizeof quoted, entry->hardlink, strlen(entry->hardlink));
	return tree_refuse(t, entry->path, e, "it is a hard link to \"%s\", which %s", quoted, why) == 0 ? 0 : -1;
}

/* Finds what ENTRY names: *TARGET, or NULL when ENTRY was refused. Returns 0 or -1. */
static int find(struct tree *t, struct tree_entry *entry, struct tree_entry **target, struct err *e)
{
	const char *path = entry->hardlink;
	enum path_fault fault = path_fault(path, strlen(path), false);
	struct tree_entry *found;

	*target = NULL;
	if (fault != PATH_FINE)
		return refuse(t, entry, e, path_fault_text(fault));
	found = tree_find(t, path, strlen(path));
	if (!found || found->order >= entry->order)
		return refuse(t, entry, e, "is absent before it");
	if (found->refused)
		return refuse(t, entry, e, "was refused");
	if (found->type == ENTRY_DIR)
		return refuse(t, entry, e, "is not a file");
	*target = found;
	return 0;
}

/* The hard links, in the order of the archive, so that the one a link names has been resolved before. */
static struct tree_entry **collect(struct tree *t, size_t *n)
{
	struct tree_entry **links = calloc(t->n + 1, sizeof *links);

	*n = 0;
	for (size_t i = 0; links && i < t->n; i++)
		if (t->entries[i].hardlink && !t->entries[i].refused)
			links[(*n)++] = &t->entries[i];
	if (links && *n > 1)
		qsort(links, *n, sizeof *links, compare_order);
	return links;
}

/* Points each link at the first name of its file. */
static int point(struct tree *t, struct tree_entry **links, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct tree_entry *target;

		if (find(t, links[i], &target, e) != 0)
			return -1;
		if (!target)
			continue;
		if (target->hardlink) { /* a link to a link: to the same file, then */
			char *first = strdup(target->hardlink);

			if (!first)
				return err_set(e, VERDICT_SYSTEM, "out of memory");
			free(links[i]->hardlink);
			links[i]->hardlink = first;
			target = tree_find(t, first, strlen(first));
		}
	}
	return 0;
}

/* ENTRY becomes what FIRST is. A symbolic link seen from another place may lead elsewhere, and is judged anew. */
static int become(struct tree *t, struct tree_entry *entry, const struct tree_entry *first, struct err *e)
{
	char *target;
	enum path_fault fault;

	if (first->type == ENTRY_LINK) {
		fault = path_link_fault(entry->path, first->target, strlen(first->target));
		if (fault != PATH_FINE)
			return refuse(t, entry, e, path_fault_text(fault));
	}
	target = strdup(first->target);
	if (!target)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	free(entry->target);
	entry->target = target;
	entry->type = first->type;
	entry->mode = first->mode;
	entry->uid = first->uid;
	entry->gid = first->gid;
	entry->size = first->size;
	entry->offset = first->offset;
	return 0;
}

int hardlink_resolve(struct tree *t, struct err *e)
{
	size_t n;
	struct tree_entry **links = collect(t, &n);
	int rc;

	if (!links)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	rc = point(t, links, n, e);
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (!links[i]->refused)
			rc = become(t, links[i], tree_find(t, links[i]->hardlink, strlen(links[i]->hardlink)), e);
	free(links);
	return rc;
}
