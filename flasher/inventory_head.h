/* SPDX-License-Identifier: ISC */
/* The head line of an inventory, or of a list of places: found below the titles that people put above it, its names understood in any case, in
 * English and in Russian. For inventory*.c and targets.c. */
#ifndef FLASHER_INVENTORY_HEAD_H
#define FLASHER_INVENTORY_HEAD_H

#include "flasher/extras.h"
#include "flasher/inventory_field.h"
#include "flasher/table.h"

enum { HEAD_ROWS_MAX = 10 }; /* rows among which a head line is looked for */

/* What the columns of a table are, from the first to the last named one: a field; above those, FIELD_COUNT + the number of an extra column;
 * or HEAD_UNNAMED. */
enum { HEAD_UNNAMED = -1 };
struct inventory_head {
	int what[TABLE_CELLS_MAX];
	size_t n;
};

/* Finds the head line of T, which reads TEXT: a row that names all fields of WANTED (bits). Leaves T behind it, with its separator. Columns
 * that are not known go to X. Returns 1; 0 when no row names any of them; or -1 (usage: one is missing, a name comes twice or looks misspelled;
 * system). */
MUST_CHECK int inventory_head_find(struct inventory_head *h, struct table *t, const char *text, unsigned wanted,
				   struct extras *x, struct err *e);

/* Keeps the cells of T's row that belong to extra columns, under *ROW. Cells under no name get a column of their own. Returns 0 or -1. */
MUST_CHECK int inventory_head_extras(struct inventory_head *h, const struct table *t, struct extras *x, uint32_t *row,
				     struct err *e);

/* Column I's cell in T's row; empty where the row is shorter. A guarded formula is as it was before. */
struct span inventory_head_cell(const struct table *t, size_t i);

#endif
