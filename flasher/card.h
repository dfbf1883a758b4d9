/* SPDX-License-Identifier: ISC */
/* A recovery card, laid out: from the signed manifest and the board's profile alone, before a byte of the payload has come. */
#ifndef FLASHER_CARD_H
#define FLASHER_CARD_H

#include <stdint.h>

#include "boards/board.h"
#include "core/manifest.h"
#include "flasher/card_note.h"
#include "flasher/fat_volume.h"

/* A file of the image that goes on the card, perhaps at several places. */
struct card_file {
	uint32_t entry;      /* in the manifest */
	uint32_t node;       /* in the volume's tree */
};

struct card {
	struct fat_volume volume;
	struct card_note note;
	struct card_file *files; /* by entry, in the order in which their bytes come */
	uint32_t nfiles;
	uint32_t manifest, signatures, bundle; /* nodes; BUNDLE is FAT_NONE when it does not go along */
	uint64_t file_bytes; /* of all files on the card */
};

/* What is laid out. SIGNATURES and BUNDLE in bytes; SIZE of the card, or 0: the smallest power of two that holds it and that
 * the profile allows. */
struct card_order {
	const struct board *board;
	const struct manifest *manifest;
	uint64_t signatures, bundle;
	uint64_t size;
};

/* Returns 0, or -1: wrong-board (no way is known for this board, or the image lacks a file its card needs), unsafe-path, too-large.
 * card_free is due in either case. */
MUST_CHECK int card_lay_out(struct card *c, const struct card_order *order, struct err *e);
void card_free(struct card *c);

/* All but the files of the image, the bundle, the boot sector and the MBR: the frame, manifest and signatures. */
MUST_CHECK int card_write_frame(const struct card *c, const struct manifest *m, struct span signatures, struct medium *medium, struct err *e);
/* The boot sector, and then the MBR: with them the card starts a board. */
MUST_CHECK int card_write_head(const struct card *c, struct medium *medium, struct err *e);

/* The byte of the card at which a node's content begins. */
uint64_t card_at(const struct card *c, uint32_t node);

/* What makes two profiles lay out alike: a hash of all in CARD that has a say in it. */
void card_recipe(unsigned char out[static HASH_SIZE], const struct board_card *card);

#endif
