/* SPDX-License-Identifier: ISC */
/* What must hold of a tree, whatever an archive holds and whatever its reader says. */
#ifndef TESTS_FUZZ_SAFE_TREE_H
#define TESTS_FUZZ_SAFE_TREE_H

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/path.h"
#include "packer/tree.h"

static void must_be_safe_entry(const struct tree *t, size_t i)
{
	const struct tree_entry *entry = &t->entries[i];

	if (path_fault(entry->path, strlen(entry->path), entry->type == ENTRY_DIR) != PATH_FINE || entry->refused)
		abort();
	if (i > 0 && strcmp(t->entries[i - 1].path, entry->path) >= 0)
		abort();
	if (entry->type == ENTRY_LINK && path_link_fault(entry->path, entry->target, strlen(entry->target)) != PATH_FINE)
		abort();
	if (entry->mode > 0777 || entry->uid || entry->gid)
		abort(); /* neither was asked for */
}

/* Takes in what a reader says on IN. HONEST: it is ours, and never says what cannot be. Closes SPOOL. */
static void must_be_safe(int in, int spool, uint64_t limit, bool honest)
{
	static const struct tree_rules rules;
	struct tree *t = tree_new(&rules);
	struct err e = {.message = ""};
	struct stat st;
	uint64_t sum = 0;

	if (!t || fstat(spool, &st) != 0)
		abort();
	t->spool = spool;
	if (tree_receive(t, in, "fuzz", limit, &e) == 0) {
		for (size_t i = 0; i < t->n; i++) {
			must_be_safe_entry(t, i);
			if (t->entries[i].size > 0 && t->entries[i].offset + t->entries[i].size > (uint64_t)st.st_size)
				abort();
			sum += t->entries[i].size;
		}
		if (sum > limit)
			abort();
	} else if (e.message[0] == '\0' || (honest && strstr(e.message, "says what"))) {
		abort();
	}
	tree_free(&t);
}

#endif
