/* SPDX-License-Identifier: ISC */
/* Writes an inventory in both notations. */
#include <inttypes.h>
#include <string.h>

#include "core/json.h"
#include "flasher/inventory_field.h"

static void put_field(FILE *out, const char *text, bool first)
{
	if (!first)
		putc(',', out);
	if (!text[strcspn(text, ",\"\r\n")]) {
		fputs(text, out);
		return;
	}
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

/* What a board says of itself. A hostile one says what a spreadsheet takes for a formula, and then it gets an apostrophe before it. */
static void put_told(FILE *out, const char *text)
{
	char guarded[INVENTORY_TEXT_MAX + 2];

	snprintf(guarded, sizeof guarded, "'%.*s", INVENTORY_TEXT_MAX, text);
	put_field(out, inventory_is_formula(text, strlen(text)) ? guarded : text, false);
}

bool inventory_is_formula(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len && text[at] == '\'')
		at++;
	return at < len && memchr("=+-@", text[at], 4);
}

void inventory_csv_head(FILE *out)
{
	for (int f = 0; f < FIELD_COUNT; f++)
		put_field(out, inventory_columns[f], f == 0);
	putc('\n', out);
}

void inventory_csv_board(FILE *out, const struct inventory_board *b)
{
	char revision[24] = "";

	if (b->have_revision)
		snprintf(revision, sizeof revision, "%" PRIu64, b->revision);
	put_field(out, b->mac, true);
	put_field(out, b->address.text, false);
	put_field(out, b->board, false);
	put_field(out, revision, false);
	put_told(out, b->model);
	put_told(out, b->subtype);
	put_told(out, b->version);
	put_told(out, b->hostname);
	put_field(out, b->site, false);
	put_field(out, b->rack, false);
	putc(',', out);
	for (size_t i = 0; i < b->ntags; i++)
		fprintf(out, "%s%s", i ? " " : "", b->tags[i]);
	put_field(out, b->credential, false);
	putc('\n', out);
}

void inventory_json_board(FILE *out, const struct inventory_board *b)
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
	json_close_object(&j);
	json_finish(&j);
}
