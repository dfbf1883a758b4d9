/* SPDX-License-Identifier: ISC */
/* Which bundle does a card hold, who signed it, and is every byte still right? The card's own FAT is not believed: what the card should
 * hold is laid out again from the signed manifest found on it, and compared. */
#ifndef FLASHER_CARD_VERIFY_H
#define FLASHER_CARD_VERIFY_H

#include "flasher/card_make.h"

enum { CARD_DIFFERENCES_MAX = 32 };

/* Bytes that are not what they should be. */
struct card_difference {
	uint64_t at, len;        /* on the card */
	char what[340];          /* where that is: "the file \"uImage\"", "the first FAT"; quoted */
};

struct card_check {
	const struct board_dirs *dirs; /* where the profile of the board that the card names is looked for */
	const char *board;             /* the card must be for it; NULL: for whichever */
	const struct trust *trust;
	bool hash_bundle;              /* of the one that rides along, for a receipt */
	bool quiet;
};

struct card_state {
	struct card_made made;
	uint64_t unused;         /* bytes of the card that hold nothing, and were not looked at */
	struct card_difference differences[CARD_DIFFERENCES_MAX];
	size_t ndifferences;     /* all that were found; no more than CARD_DIFFERENCES_MAX are kept */
};

/* Looks at the card, or image, FD. Returns 0 when all is right; or -1, and MADE is filled in as soon as a trusted signature was found
 * (*KNOWN): not-a-bundle (no finished card), what a signature can be refused for, wrong-board, payload-mismatch (frame, slack, or a
 * card laid out by another profile), file-hash, truncated, or the bundle's own verdict. */
MUST_CHECK int card_verify(struct card_state *state, bool *known, int fd, const struct card_check *how, struct err *e);

#endif
