/* SPDX-License-Identifier: ISC */
/* From manifest and profile to nodes and places. */
#include "flasher/card.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "flasher/fat_dir.h"
#include "flasher/mbr.h"

/* Where on the card what proves it lies. */
static const char manifest_path[] = "firmseal/manifest", signatures_path[] = "firmseal/manifest.minisig",
		  bundle_path[] = "firmseal/bundle.firm.tar";

enum { CARD_PATH_SIZE = CARD_PATH_MAX + 1 + PATH_MAX_LEN + 1 };

/* A walk over all entries that go on the card, and where. */
struct visit {
	const struct board_card *card;
	const struct manifest *m;
	/* PATH is the place on the card. Returns 0 or -1. */
	int (*each)(struct visit *v, const struct manifest_entry *entry, uint32_t index, const char *path, struct err *e);
	struct card *out;
	uint32_t boot;       /* the entry that is laid out already, or FAT_NONE */
	const char *wanted;  /* what is looked for */
	bool found;
};

/* Where TREE puts PATH: false when it does not take it. A directory's own place is its root, for which there is nothing to do. */
static bool place_of(char out[static CARD_PATH_SIZE], const struct card_tree *tree, const char *path)
{
	size_t n = strlen(tree->from);
	char *to;

	if (n > 0) {
		if (strncmp(path, tree->from, n) != 0 || path[n] != '/')
			return false;
		path += n + 1;
	}
	to = stpcpy(out, tree->to);
	if (to > out)
		*to++ = '/';
	memcpy(to, path, strlen(path) + 1);
	return true;
}

static int visit_all(struct visit *v, struct err *e)
{
	char path[CARD_PATH_SIZE];
	struct manifest_entry entry;

	for (uint32_t i = 0; i < manifest_head(v->m)->nentries; i++) {
		manifest_entry(v->m, i, &entry);
		for (size_t t = 0; t < v->card->ntrees; t++)
			if (place_of(path, &v->card->trees[t], entry.path) && v->each(v, &entry, i, path, e))
				return -1;
	}
	return 0;
}

/* Readers of FAT tell no case, and neither does this; a profile is ASCII. */
static int look(struct visit *v, const struct manifest_entry *entry, uint32_t index, const char *path, struct err *e)
{
	(void)e;
	if (entry->type == ENTRY_FILE && !v->found && strcasecmp(path, v->wanted) == 0) {
		v->found = true;
		v->boot = index;
	}
	return 0;
}

static int check_need(struct visit *v, const char *wanted, const char *board, struct err *e)
{
	v->each = look;
	v->wanted = wanted;
	v->found = false;
	if (visit_all(v, e))
		return -1;
	return v->found ? 0 : err_set(e, VERDICT_WRONG_BOARD,
				      "the bundle has no %s for the card, without which %s does not start", wanted, board);
}

static int add_file(struct card *c, const struct manifest_entry *entry, uint32_t index, const char *path, struct err *e)
{
	struct card_file *file = &c->files[c->nfiles];

	file->entry = index;
	if (fat_tree_add(&c->volume.tree, path, false, entry->size, &file->node, e))
		return -1;
	c->nfiles++;
	c->file_bytes += entry->size;
	return 0;
}

static int add_boot(struct visit *v, const struct manifest_entry *entry, uint32_t index, const char *path, struct err *e)
{
	if (index != v->boot || strcasecmp(path, v->wanted) != 0)
		return 0;
	return add_file(v->out, entry, index, path, e);
}

static int add_other(struct visit *v, const struct manifest_entry *entry, uint32_t index, const char *path, struct err *e)
{
	char quoted[320];

	switch (entry->type) {
	case ENTRY_DIR:
		return fat_tree_add(&v->out->volume.tree, path, true, 0, NULL, e);
	case ENTRY_FILE:
		if (index == v->boot && strcasecmp(path, v->card->boot) == 0)
			return 0;
		return add_file(v->out, entry, index, path, e);
	case ENTRY_LINK:
	case ENTRY_ROOTLINK:
		break;
	}
	return err_set(e, VERDICT_UNSAFE_PATH, "%s is a link, and FAT has none",
		       err_quote(quoted, sizeof quoted, entry->path, strlen(entry->path)));
}

static int by_entry(const void *a, const void *b)
{
	const struct card_file *x = a, *y = b;

	return x->entry != y->entry ? (x->entry < y->entry ? -1 : 1) : (x->node < y->node ? -1 : x->node > y->node);
}

/* Directories that a tree goes to, though it may bring nothing but files in them, come into being by their files. */
static int add_all(struct card *c, const struct card_order *o, struct err *e)
{
	const struct board_card *card = &o->board->card;
	struct visit v = {.card = card, .m = o->manifest, .out = c, .boot = FAT_NONE};
	struct fat_tree *t = &c->volume.tree;

	for (size_t i = 0; i < card->nneeds; i++)
		if (check_need(&v, card->needs[i], o->board->id, e))
			return -1;
	v.boot = FAT_NONE;
	if (card->boot[0]) {
		if (check_need(&v, card->boot, o->board->id, e))
			return -1;
		v.each = add_boot;
		if (visit_all(&v, e))
			return -1;
	}
	if (fat_tree_add(t, manifest_path, false, manifest_text(o->manifest).len, &c->manifest, e) ||
	    fat_tree_add(t, signatures_path, false, o->signatures, &c->signatures, e))
		return -1;
	v.each = add_other;
	if (visit_all(&v, e))
		return -1;
	qsort(c->files, c->nfiles, sizeof *c->files, by_entry);
	c->bundle = FAT_NONE;
	if (!card->bundle)
		return 0;
	c->file_bytes += o->bundle;
	return fat_tree_add(t, bundle_path, false, o->bundle, &c->bundle, e);
}

