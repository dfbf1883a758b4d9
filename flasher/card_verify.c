/* SPDX-License-Identifier: ISC */
/* Note, manifest, signature; then everything laid out again. */
#include "flasher/card_verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/chunks.h"
#include "core/policy.h"
#include "core/progress.h"
#include "flasher/card.h"
#include "flasher/card_place.h"
#include "flasher/mbr.h"

enum { BUFFER = 1 << 20, THREADS_MAX = 64 };

struct checking {
	struct card_state *state;
	const struct card_check *how;
	int fd;
	struct board board;
	struct card card;
	struct manifest *m;
	char *signatures;
	struct medium_compare medium;
	struct progress progress;
	uint64_t done;           /* bytes of files looked at, for progress */
	bool bad_file;
	bool bad_bundle;
	struct err first;        /* why the bundle is bad */
};

/* --- what differs --- */

static void add(struct checking *k, uint64_t at, uint64_t len, const char *what)
{
	struct card_state *s = k->state;
	struct card_difference *d;

	if (s->ndifferences++ >= CARD_DIFFERENCES_MAX)
		return;
	d = &s->differences[s->ndifferences - 1];
	d->at = at;
	d->len = len;
	snprintf(d->what, sizeof d->what, "%s", what);
}

static void differs(void *owner, uint64_t at, uint64_t len)
{
	struct checking *k = owner;
	char what[sizeof k->state->differences->what];

	card_place(what, sizeof what, &k->card, at);
	add(k, at, len, what);
}

/* --- what is on it --- */

static int read_note(struct card_note *note, int fd, struct err *e)
{
	unsigned char sector[MBR_SIZE];
	uint32_t start;

	if (medium_read(fd, 0, sector, sizeof sector, e))
		return -1;
	if (!mbr_start(&start, sector))
		return err_set(e, VERDICT_NOT_A_BUNDLE, "it has no MBR: no recovery card, or one that was never finished");
	if (medium_read(fd, ((uint64_t)start + FAT_NOTE) * FAT_SECTOR, sector, sizeof sector, e))
		return -1;
	return card_note_take(note, sector, e);
}

static char *read_text(int fd, uint64_t at, uint64_t len, struct err *e)
{
	char *text = malloc((size_t)len + 1); /* card_note_take has seen to LEN */

	if (!text) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		return NULL;
	}
	if (medium_read(fd, at, text, (size_t)len, e)) {
		free(text);
		return NULL;
	}
	text[len] = '\0';
	return text;
}

/* Manifest and signatures, and whether to believe them. The keyring's serial and floor count as for an install: a card of the drawer that a
 * board with this keyring would refuse is not a good card. */
static int authenticate(struct checking *k, const struct card_note *note, struct err *e)
{
	struct card_made *made = &k->state->made;
	char *text = read_text(k->fd, note->manifest_at, note->manifest, e);
	struct span span = {text, (size_t)note->manifest};

	k->signatures = text ? read_text(k->fd, note->signatures_at, note->signatures, e) : NULL;
	if (!k->signatures) {
		free(text);
		return -1;
	}
	hash_buffer(made->manifest, text, span.len);
	if (trust_authenticate(&k->m, &made->signers, k->how->trust, text, span.len, (struct span){k->signatures, (size_t)note->signatures},
			       TRUST_INSTALL, e) != ACCEPTED)
		return -1;
	made->head = *manifest_head(k->m);
	snprintf(made->board, sizeof made->board, "%s", note->board);
	return 0;
}

/* The note's word on the board is held against the manifest; how a card for that board looks is this machine's profile to say. */
static int lay_out(struct checking *k, const struct card_note *note, struct err *e)
{
	struct policy policy = {.board = note->board, .any_revision = true};
	struct card_order order = {&k->board, k->m, note->signatures, note->bundle, note->size};
	unsigned char recipe[HASH_SIZE];

	if (k->how->board && strcmp(k->how->board, note->board) != 0)
		return err_set(e, VERDICT_WRONG_BOARD, "the card is for %s, not for %s", note->board, k->how->board);
	if (policy_check(&policy, k->m, e) != ACCEPTED || board_find(&k->board, k->how->dirs, note->board, e))
		return -1;
	card_recipe(recipe, &k->board.card);
	if (!crypto_equal(recipe, note->recipe, HASH_SIZE))
		return err_set(e, VERDICT_PAYLOAD_MISMATCH,
			       "the card was laid out by another profile of %s than the one here (--boards DIR names another)", note->board);
	return card_lay_out(&k->card, &order, e);
}

