/* SPDX-License-Identifier: ISC */
/* The inventory as JSON, one object a line. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "flasher/inventory_field.h"

/* Tags as one text parted by blanks, which is what inventory_take wants. */
static int take_array(struct inventory_board *b, const json_t *array, struct err *e)
{
	char text[INVENTORY_TAGS_MAX * (TEXT_NAME_MAX + 1) + 1];
	size_t len = 0;

	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *item = json_array_get(array, i);
		size_t n = json_string_length(item);

		if (!json_is_string(item) || !text_is_name((struct span){json_string_value(item), n}) || len + n + 1 > sizeof text)
			return err_set(e, VERDICT_USAGE, "tags want an array of at most %d names", INVENTORY_TAGS_MAX);
		memcpy(text + len, json_string_value(item), n);
		len += n;
		text[len++] = ' ';
	}
	return inventory_take(b, FIELD_TAGS, (struct span){text, len}, e);
}

static int take_member(struct inventory_board *b, const char *key, const json_t *value, struct err *e)
{
	enum inventory_field field;
	char quoted[120], number[24];

	if (inventory_field_find(&field, (struct span){key, strlen(key)}))
		return err_set(e, VERDICT_USAGE, "there is no member \"%s\"",
			       err_quote(quoted, sizeof quoted, key, strlen(key)));
	if (field == FIELD_TAGS && json_is_array(value))
		return take_array(b, value, e);
	if (field == FIELD_REVISION && json_is_integer(value) && json_integer_value(value) >= 0) {
		int n = snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));

		return inventory_take(b, field, (struct span){number, (size_t)n}, e);
	}
	if (field == FIELD_TAGS || field == FIELD_REVISION || !json_is_string(value))
		return err_set(e, VERDICT_USAGE, "%s is of the wrong type", key);
	return inventory_take(b, field, (struct span){json_string_value(value), json_string_length(value)}, e);
}

static int take_line(struct inventory *inv, const char *text, size_t len, struct err *e)
{
	json_error_t why;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why), *value;
	struct inventory_board b = {0};
	const char *key;
	char quoted[160];
	int rc = -1;

	if (!json_is_object(root)) {
		err_set(e, VERDICT_USAGE, "no JSON object: %s",
			root ? "another value" : err_quote(quoted, sizeof quoted, why.text, strlen(why.text)));
		goto out;
	}
	json_object_foreach(root, key, value) {
		if (take_member(&b, key, value, e))
			goto out;
	}
	if (!b.address.text[0] || (!b.mac[0] && !json_object_get(root, "mac"))) {
		err_set(e, VERDICT_USAGE, "the members mac and address are wanted");
		goto out;
	}
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

		if (n && take_line(inv, text, n, e))
			return err_prefix(e, "%s:%zu", name, line);
		text += n + (lf ? 1 : 0);
	}
	return 0;
}
