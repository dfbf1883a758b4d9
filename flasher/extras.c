/* SPDX-License-Identifier: ISC */
/* Rows of texts, each in one piece of memory. */
#include "flasher/extras.h"

#include <stdlib.h>
#include <string.h>

struct extra_row {
	char *values;  /* N texts, each with a NUL behind it */
	size_t n;
};

int extras_column(struct extras *x, size_t *column, struct span name, struct err *e)
{
	char *copy;

	for (*column = 0; *column < x->nnames; ++*column)
		if (span_is(name, x->names[*column]))
			return 0;
	if (x->nnames == EXTRA_COLUMNS_MAX)
		return err_set(e, VERDICT_USAGE, "there are over %d columns that are not known here", EXTRA_COLUMNS_MAX);
	if (name.len > EXTRA_NAME_MAX)
		return err_set(e, VERDICT_USAGE, "the name of a column is over %d bytes", EXTRA_NAME_MAX);
	copy = malloc(name.len + 1);
	if (!copy)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	memcpy(copy, name.at, name.len);
	copy[name.len] = '\0';
	x->names[x->nnames++] = copy;
	return 0;
}

int extras_add(struct extras *x, uint32_t *row, const struct span *values, size_t n, struct err *e)
{
	size_t bytes = n, filled = 0, at = 0;
	char *copy;

	*row = 0;
	for (size_t i = 0; i < n; i++) {
		bytes += values[i].len;
		filled += values[i].len > 0;
	}
	if (filled == 0)
		return 0;
	if (x->nrows == x->room) {
		size_t room = x->room ? 2 * x->room : 64;
		struct extra_row *more = realloc(x->rows, room * sizeof *more);

		if (!more)
			return err_set(e, VERDICT_SYSTEM, "out of memory");
		x->rows = more;
		x->room = room;
	}
	copy = malloc(bytes);
	if (!copy)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		if (values[i].len)
			memcpy(copy + at, values[i].at, values[i].len);
		copy[at + values[i].len] = '\0';
		at += values[i].len + 1;
	}
	x->rows[x->nrows++] = (struct extra_row){copy, n};
	*row = (uint32_t)x->nrows;
	return 0;
}

const char *extras_value(const struct extras *x, uint32_t row, size_t column)
{
	const struct extra_row *r = row ? &x->rows[row - 1] : NULL;
	const char *at = r ? r->values : "";

	if (!r || column >= r->n)
		return "";
	while (column--)
		at += strlen(at) + 1;
	return at;
}

void extras_free(struct extras *x)
{
	for (size_t i = 0; i < x->nnames; i++)
		free(x->names[i]);
	for (size_t i = 0; i < x->nrows; i++)
		free(x->rows[i].values);
	free(x->rows);
	*x = (struct extras){.nnames = 0};
}
