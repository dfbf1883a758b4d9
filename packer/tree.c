/* SPDX-License-Identifier: ISC */
/* The list of entries: what may come in, what is refused, what order they stand in. */
#include "packer/tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/ustar.h"
#include "packer/hardlink.h"

struct tree *tree_new(const struct tree_rules *rules)
{
	struct tree *t = calloc(1, sizeof *t);

	if (t) {
		t->rules = *rules;
		t->spool = -1;
	}
	return t;
}

static void entry_clear(struct tree_entry *entry)
{
	free(entry->path);
	free(entry->target);
	free(entry->hardlink);
}

void tree_free(struct tree **t)
{
	if (*t) {
		for (size_t i = 0; i < (*t)->n; i++)
			entry_clear(&(*t)->entries[i]);
		free((*t)->entries);
		notes_clear(&(*t)->refused);
		notes_clear(&(*t)->warnings);
		beneath_close(&(*t)->root);
		if ((*t)->spool >= 0)
			close((*t)->spool);
	}
	free(*t);
	*t = NULL;
}

/* --- notes --- */

int tree_warn(struct tree *t, const char *path, struct err *e, const char *reason, ...)
{
	va_list args;
	int rc;

	va_start(args, reason);
	rc = notes_add(&t->warnings, path, e, reason, args);
	va_end(args);
	return rc;
}

int tree_refuse(struct tree *t, const char *path, struct err *e, const char *reason, ...)
{
	va_list args;
	int rc;

	va_start(args, reason);
	rc = notes_add(&t->refused, path, e, reason, args);
	va_end(args);
	return rc;
}

/* --- one entry --- */

static int count(struct tree *t, struct err *e)
{
	if (t->found == TREE_ENTRIES_MAX)
		return err_set(e, VERDICT_TOO_LARGE, "more than %d entries", TREE_ENTRIES_MAX);
	t->found++;
	return 0;
}

static struct tree_entry *append(struct tree *t, struct err *e)
{
	if (t->n == t->room) {
		size_t room = t->room ? t->room * 2 : 256;
		struct tree_entry *entries = realloc(t->entries, room * sizeof *entries);

		if (!entries) {
			err_set(e, VERDICT_SYSTEM, "out of memory");
			return NULL;
		}
		t->entries = entries;
		t->room = room;
	}
	t->entries[t->n] = (struct tree_entry){.order = t->found};
	return &t->entries[t->n++];
}

/* The length of a link's target without the slash that shells complete: "dir/" leads where "dir" does. */
static size_t target_len(const char *target)
{
	size_t len = strlen(target);

	while (len > 1 && target[len - 1] == '/')
		len--;
	return len;
}

/* Why the target of a symbolic link is not allowed; sets *TYPE to the kind of link it makes. */
static enum path_fault target_fault(const struct tree_found *found, enum entry_type *type)
{
	size_t len = target_len(found->target);

	*type = found->target[0] == '/' ? ENTRY_ROOTLINK : ENTRY_LINK;
	if (*type == ENTRY_ROOTLINK)
		return path_rootlink_fault(found->target, len);
	return path_link_fault(found->path, found->target, len);
}

/* Refuses what cannot be in a bundle at all, whatever else the tree holds. Returns 1 when it may stay, 0, or -1. */
static int check(struct tree *t, const struct tree_found *found, enum entry_type *type, struct err *e)
{
	enum path_fault fault = path_fault(found->path, strlen(found->path), found->type == ENTRY_DIR);
	char quoted[NOTES_QUOTED_MAX];

	if (fault != PATH_FINE)
		return tree_refuse(t, found->path, e, "its path %s", path_fault_text(fault));
	if (t->rules.keep_owner && (found->uid > USTAR_ID_MAX || found->gid > USTAR_ID_MAX))
		return tree_refuse(t, found->path, e, "its owner %" PRIu64 ":%" PRIu64 " is over %d", found->uid, found->gid,
			      USTAR_ID_MAX);
	if (found->type == ENTRY_FILE && found->size > USTAR_SIZE_MAX)
		return tree_refuse(t, found->path, e, "its size of %" PRIu64 " bytes is over the format's 8 GiB", found->size);
	*type = found->type;
	if (found->type == ENTRY_DIR || found->type == ENTRY_FILE)
		return 1;
	fault = target_fault(found, type);
	if (fault != PATH_FINE)
		return tree_refuse(t, found->path, e, "its target \"%s\" %s",
			      err_quote(quoted, sizeof quoted, found->target, strlen(found->target)), path_fault_text(fault));
	return 1;
}

