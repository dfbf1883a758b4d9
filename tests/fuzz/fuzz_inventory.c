/* SPDX-License-Identifier: ISC */
/* Inventories as CSV and as JSON: what is accepted can be written in either, and says the same when read again. */
#include <stdlib.h>
#include <string.h>

#include "flasher/inventory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *written(const struct inventory *inv, bool json, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (!out)
		abort();
	if (!json)
		inventory_csv_head(out, &inv->extras);
	for (size_t i = 0; i < inv->n; i++)
		(json ? inventory_json_board : inventory_csv_board)(out, &inv->boards[i], &inv->extras);
	if (fclose(out) != 0)
		abort();
	return text;
}

static void must_survive(const struct inventory *inv, bool json)
{
	size_t len = 0, again_len = 0;
	char *text = written(inv, json, &len), *again;
	struct inventory back;

	if (inventory_parse(&back, "again", text, len, NULL) != 0 || back.n != inv->n)
		abort();
	again = written(&back, json, &again_len);
	if (again_len != len || memcmp(again, text, len) != 0)
		abort();
	inventory_free(&back);
	free(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct inventory inv;
	struct err e = {0};

	if (inventory_parse(&inv, "inv", (const char *)data, size, &e) == 0) {
		for (size_t i = 0; i < inv.n; i++)
			if ((inv.boards[i].mac[0] && inventory_find(&inv, inv.boards[i].mac) != &inv.boards[i]) || !inv.boards[i].address.text[0])
				abort();
		must_survive(&inv, false);
		if (inv.n) /* an empty text is no JSON */
			must_survive(&inv, true);
	} else if (e.verdict != VERDICT_USAGE || strncmp(e.message, "inv:", 4) != 0) {
		abort();
	}
	inventory_free(&inv);
	return 0;
}
