/* SPDX-License-Identifier: ISC */
/* The manifest parser, and every line read back after it has said yes. */
#include <stdlib.h>
#include <string.h>

#include "core/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_lines(const struct manifest *m)
{
	const struct manifest_head *head = manifest_head(m);
	struct manifest_board board;
	struct manifest_chunk chunk;
	struct manifest_attach attach;
	struct manifest_entry entry;
	struct manifest_write w;
	struct manifest_run run;
	unsigned char header[512];

	for (uint32_t i = 0; i < head->nboards; i++)
		manifest_board(m, i, &board);
	for (uint32_t i = 0; i < head->nchunks; i++)
		manifest_chunk(m, i, &chunk);
	for (uint32_t i = 0; i < head->nattach; i++)
		manifest_attach(m, i, &attach);
	for (uint32_t i = 0; i < head->nentries; i++) {
		manifest_entry(m, i, &entry);
		manifest_entry_header(header, &entry, head->created);
		if (manifest_find(m, entry.path) != (int64_t)i)
			abort(); /* what was accepted must be found again */
	}
	for (uint32_t i = 0; i < head->nwrites; i++)
		manifest_write(m, i, &w);
	for (uint32_t i = 0; i < head->nruns; i++)
		manifest_run(m, i, &run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct manifest *m = NULL;
	struct err e = {0};
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	if (manifest_parse(&m, text, size, &e) == 0)
		read_lines(m);
	else if (e.verdict == VERDICT_OK || e.message[0] == '\0')
		abort();
	manifest_free(&m);
	return 0;
}
