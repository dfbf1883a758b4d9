/* SPDX-License-Identifier: ISC */
/* Aliases without collisions, and a directory's bytes. */
#include "flasher/fat_dir.h"

#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"

enum {
	ATTR_VOLUME = 0x08,
	ATTR_DIR = 0x10,
	ATTR_FILE = 0x20,    /* "archive", as other writers set it */
	ATTR_LONG = 0x0f,
	LAST_PART = 0x40,
	ATTEMPTS_MAX = 9 << 16,
};

/* All aliases given so far, by directory. */
struct aliases {
	const struct fat_tree *tree;
	uint32_t *slots, n;  /* N is a power of two, over twice the nodes */
};

/* Takes the alias of node I into the set. False: another of its directory has it. */
static bool claim(struct aliases *a, uint32_t i)
{
	const struct fat_node *node = &a->tree->nodes[i];
	uint32_t hash = 2166136261U ^ node->parent * 0x9e3779b1U;

	for (size_t k = 0; k < FAT_ALIAS_SIZE; k++)
		hash = (hash ^ node->alias[k]) * 16777619U;
	for (hash ^= hash >> 15;; hash++) {
		uint32_t *slot = &a->slots[hash & (a->n - 1)];
		const struct fat_node *other;

		if (*slot == FAT_NONE) {
			*slot = i;
			return true;
		}
		other = &a->tree->nodes[*slot];
		if (other->parent == node->parent && memcmp(other->alias, node->alias, FAT_ALIAS_SIZE) == 0)
			return false;
	}
}

/* Names that fit 8.3 keep their own; only then are aliases made for the others. */
static int name_all(struct fat_tree *t, struct aliases *a, struct err *e)
{
	struct fat_name name;
	bool exact;

	for (uint32_t i = 1; i < t->n; i++) {
		(void)fat_name_decode(&name, t->nodes[i].name, strlen(t->nodes[i].name));
		if (!fat_name_short(t->nodes[i].alias, &exact, &name)) {
			t->nodes[i].alias[0] = 0;
			continue;
		}
		t->nodes[i].is_long = !exact;
		(void)claim(a, i); /* no other folds alike: the tree has seen to it */
	}
	for (uint32_t i = 1; i < t->n; i++) {
		unsigned attempt = 0;

		if (t->nodes[i].alias[0] != 0)
			continue;
		t->nodes[i].is_long = true;
		(void)fat_name_decode(&name, t->nodes[i].name, strlen(t->nodes[i].name));
		do {
			if (attempt > ATTEMPTS_MAX)
				return err_set(e, VERDICT_TOO_LARGE, "there are too many names like %s in one directory",
					       t->nodes[i].name);
			fat_name_alias(t->nodes[i].alias, &name, attempt++);
		} while (!claim(a, i));
	}
	return 0;
}

/* Entries that NODE takes in its parent. */
static uint32_t entries_of(const struct fat_node *node)
{
	struct fat_name name;

	if (!node->is_long)
		return 1;
	(void)fat_name_decode(&name, node->name, strlen(node->name));
	return 1 + (uint32_t)(name.n + FAT_LONG_UNITS - 1) / FAT_LONG_UNITS;
}

int fat_dir_measure(struct fat_tree *t, struct err *e)
{
	struct aliases a = {.tree = t, .n = 256};
	int rc;

	while (a.n < t->n * 2)
		a.n *= 2;
	a.slots = malloc((size_t)a.n * sizeof *a.slots);
	if (!a.slots)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	memset(a.slots, 0xff, (size_t)a.n * sizeof *a.slots);
	rc = name_all(t, &a, e);
	free(a.slots);
	if (rc)
		return -1;
	for (uint32_t i = 0; i < t->n; i++)
		if (t->nodes[i].dir) /* `.' and `..', or the label */
			t->nodes[i].size = (i ? 2 : 1) * (uint64_t)FAT_DIR_ENTRY;
	for (uint32_t i = 1; i < t->n; i++)
		t->nodes[t->nodes[i].parent].size += (uint64_t)entries_of(&t->nodes[i]) * FAT_DIR_ENTRY;
	for (uint32_t i = 0; i < t->n; i++)
		if (t->nodes[i].dir && t->nodes[i].size > (uint64_t)FAT_DIR_ENTRIES_MAX * FAT_DIR_ENTRY)
			return err_set(e, VERDICT_TOO_LARGE, "directory `%s' has too many entries for FAT", t->nodes[i].name);
	return 0;
}

