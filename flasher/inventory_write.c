/* SPDX-License-Identifier: ISC */
/* Writes an inventory in both notations. */
#include <inttypes.h>
#include <string.h>

#include "core/json.h"
#include "flasher/inventory_field.h"

static void put_field(FILE *out, const char *text, bool first, bool guard)
{
	if (!first)
		putc(',', out);
	if (!text[strcspn(text, ",\"\r\n")]) {
		fprintf(out, "%s%s", guard ? "'" : "", text);
		return;
	}
	fputs(guard ? "\"'" : "\"", out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

/* A text that a board or a person chose. A hostile one is what a spreadsheet takes for a formula, and then it gets an apostrophe before it. */
static void put_told(FILE *out, const char *text)
{
	putc(',', out);
	put_field(out, text, true, inventory_is_formula(text, strlen(text)));
}

bool inventory_is_formula(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len && text[at] == '\'')
		at++;
	return at < len && memchr("=+-@\t\r\n", text[at], 7);
}

void inventory_csv_head(FILE *out, const struct extras *extras)
{
	for (int f = 0; f < FIELD_COUNT; f++)
		put_field(out, inventory_columns[f], f == 0, false);
	for (size_t i = 0; i < extras->nnames; i++)
		put_told(out, extras->names[i]);
	putc('\n', out);
}

void inventory_csv_board(FILE *out, const struct inventory_board *b, const struct extras *extras)
{
	char tags[INVENTORY_TAGS_MAX * (TEXT_NAME_MAX + 1) + 1] = "";
	size_t len = 0;
	char revision[24] = "";

	if (b->have_revision)
		snprintf(revision, sizeof revision, "%" PRIu64, b->revision);
	put_field(out, b->mac, true, false);
	put_field(out, b->address.text, false, false);
	put_field(out, b->board, false, false);
	put_field(out, revision, false, false);
	put_told(out, b->model);
	put_told(out, b->subtype);
	put_told(out, b->version);
	put_told(out, b->hostname);
	put_told(out, b->site);
	put_told(out, b->rack);
	for (size_t i = 0; i < b->ntags; i++)
		len += (size_t)snprintf(tags + len, sizeof tags - len, "%s%s", i ? " " : "", b->tags[i]);
	put_told(out, tags);
	put_field(out, b->credential, false, false);
	for (size_t i = 0; i < extras->nnames; i++)
		put_told(out, extras_value(extras, b->extra, i));
	putc('\n', out);
}

void inventory_json_board(FILE *out, const struct inventory_board *b, const struct extras *extras)
{
	struct json j;

	json_begin(&j, out);
	json_open_object(&j, NULL);
	json_put_string(&j, "mac", b->mac);
	json_put_string(&j, "address", b->address.text);
	json_put_string(&j, "board", b->board);
	if (b->have_revision)
		json_put_number(&j, "revision", b->revision);
	json_put_string(&j, "model", b->model);
	json_put_string(&j, "subtype", b->subtype);
	json_put_string(&j, "version", b->version);
	json_put_string(&j, "hostname", b->hostname);
	json_put_string(&j, "site", b->site);
	json_put_string(&j, "rack", b->rack);
	json_open_array(&j, "tags");
	for (size_t i = 0; i < b->ntags; i++)
		json_put_string(&j, NULL, b->tags[i]);
	json_close_array(&j);
	json_put_string(&j, "credential", b->credential);
	for (size_t i = 0; i < extras->nnames; i++)
		json_put_string(&j, extras->names[i], extras_value(extras, b->extra, i));
	json_close_object(&j);
	json_finish(&j);
}
