/* SPDX-License-Identifier: ISC */
/* The columns of a table that mean something to people only: kept with their rows, so that writing back loses nothing. */
#ifndef FLASHER_EXTRAS_H
#define FLASHER_EXTRAS_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/text.h"

enum { EXTRA_COLUMNS_MAX = 64, EXTRA_NAME_MAX = 240 /* bytes */ };

/* Zero-initialized it is empty. */
struct extras {
	char *names[EXTRA_COLUMNS_MAX];
	size_t nnames;
	struct extra_row *rows;
	size_t nrows, room;
};

/* The number of the column NAME, which is added when it is not there. Returns 0, or -1: usage (too many, too long), system. */
MUST_CHECK int extras_column(struct extras *x, size_t *column, struct span name, struct err *e);

/* Keeps VALUES, those of the first N columns; they hold no NUL. *ROW is what extras_value wants: 0 when all are empty. Returns 0, or -1 (system). */
MUST_CHECK int extras_add(struct extras *x, uint32_t *row, const struct span *values, size_t n, struct err *e);

/* The text of a column in a row, "" where there is none. It is of X. */
const char *extras_value(const struct extras *x, uint32_t row, size_t column);

void extras_free(struct extras *x);

#endif
