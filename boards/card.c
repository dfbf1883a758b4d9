/* SPDX-License-Identifier: ISC */
/* Reads the `card' lines of a board profile. */
#include "boards/card.h"

#include <string.h>

#include "core/path.h"

#define MIB ((uint64_t)1 << 20)
#define SIZE_MAX_MIB (UINT64_C(2) << 20) /* 2 TiB: what an MBR can address */

static const struct {
	const char *word;
	bool arg;
} acts[CARD_ACTS] = {
	[CARD_POWER_OFF] = {"power-off", false},
	[CARD_POWER_ON] = {"power-on", false},
	[CARD_NETWORK_OFF] = {"network-off", false},
	[CARD_NETWORK_ALONE] = {"network-alone", false},
	[CARD_JUMPER] = {"jumper", true},
	[CARD_JUMPER_BACK] = {"jumper-back", true},
	[CARD_INSERT] = {"insert", false},
	[CARD_REMOVE] = {"remove", false},
	[CARD_WAIT] = {"wait", true},
	[CARD_LEDS_TOGETHER] = {"leds-together", false},
	[CARD_LEDS_BLINK] = {"leds-blink", false},
	[CARD_REFLASH] = {"reflash", false},
};

const char *card_act_word(enum card_act act)
{
	return act < CARD_ACTS ? acts[act].word : "?";
}

static int copy(char *out, size_t max, struct span value)
{
	if (value.len == 0 || value.len > max)
		return -1;
	memcpy(out, value.at, value.len);
	out[value.len] = '\0';
	return 0;
}

/* A path as in a bundle; "/" for the root, kept as "". */
static const char *take_path(char out[static CARD_PATH_MAX + 1], struct span value, bool root)
{
	if (root && span_is(value, "/")) {
		out[0] = '\0';
		return NULL;
	}
	if (copy(out, CARD_PATH_MAX, value) || path_fault(value.at, value.len, false) != PATH_FINE)
		return "not a relative path:";
	return NULL;
}

static const char *on_none(struct board_card *c, struct span value)
{
	return copy(c->reason, CARD_REASON_MAX, value) ? "too long a reason:" : NULL;
}

static const char *on_start(struct board_card *c, struct span value)
{
	uint64_t n;

	if (text_number(&n, value, 65536) || n < 63)
		return "a partition starts at sector 63 to 65536, not at";
	c->start = (uint32_t)n;
	return NULL;
}

static const char *on_fat(struct board_card *c, struct span value)
{
	c->fat = span_is(value, "16") ? 16 : 32;
	return c->fat == 16 || span_is(value, "32") ? NULL : "the FAT is 16 or 32, not";
}

static const char *on_size(struct board_card *c, struct span value)
{
	uint64_t n;

	if (value.len < 2 || value.at[value.len - 1] != 'M' ||
	    text_number(&n, (struct span){value.at, value.len - 1}, SIZE_MAX_MIB) || n == 0)
		return "a size is a number of MiB and the letter M, not";
	c->size = n * MIB;
	return NULL;
}

static const char *on_label(struct board_card *c, struct span value)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	if (copy(c->label, CARD_LABEL_MAX, value) || strspn(c->label, allowed) != value.len)
		return "a label is 1 to 11 of A-Z, 0-9, _ and -, not";
	return NULL;
}

static const char *on_boot(struct board_card *c, struct span value)
{
	return take_path(c->boot, value, false);
}

static const char *on_tree(struct board_card *c, struct span value)
{
	struct card_tree *tree = &c->trees[c->ntrees];
	struct span fields[2];
	const char *wrong;

	if (c->ntrees == CARD_TREES_MAX)
		return "one tree too many:";
	if (text_fields(value, fields, 2) != 2)
		return "`card tree' wants a directory of the image and one of the card, not";
	wrong = take_path(tree->from, fields[0], true);
	if (!wrong)
		wrong = take_path(tree->to, fields[1], true);
	if (!wrong)
		c->ntrees++;
	return wrong;
}

static const char *on_need(struct board_card *c, struct span value)
{
	const char *wrong;

	if (c->nneeds == CARD_NEEDS_MAX)
		return "one needed file too many:";
	wrong = take_path(c->needs[c->nneeds], value, false);
	c->nneeds += !wrong;
	return wrong;
}

static const char *on_carry(struct board_card *c, struct span value)
{
	c->bundle = true;
	return span_is(value, "bundle") ? NULL : "a card carries the `bundle', not";
}

static const char *on_inferred(struct board_card *c, struct span value)
{
	c->entry_inferred = true;
	return span_is(value, "entry") ? NULL : "what is inferred is the `entry', not";
}

static const char *on_step(struct board_card *c, struct span value)
{
	struct card_step *step = &c->steps[c->nsteps];
	struct span fields[2];
	size_t n = text_fields(value, fields, 2);
	uint64_t seconds;

	if (c->nsteps == CARD_STEPS_MAX)
		return "one step too many:";
	for (size_t i = 0; n > 0 && i < CARD_ACTS; i++) {
		if (!span_is(fields[0], acts[i].word) || acts[i].arg != (n == 2))
			continue;
		if (n == 2 && (!text_is_name(fields[1]) || copy(step->arg, CARD_ARG_MAX, fields[1])))
			break;
		if (i == CARD_WAIT && (text_number(&seconds, fields[1], 86400) || seconds == 0))
			break;
		step->act = (enum card_act)i;
		c->nsteps++;
		return NULL;
	}
	return "not a step, or not its argument:";
}

static const struct {
	const char *word;
	bool many;
	const char *(*take)(struct board_card *c, struct span value);
} lines[] = {
	{"none", false, on_none},   {"start", false, on_start}, {"fat", false, on_fat},
	{"size", false, on_size},   {"label", false, on_label}, {"boot", false, on_boot},
	{"carry", false, on_carry}, {"tree", true, on_tree},    {"need", true, on_need},
	{"step", true, on_step},    {"inferred", false, on_inferred},
};
enum { NLINES = sizeof lines / sizeof *lines, NONE = 1u << 0 };

const char *card_line(struct board_card *card, struct span value)
{
	for (size_t i = 0; i < NLINES; i++) {
		size_t n = strlen(lines[i].word);

		if (value.len < n + 2 || memcmp(value.at, lines[i].word, n) != 0 || value.at[n] != ' ')
			continue;
		if (!lines[i].many && card->seen & 1u << i)
			return "said twice:";
		card->seen |= 1u << i;
		return lines[i].take(card, (struct span){value.at + n + 1, value.len - n - 1});
	}
	return "nothing that can be said of a card:";
}

const char *card_check(struct board_card *card)
{
	if (card->seen & NONE && card->seen != NONE)
		return "`card none' is said, and then more of the card";
	if (card->seen == 0 || card->seen & NONE) {
		if (card->seen == 0)
			memcpy(card->reason, "its profile tells of none", sizeof "its profile tells of none");
		return NULL;
	}
	if (card->ntrees == 0)
		return "a card without a `card tree'";
	card->known = true;
	if (!card->start)
		card->start = CARD_START_DEFAULT;
	if (!card->fat)
		card->fat = 32;
	if (!card->size)
		card->size = (card->fat == 32 ? 512 : 256) * MIB;
	if (!card->label[0])
		memcpy(card->label, "RECOVERY", sizeof "RECOVERY");
	return NULL;
}