/* A refused entry (a link above all), if its own path is fine, must still stop what the archive puts beneath it. */
static bool stands_in_the_way(const struct tree_found *found)
{
	return path_fault(found->path, strlen(found->path), found->type == ENTRY_DIR) == PATH_FINE;
}

static int take_mode(struct tree *t, struct tree_entry *entry, uint32_t mode, struct err *e)
{
	entry->mode = entry->type == ENTRY_DIR || entry->type == ENTRY_FILE ? mode & 07777 : 0777;
	if (t->rules.allow_setid || (entry->mode & 07000) == 0)
		return 0;
	entry->mode &= 0777;
	return tree_warn(t, entry->path, e, "its mode %04o loses the bits above 0777 (--allow-setid keeps them)",
			 (unsigned)(mode & 07777));
}

int tree_add(struct tree *t, const struct tree_found *found, struct err *e)
{
	enum entry_type type = found->type;
	struct tree_entry *entry;
	int rc;

	if (count(t, e) != 0)
		return -1;
	rc = check(t, found, &type, e);
	if (rc < 0 || (rc == 0 && !stands_in_the_way(found)))
		return rc;
	entry = append(t, e);
	if (!entry)
		return -1;
	entry->type = type;
	entry->refused = rc == 0;
	entry->path = strdup(found->path);
	entry->target = found->target ? strndup(found->target, target_len(found->target)) : strdup("");
	entry->hardlink = found->hardlink ? strdup(found->hardlink) : NULL;
	if (!entry->path || !entry->target || (found->hardlink && !entry->hardlink))
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (t->rules.keep_owner) {
		entry->uid = (uint32_t)found->uid; /* checked above; of a refused entry it does not matter */
		entry->gid = (uint32_t)found->gid;
	}
	entry->size = found->type == ENTRY_FILE ? found->size : 0;
	entry->offset = found->offset;
	return rc == 1 && take_mode(t, entry, found->mode, e) != 0 ? -1 : rc;
}

/* --- all of them --- */

static int compare(const void *a, const void *b)
{
	const struct tree_entry *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	if (order != 0)
		return order;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void sort(struct tree *t)
{
	if (t->n > 1)
		qsort(t->entries, t->n, sizeof *t->entries, compare);
}

struct tree_entry *tree_find(const struct tree *t, const char *path, size_t len)
{
	size_t low = 0, high = t->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *other = t->entries[middle].path;
		int order = strncmp(other, path, len);

		if (order < 0)
			low = middle + 1;
		else /* also when equal: the first of several is wanted */
			high = middle;
	}
	if (low < t->n && strncmp(t->entries[low].path, path, len) == 0 && t->entries[low].path[len] == '\0')
		return &t->entries[low];
	return NULL;
}

static int refuse_entry(struct tree *t, struct tree_entry *entry, struct err *e, const char *reason)
{
	if (entry->refused)
		return 0; /* one reason is enough */
	entry->refused = true;
	return tree_refuse(t, entry->path, e, "%s", reason);
}

static int refuse_duplicates(struct tree *t, struct err *e)
{
	for (size_t i = 1; i < t->n; i++)
		if (strcmp(t->entries[i - 1].path, t->entries[i].path) == 0 &&
		    refuse_entry(t, &t->entries[i], e, "it is a duplicate: another entry has the same path") != 0)
			return -1;
	return 0;
}

/* Adds the directory PATH of LEN bytes, which nobody named. */
static int imply(struct tree *made, const char *path, size_t len, struct err *e)
{
	struct tree_entry *entry;

	if (made->n == TREE_ENTRIES_MAX) /* here, not when all are together: an entry can imply a hundred */
		return err_set(e, VERDICT_TOO_LARGE, "more than %d entries", TREE_ENTRIES_MAX);
	entry = append(made, e);
	if (!entry)
		return -1;
	entry->type = ENTRY_DIR;
	entry->mode = 0755;
	entry->path = strndup(path, len);
	entry->target = strdup("");
	return entry->path && entry->target ? 0 : err_set(e, VERDICT_SYSTEM, "out of memory");
}

