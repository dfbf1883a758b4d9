/* SPDX-License-Identifier: ISC */
/* What a technician does with a recovery card, from the board's profile, in the technician's language: on the terminal, and as a sheet
 * of one page for the wall. */
#ifndef FLASHER_GUIDE_H
#define FLASHER_GUIDE_H

#include <stdio.h>

#include "boards/board.h"

enum guide_language { GUIDE_ENGLISH, GUIDE_RUSSIAN, GUIDE_LANGUAGES };

/* The language named "en" or "ru"; GUIDE_LANGUAGES when it is another. */
enum guide_language guide_language(const char *word);

/* The steps, numbered, a line each. The board's card must be known. */
void guide_steps(FILE *out, const struct board *b, enum guide_language l);

/* The sheet: HTML with nothing to load, one page of A4. */
void guide_sheet(FILE *out, const struct board *b, enum guide_language l);

/* Board, label, boot file and steps as JSON; the step's word, its argument, and the sentence. */
void guide_json(FILE *out, const struct board *b, enum guide_language l);

#endif