/* --- every byte --- */

static int check_file(struct checking *k, const struct card_file *file, unsigned char *buf, struct err *e)
{
	const struct fat_node *node = &k->card.volume.tree.nodes[file->node];
	unsigned char found[HASH_SIZE];
	struct manifest_entry entry;
	struct hash hash;
	char what[340];

	manifest_entry(k->m, file->entry, &entry);
	hash_init(&hash, HASH_SIZE);
	for (uint64_t at = 0; at < node->size;) {
		size_t n = node->size - at < BUFFER ? (size_t)(node->size - at) : BUFFER;

		if (medium_read(k->fd, card_at(&k->card, file->node) + at, buf, n, e))
			return -1;
		hash_update(&hash, buf, n);
		at += n;
		k->done += n;
		progress_update(&k->progress, k->done);
	}
	hash_final(&hash, found, HASH_SIZE);
	if (!crypto_equal(found, entry.hash, HASH_SIZE)) {
		k->bad_file = true;
		card_place(what, sizeof what, &k->card, card_at(&k->card, file->node));
		add(k, card_at(&k->card, file->node), node->size, what);
	}
	return node->size ? fat_volume_slack(&k->card.volume, file->node, &k->medium.base, e) : 0;
}

static int by_place(const void *a, const void *b)
{
	const struct card_file *x = a, *y = b;

	return x->node < y->node ? -1 : x->node > y->node;
}

static int check_files(struct checking *k, struct err *e)
{
	unsigned char *buf = malloc(BUFFER);
	int rc = buf ? 0 : err_set(e, VERDICT_SYSTEM, "out of memory");

	qsort(k->card.files, k->card.nfiles, sizeof *k->card.files, by_place); /* along the card */
	for (uint32_t i = 0; rc == 0 && i < k->card.nfiles; i++)
		rc = check_file(k, &k->card.files[i], buf, e);
	free(buf);
	return rc;
}

/* The bundle's place on the card, as a source. */
struct region {
	struct source base;
	struct checking *k;
	uint64_t at, left;
	struct hash hash;        /* of what was read, when a receipt wants it */
};

static int region_read(struct source *s, void *buf, size_t len, size_t *got, struct err *e)
{
	struct region *r = (struct region *)s;

	*got = len < r->left ? len : (size_t)r->left;
	if (medium_read(r->k->fd, r->at, buf, *got, e))
		return -1;
	if (r->k->how->hash_bundle)
		hash_update(&r->hash, buf, *got);
	r->at += *got;
	r->left -= *got;
	r->k->done += *got;
	return 0;
}

static int authenticate_rest(struct reader *r, struct err *e)
{
	return reader_authenticate(r, e) == 0 && reader_complete(r, e) == ACCEPTED ? 0 : -1;
}

