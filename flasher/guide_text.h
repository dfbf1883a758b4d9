/* SPDX-License-Identifier: ISC */
/* The guide's sentences, in each language. */
#ifndef FLASHER_GUIDE_TEXT_H
#define FLASHER_GUIDE_TEXT_H

#include "boards/card.h"
#include "flasher/guide.h"

enum guide_phrase {
	GUIDE_TITLE,        /* what the sheet is */
	GUIDE_CARD,         /* what the card is to be: `%s' stands for the sizes and names, see guide.c */
	GUIDE_PREPARE,      /* heading: before it is used */
	GUIDE_CHECK,        /* verify the card */
	GUIDE_STEPS,        /* heading */
	GUIDE_WARNINGS,     /* heading */
	GUIDE_INFERRED,     /* where the profile says so: nobody has seen such a board start from a card */
	GUIDE_SILENT,       /* where LEDs are to be waited for: what to do when they do nothing */
	GUIDE_LEDS_NO_PROOF,
	GUIDE_NEIGHBOURS,   /* why a network of its own */
	GUIDE_SETTINGS,     /* why the settings are wiped */
	GUIDE_NOTES,        /* heading of the lines to write on */
	GUIDE_FIELDS,       /* board's serial, card's serial, date, name */
	GUIDE_LABEL, GUIDE_BOOT, GUIDE_BUNDLE, /* the card's facts */
	GUIDE_PHRASES,
};

struct guide_text {
	const char *code;                   /* "en" */
	const char *phrases[GUIDE_PHRASES];
	const char *acts[CARD_ACTS];        /* `@' stands for the argument */
};

extern const struct guide_text guide_texts[GUIDE_LANGUAGES];

#endif
