/* SPDX-License-Identifier: ISC */
/* The inventory as a table. */
#include <string.h>

#include "flasher/inventory_head.h"

static int read_board(struct inventory *inv, struct inventory_head *head, const struct table *t, struct err *e)
{
	struct inventory_board b = {.line = (uint32_t)t->line};

	for (size_t i = 0; i < head->n; i++)
		if (head->what[i] >= 0 && head->what[i] < FIELD_COUNT &&
		    inventory_take(&b, (enum inventory_field)head->what[i], inventory_head_cell(t, i), e))
			return err_prefix(e, "column %zu \"%s\"", i + 1, inventory_columns[head->what[i]]);
	return inventory_head_extras(head, t, &inv->extras, &b.extra, e) || inventory_add(inv, &b, e) ? -1 : 0;
}

int inventory_parse_csv(struct inventory *inv, const char *name, const char *text, size_t len, struct err *e)
{
	const unsigned wanted = 1U << FIELD_MAC | 1U << FIELD_ADDRESS;
	struct inventory_head head;
	struct table t;
	int rc = table_open(&t, text, len, e), more = 1;

	if (rc == 0) {
		rc = inventory_head_find(&head, &t, text, wanted, &inv->extras, e);
		if (rc == 0) { /* A file of quite another kind is not quoted: it may be one of passwords. */
			t.line = 1;
			rc = err_set(e, VERDICT_USAGE, "this is not an inventory: none of its first %d lines names the columns; expected: mac,address and more",
				     HEAD_ROWS_MAX);
		}
		while (rc == 1 && (more = table_next(&t, e)) == 1)
			if (read_board(inv, &head, &t, e))
				more = rc = -1;
		rc = rc == 1 && more == 0 ? 0 : err_prefix(e, "%s:%zu", name, t.line);
	}
	table_free(&t);
	return rc;
}