/* Why nothing can lie beneath PATH of LEN bytes, which is PARENT, or, NULL, has to be made; NULL: it can. */
static const char *parent_fault(const struct tree_entry *parent, const char *path, size_t len)
{
	if (!parent) /* a file's path can be split where that of the directory it is in cannot */
		return path_fault(path, len, true) == PATH_FINE ? NULL : "the path of a directory above it is too long for the format";
	if (parent->type == ENTRY_LINK || parent->type == ENTRY_ROOTLINK)
		return "its path leads through a link";
	return parent->refused || parent->type != ENTRY_DIR ? "its path leads through what is no directory of the tree" : NULL;
}

/* Checks the directories above ENTRY; missing ones go to MADE. LAST is the last entry whose directories were right: since all
 * paths beneath one directory stand together, what LAST has above it needs no second look. */
static int check_parents(struct tree *t, struct tree *made, struct tree_entry *entry, const struct tree_entry *last,
			 struct err *e)
{
	size_t first = made->n, len = strlen(entry->path);

	while (len > 0 && entry->path[--len] != '/')
		;
	while (len > 0 && !(last && strncmp(last->path, entry->path, len + 1) == 0)) {
		const struct tree_entry *parent = tree_find(t, entry->path, len);

		const char *fault = parent_fault(parent, entry->path, len);

		if (fault) {
			while (made->n > first)
				entry_clear(&made->entries[--made->n]);
			return refuse_entry(t, entry, e, fault);
		}
		if (parent)
			return 0; /* that one's own parents were looked at before */
		if (imply(made, entry->path, len, e) != 0)
			return -1;
		while (len > 0 && entry->path[--len] != '/')
			;
	}
	return 0;
}

static int make_parents(struct tree *t, struct tree *made, struct err *e)
{
	const struct tree_entry *last = NULL;

	for (size_t i = 0; i < t->n; i++) {
		if (t->entries[i].refused)
			continue;
		if (check_parents(t, made, &t->entries[i], last, e) != 0)
			return -1;
		if (!t->entries[i].refused)
			last = &t->entries[i];
	}
	return 0;
}

/* Leaves out what was refused, and takes in what MADE holds. */
static int rebuild(struct tree *t, struct tree *made, struct err *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (t->entries[i].refused)
			entry_clear(&t->entries[i]);
		else
			t->entries[kept++] = t->entries[i];
	}
	t->n = kept;
	while (made->n > 0) {
		struct tree_entry *entry;

		if (t->n == TREE_ENTRIES_MAX)
			return err_set(e, VERDICT_TOO_LARGE, "more than %d entries", TREE_ENTRIES_MAX);
		entry = append(t, e);
		if (!entry)
			return -1;
		*entry = made->entries[--made->n];
	}
	sort(t);
	return 0;
}

static unsigned char fold(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Order of paths when case is overlooked, as on the FAT file systems of cards. */
static int order_folded(const char *x, const char *y)
{
	while (*x && fold(*x) == fold(*y)) {
		x++;
		y++;
	}
	return (int)fold(*x) - (int)fold(*y);
}

static int compare_folded(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	int order = order_folded(x, y);

	return order != 0 ? order : strcmp(x, y);
}

static int warn_case(struct tree *t, struct err *e)
{
	const char **paths = calloc(t->n + 1, sizeof *paths);
	char quoted[NOTES_QUOTED_MAX];
	int rc = 0;

	if (!paths)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	for (size_t i = 0; i < t->n; i++)
		paths[i] = t->entries[i].path;
	if (t->n > 1)
		qsort(paths, t->n, sizeof *paths, compare_folded);
	for (size_t i = 1; i < t->n && rc == 0; i++)
		if (order_folded(paths[i - 1], paths[i]) == 0)
			rc = tree_warn(t, paths[i], e, "its path differs from \"%s\" only in case",
				       err_quote(quoted, sizeof quoted, paths[i - 1], strlen(paths[i - 1])));
	free(paths);
	return rc;
}

int tree_finish(struct tree *t, struct err *e)
{
	struct tree made = {.spool = -1};
	int rc = -1;

	sort(t);
	if (refuse_duplicates(t, e) != 0 || make_parents(t, &made, e) != 0 || hardlink_resolve(t, e) != 0)
		goto out;
	if (rebuild(t, &made, e) != 0 || warn_case(t, e) != 0)
		goto out;
	rc = 0;
out:
	for (size_t i = 0; i < made.n; i++)
		entry_clear(&made.entries[i]);
	free(made.entries);
	return rc;
}
