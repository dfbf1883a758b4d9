/* SPDX-License-Identifier: ISC */
/* Where `scan' looks: ranges from the command line, from files and from standard input, with what their lists say of the
 * places: site, rack, tags, and whose password is good there. */
#ifndef FLASHER_TARGETS_H
#define FLASHER_TARGETS_H

#include "flasher/inventory.h"
#include "flasher/ranges.h"

enum {
	TARGETS_FILE_MAX = 16 << 20,  /* bytes of one list */
	TARGETS_NOTES_MAX = 1 << 20,
};

/* What a list says of the addresses of one of its lines. "" is nothing. */
struct target_note {
	char site[TEXT_NAME_MAX + 1], rack[TEXT_NAME_MAX + 1];
	char tags[INVENTORY_TAGS_MAX][TEXT_NAME_MAX + 1];
	size_t ntags;
	char credential[TEXT_NAME_MAX + 1];
	char mac[MAC_TEXT_MAX + 1];   /* of the board that was there when the list was made, an inventory */
	uint32_t extra;               /* its row in the targets' extras; 0: none */
	uint16_t port;                /* 0: as for all others */
	bool single;                  /* the line names one address, not many */
};

/* Zero-initialised but for ranges.limit it is empty. */
struct targets {
	struct ranges ranges;
	struct target_note *notes;
	size_t nnotes, room;
	struct extras extras;         /* the lists' own columns; they go into the inventory */
};

/* Adds what one argument says: a range (:PORT may follow it), @FILE, or - for standard input. A list has a range a line; or is a table as an
 * inventory is one, whose head line names `address' (a range, too) and any of site, rack, tags (parted by blanks), credential, mac; an inventory's
 * further fields are ignored, the user's own columns are kept. Lines that begin with # and empty ones are passed over. Returns 0 or -1 (usage, too-large, system). */
MUST_CHECK int targets_add(struct targets *t, const char *argument, struct err *e);

/* The same, of a list in memory; NAME stands in messages. */
MUST_CHECK int targets_parse(struct targets *t, const char *name, const char *text, size_t len, struct err *e);

void targets_free(struct targets *t);

#endif
