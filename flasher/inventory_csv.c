/* SPDX-License-Identifier: ISC */
/* The inventory as CSV (RFC 4180). Spreadsheets write CR LF and quote as they like; both are taken. */
#include <stdlib.h>
#include <string.h>

#include "flasher/inventory_field.h"

struct csv {
	const char *at, *end;
	size_t line;
	char *field;      /* of the last next_field */
	size_t len, room;
	bool last;        /* it ended its record */
};

static int put(struct csv *c, char byte, struct err *e)
{
	if (c->len == c->room)
		return err_set(e, VERDICT_USAGE, "a field is over %zu bytes", c->room);
	c->field[c->len++] = byte;
	return 0;
}

/* Behind the opening quote, to behind the closing one. */
static int quoted_field(struct csv *c, struct err *e)
{
	for (; c->at < c->end; c->at++) {
		if (*c->at == '"') {
			if (c->at + 1 == c->end || c->at[1] != '"') {
				c->at++;
				return 0;
			}
			c->at++;
		}
		if (put(c, *c->at, e))
			return -1;
	}
	return err_set(e, VERDICT_USAGE, "a quote is not closed");
}

static int next_field(struct csv *c, struct err *e)
{
	c->len = 0;
	if (c->at < c->end && *c->at == '"') {
		c->at++;
		if (quoted_field(c, e))
			return -1;
	} else {
		for (; c->at < c->end && !memchr(",\r\n", *c->at, 3); c->at++)
			if (*c->at == '"')
				return err_set(e, VERDICT_USAGE, "a quote stands within a field that has none before it");
			else if (put(c, *c->at, e))
				return -1;
	}
	if (c->at < c->end && *c->at == '\r' && (c->at + 1 == c->end || c->at[1] == '\n'))
		c->at++;
	c->last = c->at == c->end || *c->at == '\n';
	if (c->at < c->end && *c->at != ',' && *c->at != '\n')
		return err_set(e, VERDICT_USAGE, "something stands behind a closing quote, or a CR within a line");
	if (c->at < c->end)
		c->at++;
	return 0;
}

/* The columns of this file, in its order. Returns their number, or -1. */
static int read_head(struct csv *c, enum inventory_field columns[static FIELD_COUNT], struct err *e)
{
	bool there[FIELD_COUNT] = {false};
	char quoted[120];
	int n = 0;

	if (c->end - c->at >= 3 && memcmp(c->at, "\xef\xbb\xbf", 3) == 0) /* a spreadsheet's mark of UTF-8 */
		c->at += 3;
	do {
		enum inventory_field field;

		if (next_field(c, e))
			return -1;
		if (inventory_field_find(&field, (struct span){c->field, c->len}))
			/* A file of quite another kind is not quoted: it may be one of passwords. */
			return n == 0 ? err_set(e, VERDICT_USAGE, "this is no inventory: its first line names the columns, mac,address and more")
				      : err_set(e, VERDICT_USAGE, "there is no column \"%s\"",
						err_quote(quoted, sizeof quoted, c->field, c->len));
		if (there[field])
			return err_set(e, VERDICT_USAGE, "column %s comes twice", inventory_columns[field]);
		there[field] = true;
		columns[n++] = field;
	} while (!c->last);
	if (!there[FIELD_MAC] || !there[FIELD_ADDRESS])
		return err_set(e, VERDICT_USAGE, "the columns mac and address are wanted");
	return n;
}

/* The last field, as it was before an apostrophe kept it from being a formula. */
static struct span field_value(const struct csv *c, enum inventory_field field)
{
	bool told = field == FIELD_MODEL || field == FIELD_SUBTYPE || field == FIELD_VERSION || field == FIELD_HOSTNAME;
	bool guarded = told && c->len > 1 && c->field[0] == '\'' && inventory_is_formula(c->field, c->len);

	return guarded ? (struct span){c->field + 1, c->len - 1} : (struct span){c->field, c->len};
}

static int read_board(struct csv *c, struct inventory_board *b, const enum inventory_field *columns, int n, struct err *e)
{
	*b = (struct inventory_board){0};
	for (int i = 0; i < n; i++) {
		if (i > 0 && c->last)
			return err_set(e, VERDICT_USAGE, "this line has %d fields, the first one has %d", i, n);
		if (next_field(c, e) || inventory_take(b, columns[i], field_value(c, columns[i]), e))
			return -1;
	}
	return c->last ? 0 : err_set(e, VERDICT_USAGE, "this line has more fields than the first one");
}

int inventory_parse_csv(struct inventory *inv, const char *name, const char *text, size_t len, struct err *e)
{
	struct csv c = {.at = text, .end = text + len, .line = 1, .room = 1024};
	enum inventory_field columns[FIELD_COUNT];
	int n, rc = -1;

	c.field = malloc(c.room);
	if (!c.field)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	n = read_head(&c, columns, e);
	while (n > 0 && c.at < c.end) {
		const char *start = c.at;
		struct inventory_board b;

		c.line++;
		if (*c.at == '\n' || (*c.at == '\r' && c.at + 1 < c.end && c.at[1] == '\n')) { /* an empty line at the end */
			c.at += *c.at == '\n' ? 1 : 2;
			continue;
		}
		if (read_board(&c, &b, columns, n, e) || inventory_add(inv, &b, e)) {
			n = -1;
			break;
		}
		for (; start < c.at - 1; start++)
			c.line += *start == '\n';
	}
	if (n > 0)
		rc = 0;
	else
		err_prefix(e, "%s:%zu", name, c.line);
	free(c.field);
	return rc;
}
