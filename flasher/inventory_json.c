/* SPDX-License-Identifier: ISC */
/* The inventory as JSON, one object a line. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "flasher/inventory_field.h"
#include "flasher/table.h"

/* Tags as one text parted by blanks, which is what inventory_take wants. */
static int take_array(struct inventory_board *b, const json_t *array, struct err *e)
{
	char text[INVENTORY_TAGS_MAX * (TEXT_NAME_MAX + 1) + 1];
	size_t len = 0;

	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *item = json_array_get(array, i);
		size_t n = json_string_length(item);
		const char *tag = json_string_value(item);

		if (!tag || !inventory_is_label((struct span){tag, n}) || memchr(tag, ' ', n) || len + n + 1 > sizeof text)
			return err_set(e, VERDICT_USAGE, "expected: an array of at most %d words", INVENTORY_TAGS_MAX);
		memcpy(text + len, json_string_value(item), n);
		len += n;
		text[len++] = ' ';
	}
	return inventory_take(b, FIELD_TAGS, (struct span){text, len}, e);
}

/* A member of the user's own. */
static int take_extra(struct span values[static EXTRA_COLUMNS_MAX], struct extras *x, const char *key, const json_t *value, struct err *e)
{
	struct span name = {key, strlen(key)};
	char quoted[120];
	size_t column;

	if (!json_is_string(value) || name.len == 0 || table_trim(name).len != name.len)
		return err_set(e, VERDICT_USAGE, "member \"%s\": expected: a name without blanks around it, and a string",
			       err_quote(quoted, sizeof quoted, key, strlen(key)));
	if (inventory_check_extra(name, e) || extras_column(x, &column, name, e))
		return -1;
	values[column] = (struct span){json_string_value(value), json_string_length(value)};
	return 0;
}

static int take_field(struct inventory_board *b, enum inventory_field field, const json_t *value, struct err *e)
{
	char number[24];

	if (field == FIELD_TAGS && json_is_array(value))
		return take_array(b, value, e);
	if (field == FIELD_REVISION && json_is_integer(value) && json_integer_value(value) >= 0) {
		int n = snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));

		return inventory_take(b, field, (struct span){number, (size_t)n}, e);
	}
	if (field == FIELD_TAGS || field == FIELD_REVISION || !json_is_string(value))
		return err_set(e, VERDICT_USAGE, "it is of the wrong type; expected: %s",
			       field == FIELD_TAGS ? "an array of words" : field == FIELD_REVISION ? "a number" : "a string");
	return inventory_take(b, field, (struct span){json_string_value(value), json_string_length(value)}, e);
}

static int take_line(struct inventory *inv, const char *text, size_t len, size_t line, struct err *e)
{
	json_error_t why;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why), *value;
	struct inventory_board b = {.line = (uint32_t)line};
	struct span values[EXTRA_COLUMNS_MAX];
	bool there[FIELD_COUNT] = {false};
	enum inventory_field field;
	const char *key;
	char quoted[160];
	int rc = -1;

	if (!json_is_object(root)) {
		err_set(e, VERDICT_USAGE, "no JSON object: %s",
			root ? "another value" : err_quote(quoted, sizeof quoted, why.text, strlen(why.text)));
		goto out;
	}
	for (size_t i = 0; i < EXTRA_COLUMNS_MAX; i++)
		values[i] = (struct span){"", 0};
	json_object_foreach(root, key, value) {
		if (inventory_field_find(&field, (struct span){key, strlen(key)})) {
			if (take_extra(values, &inv->extras, key, value, e))
				goto out;
			continue;
		}
		if (there[field]) {
			err_set(e, VERDICT_USAGE, "member %s comes twice", inventory_columns[field]);
			goto out;
		}
		there[field] = true;
		if (take_field(&b, field, value, e)) {
			err_prefix(e, "member %s", inventory_columns[field]);
			goto out;
		}
	}
	if (!b.address.text[0] || (!b.mac[0] && !json_object_get(root, "mac"))) {
		err_set(e, VERDICT_USAGE, "the members mac and address are wanted");
		goto out;
	}
	if (extras_add(&inv->extras, &b.extra, values, inv->extras.nnames, e) == 0)
		rc = inventory_add(inv, &b, e);
out:
	json_decref(root);
	return rc;
}

int inventory_parse_json(struct inventory *inv, const char *name, const char *text, size_t len, struct err *e)
{
	const char *end = text + len;

	for (size_t line = 1; text < end; line++) {
		const char *lf = memchr(text, '\n', (size_t)(end - text));
		size_t n = lf ? (size_t)(lf - text) : (size_t)(end - text);

		if (n && !(n == 1 && *text == '\r') && take_line(inv, text, n, line, e))
			return err_prefix(e, "%s:%zu", name, line);
		text += n + (lf ? 1 : 0);
	}
	return 0;
}
