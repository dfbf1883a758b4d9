/* SPDX-License-Identifier: ISC */
/* Seven short lines. */
#include "flasher/card_note.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/manifest.h"
#include "core/reader.h"

#define CARD_BYTES_MAX (UINT64_C(1) << 41) /* 2 TiB */

void card_note_put(unsigned char out[static CARD_NOTE_SIZE], const struct card_note *note)
{
	char recipe[HASH_HEX + 1], text[CARD_NOTE_SIZE];
	int n;

	text_put_hash(recipe, note->recipe);
	n = snprintf(text, sizeof text,
		     "firmseal-card 1\nboard %s\nrecipe %s\nsize %" PRIu64 "\nmanifest %" PRIu64 " %" PRIu64 "\nsignatures %" PRIu64
		     " %" PRIu64 "\nbundle %" PRIu64 " %" PRIu64 "\n",
		     note->board, recipe, note->size, note->manifest_at, note->manifest, note->signatures_at, note->signatures,
		     note->bundle_at, note->bundle);
	memset(out, 0, CARD_NOTE_SIZE);
	memcpy(out, text, n > 0 && (size_t)n < sizeof text ? (size_t)n : 0); /* at most 370 bytes */
}

/* A line: WORD and N numbers, or a text. */
struct lines {
	struct span left;
};

static size_t take_line(struct lines *l, const char *word, struct span fields[static 3])
{
	const char *end = memchr(l->left.at, '\n', l->left.len);
	struct span line = {l->left.at, end ? (size_t)(end - l->left.at) : 0};
	size_t n = end ? text_fields(line, fields, 3) : 0;

	if (n == 0 || !span_is(fields[0], word))
		return 0;
	l->left = (struct span){end + 1, l->left.len - line.len - 1};
	return n;
}

static bool take_place(struct lines *l, const char *word, uint64_t *at, uint64_t *len)
{
	struct span f[3];

	return take_line(l, word, f) == 3 && text_number(at, f[1], CARD_BYTES_MAX) == 0 &&
	       text_number(len, f[2], CARD_BYTES_MAX) == 0;
}

static bool take_head(struct lines *l, struct card_note *note)
{
	struct span f[3];

	if (take_line(l, "firmseal-card", f) != 2 || !span_is(f[1], "1"))
		return false;
	if (take_line(l, "board", f) != 2 || !text_is_name(f[1]))
		return false;
	memcpy(note->board, f[1].at, f[1].len);
	note->board[f[1].len] = '\0';
	if (take_line(l, "recipe", f) != 2 || text_hash(note->recipe, f[1]))
		return false;
	return take_line(l, "size", f) == 2 && text_number(&note->size, f[1], CARD_BYTES_MAX) == 0;
}

int card_note_take(struct card_note *note, const unsigned char bytes[static CARD_NOTE_SIZE], struct err *e)
{
	struct lines l = {{(const char *)bytes, CARD_NOTE_SIZE}};
	unsigned char again[CARD_NOTE_SIZE];

	memset(note, 0, sizeof *note);
	if (!take_head(&l, note) || !take_place(&l, "manifest", &note->manifest_at, &note->manifest) ||
	    !take_place(&l, "signatures", &note->signatures_at, &note->signatures) ||
	    !take_place(&l, "bundle", &note->bundle_at, &note->bundle))
		return err_set(e, VERDICT_NOT_A_BUNDLE, "this is no card that firmflash has finished");
	card_note_put(again, note);
	if (memcmp(again, bytes, CARD_NOTE_SIZE) != 0)
		return err_set(e, VERDICT_NOT_A_BUNDLE, "the card's note has something behind it");
	if (note->manifest > MANIFEST_MAX || note->signatures > READER_SIGNATURES_MAX)
		return err_set(e, VERDICT_TOO_LARGE, "the card's note tells of a manifest that is too large");
	return 0;
}
