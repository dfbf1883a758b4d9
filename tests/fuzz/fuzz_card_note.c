/* SPDX-License-Identifier: ISC */
/* The note of a card that may be anybody's: what is accepted has one spelling, and bounded sizes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/manifest.h"
#include "core/reader.h"
#include "flasher/card_note.h"
#include "flasher/mbr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char sector[CARD_NOTE_SIZE] = {0}, again[CARD_NOTE_SIZE];
	struct card_note note;
	struct err e = {0};
	uint32_t start;

	if (size > 0)
		memcpy(sector, data, size < sizeof sector ? size : sizeof sector);
	(void)mbr_start(&start, sector);
	if (card_note_take(&note, sector, &e) != 0) {
		if (e.verdict != VERDICT_NOT_A_BUNDLE && e.verdict != VERDICT_TOO_LARGE)
			abort();
		return 0;
	}
	card_note_put(again, &note);
	if (memcmp(again, sector, sizeof sector) != 0 || note.manifest > MANIFEST_MAX || note.signatures > READER_SIGNATURES_MAX)
		abort();
	return 0;
}
