/* SPDX-License-Identifier: ISC */
/* The inventory: the boards of a farm, keyed by MAC. `scan` writes it, people edit it, `plan` reads it; CSV and JSON say
 * the same.
 *
 * CSV as spreadsheets write it (flasher/table.h): a head line, within the first ten, with columns in any order, each at most once, named in any
 * case, in English or Russian. `mac' and `address' must be there, others may be missing. A column of another name is the user's own and kept; one
 * that looks misspelled is refused, because a `credental' must not go unnoticed.
 *     mac,address,board,revision,model,subtype,version,hostname,site,rack,tags,credential
 * A board that no plan can take is a row, too: its state is a tag (inventory_state()). Only such a row may lack its MAC.
 * JSON: one object a line with the same names; revision a number, tags an array of strings, the user's own members strings. */
#ifndef FLASHER_INVENTORY_H
#define FLASHER_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/err.h"
#include "core/text.h"
#include "flasher/address.h"
#include "flasher/extras.h"

enum {
	MAC_TEXT_MAX = 17,                /* "02:aa:bb:cc:dd:ee" */
	INVENTORY_FILE_MAX = 64 << 20,    /* bytes */
	INVENTORY_BOARDS_MAX = 200000,
	INVENTORY_TEXT_MAX = 120,         /* bytes of a free text */
	INVENTORY_TAGS_MAX = 8,
};

/* One board. Free texts (model, subtype, version, hostname) are printable UTF-8; site, rack and tags are labels; names are as of core/text. "" is
 * not known. */
struct inventory_board {
	char mac[MAC_TEXT_MAX + 1];
	struct address address;
	char board[TEXT_NAME_MAX + 1];         /* id of its profile */
	bool have_revision;
	uint64_t revision;
	char model[INVENTORY_TEXT_MAX + 1];
	char subtype[INVENTORY_TEXT_MAX + 1];
	char version[INVENTORY_TEXT_MAX + 1];
	char hostname[INVENTORY_TEXT_MAX + 1];
	char site[TEXT_NAME_MAX + 1];
	char rack[TEXT_NAME_MAX + 1];
	char tags[INVENTORY_TAGS_MAX][TEXT_NAME_MAX + 1]; /* in CSV parted by blanks */
	size_t ntags;
	char credential[TEXT_NAME_MAX + 1];    /* name in the credentials file; "" means `default' */
	uint32_t extra;                        /* its row in the inventory's extras; 0: none */
	uint32_t line;                         /* of the file that it was read from; 0: of none */
};

struct inventory {
	struct inventory_board *boards;        /* sorted by MAC once read */
	size_t n, room;
	struct extras extras;                  /* the user's own columns */
};

/* A label is what people call a site, a rack or a tag: "Зал 1". 1 to TEXT_NAME_MAX bytes of UTF-8 that show what they are, without blanks at
 * either end; not `*', which stands for none in a plan. A NUL stands behind the text. */
bool inventory_is_label(struct span text);

/* Six octets, parted by `:', `-' or `.', by nothing, or as aabb.ccdd.eeff, any case, becomes lower case with colons. Refuses what names no single
 * board: all zero, all ones, multicast. Returns 0 or -1. */
int mac_parse(char out[static MAC_TEXT_MAX + 1], const char *text, size_t len);

/* Reads FILE ("-": standard input): JSON when its first character is `{', else CSV. A MAC or an address that comes twice
 * refuses the file, with the lines' numbers. Returns 0, or -1 (system, too-large, usage); inventory_free is due in either
 * case. */
MUST_CHECK int inventory_read(struct inventory *inv, const char *file, struct err *e);

/* The same, of text in memory; NAME stands in messages. */
MUST_CHECK int inventory_parse(struct inventory *inv, const char *name, const char *text, size_t len, struct err *e);

/* Adds a copy of BOARD at the end. Returns 0, or -1 when memory is out or there are too many. */
MUST_CHECK int inventory_add(struct inventory *inv, const struct inventory_board *board, struct err *e);
/* Sorts by MAC: what is written is then the same whatever the order of answers was. */
void inventory_sort(struct inventory *inv);
/* The board of that MAC in a sorted inventory, or NULL. */
const struct inventory_board *inventory_find(const struct inventory *inv, const char *mac);

/* Write the head line; one board. EXTRAS are those that the boards' rows are in. Fields that need quotes get them. The caller checks the
 * stream. */
void inventory_csv_head(FILE *out, const struct extras *extras);
void inventory_csv_board(FILE *out, const struct inventory_board *board, const struct extras *extras);
void inventory_json_board(FILE *out, const struct inventory_board *board, const struct extras *extras);

/* Whether B has that tag. */
bool inventory_tagged(const struct inventory_board *b, const char *tag);

/* What the scan came to, which it puts down as a tag: "found", or one of the states below. */
const char *inventory_state(const struct inventory_board *b);

/* What a state other than "found" means, and what to do, in a sentence for a person; "" for "found" and any other word. */
const char *inventory_state_means(const char *state);

void inventory_free(struct inventory *inv);

#endif
