/* SPDX-License-Identifier: ISC */
/* The fields of a board in an inventory: what both notations fill in. For inventory*.c only. */
#ifndef FLASHER_INVENTORY_FIELD_H
#define FLASHER_INVENTORY_FIELD_H

#include "flasher/inventory.h"

/* In the order in which they are written. */
enum inventory_field {
	FIELD_MAC, FIELD_ADDRESS, FIELD_BOARD, FIELD_REVISION, FIELD_MODEL, FIELD_SUBTYPE,
	FIELD_VERSION, FIELD_HOSTNAME, FIELD_SITE, FIELD_RACK, FIELD_TAGS, FIELD_CREDENTIAL,
	FIELD_COUNT,
};

extern const char *const inventory_columns[FIELD_COUNT];

/* The field of that name, in any case, in English or Russian. NAME is UTF-8. Returns 0, or -1 when there is none. */
int inventory_field_find(enum inventory_field *out, struct span name);

/* Refuses NAME for a column of the user's own when a field's name is likely meant: a misspelled `credental' must not go unnoticed. Returns 0 or
 * -1 (usage). */
MUST_CHECK int inventory_check_extra(struct span name, struct err *e);

/* Sets one field from its text, behind which a NUL stands; tags parted by blanks. Returns 0, or -1 (usage; the message says what was
 * expected). */
MUST_CHECK int inventory_take(struct inventory_board *b, enum inventory_field field, struct span value, struct err *e);

/* True for what a spreadsheet takes for a formula, whatever apostrophes stand before it. In CSV a text that is so gets one more, and
 * loses it when it is read: what is written is read as it was. */
bool inventory_is_formula(const char *text, size_t len);

/* Read one notation into INV. Return 0, or -1 (usage, with the line's number behind NAME). */
MUST_CHECK int inventory_parse_csv(struct inventory *inv, const char *name, const char *text, size_t len, struct err *e);
MUST_CHECK int inventory_parse_json(struct inventory *inv, const char *name, const char *text, size_t len, struct err *e);

#endif