/* The whole bundle, whose own verdict counts. It must be the one that the card was laid out from. */
static int check_bundle(struct checking *k, struct err *e)
{
	const struct fat_node *node = &k->card.volume.tree.nodes[k->card.bundle];
	struct region region = {.base = {region_read}, .k = k, .at = card_at(&k->card, k->card.bundle), .left = node->size};
	struct reader *reader = NULL;
	struct span own = manifest_text(k->m), other;
	struct err why = {.verdict = VERDICT_SYSTEM};
	struct card_made *made = &k->state->made;
	char what[340];
	int rc;

	hash_init(&region.hash, HASH_SIZE);
	rc = reader_open(&reader, &region.base, k->how->trust, &policy_none, chunks_threads(THREADS_MAX), &why);

	if (rc == 0) {
		other = manifest_text(reader_manifest(reader));
		rc = own.len == other.len && memcmp(own.at, other.at, own.len) == 0
			     ? authenticate_rest(reader, &why)
			     : err_set(&why, VERDICT_PAYLOAD_MISMATCH, "it is another one than the card was made from");
	}
	reader_free(&reader);
	if (rc != 0 && why.verdict == VERDICT_SYSTEM) {
		*e = why;
		return -1;
	}
	if (rc != 0) {
		k->first = why;
		k->bad_bundle = true;
		snprintf(what, sizeof what, "the bundle: %s: %.200s", verdict_word(why.verdict), why.message);
		add(k, card_at(&k->card, k->card.bundle), node->size, what);
	} else if (k->how->hash_bundle) {
		hash_final(&region.hash, made->bundle, HASH_SIZE);
		made->have_bundle = true;
	}
	return fat_volume_slack(&k->card.volume, k->card.bundle, &k->medium.base, e);
}

static int check_all(struct checking *k, struct err *e)
{
	const struct card *c = &k->card;
	struct span signatures = {k->signatures, (size_t)c->note.signatures};

	if (medium_compare_init(&k->medium, k->fd, differs, k, e) ||
	    card_write_frame(c, k->m, signatures, &k->medium.base, e) || card_write_head(c, &k->medium.base, e))
		return -1;
	progress_begin(&k->progress, "verifying", c->file_bytes, k->how->quiet);
	if (check_files(k, e) || (c->bundle != FAT_NONE && check_bundle(k, e))) {
		progress_end(&k->progress);
		return -1;
	}
	progress_end(&k->progress);
	return 0;
}

/* What a computer changes that has a card mounted: FATs, directories, marks that it is in use; behind the partition's start, and no file. */
static bool may_have_been_mounted(const struct checking *k)
{
	const struct card_state *s = k->state;

	for (size_t i = 0; i < s->ndifferences && i < CARD_DIFFERENCES_MAX; i++)
		if (s->differences[i].at < (uint64_t)s->made.start * MBR_SIZE)
			return false;
	return !k->bad_file && !k->bad_bundle;
}

/* The one verdict of all differences: what the bundle says, else a file's, else the frame's. */
static int judge(const struct checking *k, struct err *e)
{
	const struct card_state *s = k->state;
	const struct card_difference *d = s->differences;
	enum verdict verdict = k->bad_bundle ? k->first.verdict : k->bad_file ? VERDICT_FILE_HASH : VERDICT_PAYLOAD_MISMATCH;

	if (s->ndifferences == 0)
		return 0;
	return err_set(e, verdict, "%zu place%s not what was signed; the first, %" PRIu64 " bytes at byte %" PRIu64 ": %s%s",
		       s->ndifferences, s->ndifferences == 1 ? " is" : "s are", d->len, d->at, d->what,
		       may_have_been_mounted(k) ? ". All files are right: a computer may have written there that the card was in" : "");
}

static void sum_up(struct checking *k)
{
	const struct card *c = &k->card;
	struct card_made *made = &k->state->made;

	made->files = c->nfiles + (c->bundle != FAT_NONE);
	made->bytes = c->file_bytes;
	made->size = c->note.size;
	made->used = fat_used_end(&c->volume.geometry);
	made->start = c->volume.geometry.start;
	k->state->unused = made->size - made->used;
}

int card_verify(struct card_state *state, bool *known, int fd, const struct card_check *how, struct err *e)
{
	struct checking k = {.state = state, .how = how, .fd = fd};
	struct card_note note;
	int rc = -1;

	*known = false;
	*state = (struct card_state){.ndifferences = 0};
	if (read_note(&note, fd, e) || authenticate(&k, &note, e))
		goto out;
	*known = true;
	if (lay_out(&k, &note, e))
		goto out;
	sum_up(&k);
	if (check_all(&k, e) || judge(&k, e))
		goto out;
	rc = 0;
out:
	medium_compare_free(&k.medium);
	card_free(&k.card);
	manifest_free(&k.m);
	free(k.signatures);
	return rc;
}
