/* SPDX-License-Identifier: ISC */
/* The recovery card of a board, as its profile tells it: what goes on it and where, and what a technician does with it. */
#ifndef BOARDS_CARD_H
#define BOARDS_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/text.h"

enum {
	CARD_TREES_MAX = 8,
	CARD_NEEDS_MAX = 8,
	CARD_STEPS_MAX = 24,
	CARD_PATH_MAX = 100,     /* bytes of a path in the image's tree or on the card */
	CARD_LABEL_MAX = 11,     /* of a FAT volume label */
	CARD_REASON_MAX = 120,
	CARD_ARG_MAX = 24,       /* bytes of what follows a step's word */
	CARD_START_DEFAULT = 8192, /* LBA: 4 MiB, where the erase blocks of most cards begin */
};

/* All that lies beneath FROM in the image's tree goes beneath TO on the card; "" is the root, of either. */
struct card_tree {
	char from[CARD_PATH_MAX + 1];
	char to[CARD_PATH_MAX + 1];
};

/* What a technician does, in the order of the profile. The sentences are flasher/guide.c's, in each of its languages. */
enum card_act {
	CARD_POWER_OFF,
	CARD_POWER_ON,
	CARD_NETWORK_OFF,      /* the cable comes out; with it in, the board does not update */
	CARD_NETWORK_ALONE,    /* a network of its own: no infected neighbour may reach it */
	CARD_JUMPER,           /* ARG is its name: one step over */
	CARD_JUMPER_BACK,
	CARD_INSERT,
	CARD_REMOVE,
	CARD_WAIT,             /* ARG is seconds */
	CARD_LEDS_TOGETHER,    /* red and green flash together: the script has ended, well or not */
	CARD_LEDS_BLINK,       /* red and green blink */
	CARD_REFLASH,          /* over the web page, wiping the settings */
	CARD_ACTS,
};

struct card_step {
	enum card_act act;
	char arg[CARD_ARG_MAX + 1];
};

/* Plain record. */
struct board_card {
	bool known;                 /* a card can be made; else REASON says why not */
	char reason[CARD_REASON_MAX + 1];
	uint32_t start;             /* LBA of the partition */
	unsigned fat;               /* 16 or 32 */
	uint64_t size;              /* bytes of the smallest card that is laid out */
	char label[CARD_LABEL_MAX + 1];
	char boot[CARD_PATH_MAX + 1]; /* this file lies first, and must be there; "" when the board asks for none */
	struct card_tree trees[CARD_TREES_MAX];
	size_t ntrees;
	char needs[CARD_NEEDS_MAX][CARD_PATH_MAX + 1]; /* further files that must be on the card */
	size_t nneeds;
	bool entry_inferred;        /* how the board is made to start from the card is reasoned from its relatives, seen on none of its kind */
	bool bundle;                /* the bundle itself goes along, for a recovery system that runs firmverify */
	struct card_step steps[CARD_STEPS_MAX];
	size_t nsteps;
	unsigned seen;              /* a bit a directive; the parser's own */
};

/* The word of ACT as it stands in a profile. */
const char *card_act_word(enum card_act act);

/* Takes what follows `card ' in a profile. Returns NULL, or what is wrong with it, to be said with the line. */
const char *card_line(struct board_card *card, struct span value);

/* Looks at the whole, when the profile ends, and fills in what was not said. Returns NULL, or what is wrong. A profile without any
 * `card' line is fine: no card is known for its board. */
const char *card_check(struct board_card *card);

#endif