/* With no size asked for: the profile's, and twice as much until all fits. */
static int find_size(struct card *c, const struct card_order *o, struct err *e)
{
	const struct board_card *card = &o->board->card;
	struct fat_volume *v = &c->volume;
	uint64_t size = o->size ? o->size : card->size, most = card->fat == 16 ? FAT16_BYTES_MAX : FAT32_BYTES_MAX;

	while (fat_layout(&v->geometry, &v->tree, card->fat, card->start, size, e)) {
		if (o->size || e->verdict != VERDICT_TOO_LARGE || size > most / 2)
			return -1;
		size *= 2;
	}
	c->note.size = size;
	return 0;
}

static void fill_note(struct card *c, const struct card_order *o)
{
	const struct fat_node *nodes = c->volume.tree.nodes;
	struct card_note *note = &c->note;

	snprintf(note->board, sizeof note->board, "%s", o->board->id);
	card_recipe(note->recipe, &o->board->card);
	note->manifest = nodes[c->manifest].size;
	note->manifest_at = card_at(c, c->manifest);
	note->signatures = nodes[c->signatures].size;
	note->signatures_at = card_at(c, c->signatures);
	if (c->bundle != FAT_NONE) {
		note->bundle = nodes[c->bundle].size;
		note->bundle_at = card_at(c, c->bundle);
	}
	card_note_put(c->volume.note, note);
}

int card_lay_out(struct card *c, const struct card_order *o, struct err *e)
{
	const struct board_card *card = &o->board->card;
	struct span text = manifest_text(o->manifest);
	unsigned char hash[HASH_SIZE];
	size_t places = (size_t)manifest_head(o->manifest)->nentries * (card->ntrees ? card->ntrees : 1);

	*c = (struct card){.bundle = FAT_NONE};
	if (fat_tree_init(&c->volume.tree, e))
		return -1;
	if (!card->known)
		return err_set(e, VERDICT_WRONG_BOARD, "no way to recover %s by a card is known: %s", o->board->id, card->reason);
	c->files = calloc(places + 1, sizeof *c->files);
	if (!c->files)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	hash_buffer(hash, text.at, text.len);
	c->volume.id = (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 | hash[3];
	c->volume.created = manifest_head(o->manifest)->created;
	snprintf(c->volume.label, sizeof c->volume.label, "%-11s", card->label);
	if (add_all(c, o, e) || fat_dir_measure(&c->volume.tree, e) || find_size(c, o, e))
		return -1;
	fill_note(c, o);
	return 0;
}

void card_free(struct card *c)
{
	fat_tree_free(&c->volume.tree);
	free(c->files);
	c->files = NULL;
}

uint64_t card_at(const struct card *c, uint32_t node)
{
	return fat_cluster_at(&c->volume.geometry, c->volume.tree.nodes[node].first);
}

static int write_whole(const struct card *c, uint32_t node, struct span bytes, struct medium *medium, struct err *e)
{
	if (medium->write(medium, card_at(c, node), bytes.at, bytes.len, e))
		return -1;
	return fat_volume_slack(&c->volume, node, medium, e);
}

int card_write_frame(const struct card *c, const struct manifest *m, struct span signatures, struct medium *medium, struct err *e)
{
	if (fat_volume_write(&c->volume, medium, e))
		return -1;
	return write_whole(c, c->manifest, manifest_text(m), medium, e) || write_whole(c, c->signatures, signatures, medium, e) ? -1 : 0;
}

int card_write_head(const struct card *c, struct medium *medium, struct err *e)
{
	const struct fat_geometry *g = &c->volume.geometry;
	unsigned char sector[FAT_SECTOR];

	fat_volume_boot(sector, &c->volume);
	if (medium->write(medium, (uint64_t)g->start * FAT_SECTOR, sector, sizeof sector, e))
		return -1;
	mbr_build(sector, g->start, g->total, g->bits == 32 ? MBR_FAT32 : MBR_FAT16, c->volume.id);
	return medium->write(medium, 0, sector, sizeof sector, e);
}

void card_recipe(unsigned char out[static HASH_SIZE], const struct board_card *card)
{
	char line[2 * CARD_PATH_MAX + 80];
	struct hash h;
	int n;

	hash_init(&h, HASH_SIZE);
	n = snprintf(line, sizeof line, "%" PRIu32 " %u %s /%s %d\n", card->start, card->fat, card->label, card->boot, card->bundle);
	hash_update(&h, line, (size_t)n);
	for (size_t i = 0; i < card->ntrees; i++) {
		n = snprintf(line, sizeof line, "/%s /%s\n", card->trees[i].from, card->trees[i].to);
		hash_update(&h, line, (size_t)n);
	}
	hash_final(&h, out, HASH_SIZE);
}
