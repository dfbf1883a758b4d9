/* SPDX-License-Identifier: ISC */
/* The note in a card's reserved sectors: where the signed manifest lies, so that a card can be checked without believing its FAT. The
 * note itself is signed by nobody: what it says is only a place to look, and the whole card is laid out again and compared. */
#ifndef FLASHER_CARD_NOTE_H
#define FLASHER_CARD_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/text.h"

enum { CARD_NOTE_SIZE = 512 };

struct card_note {
	char board[TEXT_NAME_MAX + 1];
	unsigned char recipe[HASH_SIZE]; /* of the profile's card, see card_recipe */
	uint64_t size;                   /* bytes of the card as it was laid out */
	uint64_t manifest, signatures, bundle;    /* bytes of each; BUNDLE 0: it is not on the card */
	uint64_t manifest_at, signatures_at, bundle_at; /* bytes from the card's first */
};

/* Writes the one text that stands for NOTE, zeros behind it. */
void card_note_put(unsigned char out[static CARD_NOTE_SIZE], const struct card_note *note);

/* Reads it, strictly. Returns 0, or -1: not-a-bundle (it is no such note), too-large. */
MUST_CHECK int card_note_take(struct card_note *note, const unsigned char bytes[static CARD_NOTE_SIZE], struct err *e);

#endif
