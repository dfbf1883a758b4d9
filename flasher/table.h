/* SPDX-License-Identifier: ISC */
/* A table as spreadsheets write it: CSV (RFC 4180) with `,', `;' or tab between cells; UTF-8 with or without a byte order mark, or UTF-16 with
 * one; any end of lines; cells in quotes, which may then hold separators and line feeds. What the cells mean is the caller's. */
#ifndef FLASHER_TABLE_H
#define FLASHER_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/text.h"

enum {
	TABLE_CELLS_MAX = 256,    /* of a row */
	TABLE_CELL_MAX = 32768,   /* bytes of a cell; spreadsheets hold no more characters */
};

/* Decodes what a spreadsheet saved into UTF-8 without a mark. A text without a byte order mark is UTF-8 already. The caller frees *OUT, behind
 * whose LEN bytes a NUL stands. NAME stands in messages. Returns 0, or -1: usage (not UTF-8, not UTF-16, a NUL), system. */
MUST_CHECK int table_decode(char **out, size_t *len, const char *name, const char *text, size_t size, struct err *e);

/* A table that is being read. Cells are valid until the next row. */
struct table {
	const char *at, *end;             /* what is left of the text */
	char separator;
	bool comments;                    /* lines that begin with # are passed over */
	size_t line;                      /* where the last row begins, from 1 */
	size_t lines;                     /* read so far */
	char *bytes;                      /* of the cells, each with a NUL behind it */
	struct span cells[TABLE_CELLS_MAX];
	size_t ncells;
};

/* Starts at the front of TEXT, which stays the caller's. Returns 0, or -1 (system); table_free is due in either case. */
MUST_CHECK int table_open(struct table *t, const char *text, size_t len, struct err *e);

/* Goes back to the front, to read with another separator. */
void table_restart(struct table *t, const char *text, char separator);

/* The next row that has a cell which is not empty. Returns 1, 0 at the end, or -1 (usage: too many cells, quotes that do not fit; the message
 * names the column). */
MUST_CHECK int table_next(struct table *t, struct err *e);

/* Without the blanks, line feeds and no-break spaces around it. */
struct span table_trim(struct span cell);

void table_free(struct table *t);

#endif