/* Days since 1970 to a date of the Gregorian calendar, in years that begin in March. */
struct fat_time fat_time_of(uint64_t seconds)
{
	const uint64_t low = 315532800, high = 4354819198; /* 1980-01-01 00:00:00, 2107-12-31 23:59:58 */
	uint64_t days, era, in_era, year, in_year, month, day;

	seconds = seconds < low ? low : seconds > high ? high : seconds;
	days = seconds / 86400 + 719468;
	era = days / 146097;
	in_era = days % 146097;
	year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	in_year = in_era - (365 * year + year / 4 - year / 100);
	month = (5 * in_year + 2) / 153;
	day = in_year - (153 * month + 2) / 5 + 1;
	month = month < 10 ? month + 3 : month - 9;
	year += era * 400 + (month <= 2);
	return (struct fat_time){(uint16_t)((year - 1980) << 9 | month << 5 | day),
				 (uint16_t)(seconds / 3600 % 24 << 11 | seconds / 60 % 60 << 5 | seconds % 60 / 2)};
}

static unsigned char *entry(unsigned char *out, const unsigned char *alias, unsigned char attr, uint32_t cluster, uint64_t size,
			    struct fat_time when)
{
	memset(out, 0, FAT_DIR_ENTRY);
	memcpy(out, alias, FAT_ALIAS_SIZE);
	out[11] = attr;
	bytes_put_le16(out + 14, when.time);
	bytes_put_le16(out + 16, when.date);
	bytes_put_le16(out + 18, when.date);
	bytes_put_le16(out + 20, (uint16_t)(cluster >> 16));
	bytes_put_le16(out + 22, when.time);
	bytes_put_le16(out + 24, when.date);
	bytes_put_le16(out + 26, (uint16_t)(cluster & 0xffff));
	bytes_put_le32(out + 28, (uint32_t)size);
	return out + FAT_DIR_ENTRY;
}

/* The parts of a long name, the last one first. */
static unsigned char *long_entries(unsigned char *out, const struct fat_node *node)
{
	static const unsigned char places[FAT_LONG_UNITS] = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
	unsigned char sum = fat_name_sum(node->alias);
	struct fat_name name;
	size_t parts;

	(void)fat_name_decode(&name, node->name, strlen(node->name));
	parts = (name.n + FAT_LONG_UNITS - 1) / FAT_LONG_UNITS;
	for (size_t part = parts; part > 0; part--) {
		memset(out, 0, FAT_DIR_ENTRY);
		out[0] = (unsigned char)(part | (part == parts ? LAST_PART : 0));
		out[11] = ATTR_LONG;
		out[13] = sum;
		for (size_t i = 0; i < FAT_LONG_UNITS; i++) {
			size_t at = (part - 1) * FAT_LONG_UNITS + i;

			bytes_put_le16(out + places[i], at < name.n ? name.units[at] : at == name.n ? 0 : 0xffff);
		}
		out += FAT_DIR_ENTRY;
	}
	return out;
}

void fat_dir_entries(unsigned char *out, const struct fat_tree *t, uint32_t node, const char *label, struct fat_time when)
{
	static const unsigned char self[] = ".          ", up[] = "..         ";
	const struct fat_node *dir = &t->nodes[node];

	if (node == 0) {
		out = entry(out, (const unsigned char *)label, ATTR_VOLUME, 0, 0, when);
	} else { /* the root is called 0 here, wherever it lies */
		out = entry(out, self, ATTR_DIR, dir->first, 0, when);
		out = entry(out, up, ATTR_DIR, dir->parent ? t->nodes[dir->parent].first : 0, 0, when);
	}
	for (uint32_t i = dir->child; i != FAT_NONE; i = t->nodes[i].next) {
		const struct fat_node *child = &t->nodes[i];

		if (child->is_long)
			out = long_entries(out, child);
		out = entry(out, child->alias, child->dir ? ATTR_DIR : ATTR_FILE, child->first, child->dir ? 0 : child->size, when);
	}
}
