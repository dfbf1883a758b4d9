/* SPDX-License-Identifier: ISC */
/* A bundle in, a card's image out, in one pass: verified while it is written, and not able to start a board until all of it was. */
#ifndef FLASHER_CARD_MAKE_H
#define FLASHER_CARD_MAKE_H

#include "boards/board.h"
#include "core/reader.h"
#include "flasher/interrupt.h"

struct card_wish {
	const struct board *board;
	uint64_t revision;       /* of the board, when HAVE_REVISION; else any that the bundle is for */
	bool have_revision;
	const struct trust *trust;
	uint64_t size;           /* bytes of the card; 0: as small as the profile allows */
	bool hash_bundle;        /* for a receipt */
	bool quiet;
	struct interrupt *interrupt; /* under watch: a signal is a failure */
};

/* What was made, for people and receipts. Plain record. */
struct card_made {
	char board[TEXT_NAME_MAX + 1];
	struct manifest_head head;
	struct signers signers;
	unsigned char manifest[HASH_SIZE]; /* of the signed text */
	unsigned char bundle[HASH_SIZE];   /* of the whole file; when HAVE_BUNDLE */
	bool have_bundle;
	uint32_t files;          /* on the card */
	uint64_t bytes;          /* in them */
	uint64_t size;           /* of the card as laid out */
	uint64_t used;           /* bytes from the card's start; behind them nothing is written */
	uint32_t start;          /* LBA of the volume: its boot sector comes last but one */
};

/* Reads a bundle from BUNDLE and makes the image in IMAGE, a new and empty file. Returns 0; or -1, and then IMAGE is to be thrown
 * away: the reader's verdicts, wrong-board, unsafe-path, too-large, system. */
MUST_CHECK int card_make(struct card_made *made, int image, int bundle, const struct card_wish *wish, struct err *e);

#endif
