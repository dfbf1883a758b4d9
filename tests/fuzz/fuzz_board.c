/* SPDX-License-Identifier: ISC */
/* The board profile parser; what it accepts keeps its promises to whoever builds a request from it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "boards/board.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_path(const char *path)
{
	if (path[0] != '/' || strpbrk(path, " ?#%\\@:\"\r\n\t") || strstr(path, ".."))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct board b;
	struct err e = {0};
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	if (board_parse(&b, "fuzz.board", text, size, &e) == 0) {
		must_be_path(b.probe);
		must_be_path(b.keep.upgrade);
		if (b.keep.reboot[0])
			must_be_path(b.keep.reboot);
		if (b.wipe.upgrade[0])
			must_be_path(b.wipe.upgrade);
		if (!b.id[0] || !b.field[0] || strpbrk(b.field, "\"\r\n") || strpbrk(b.realm, "\"\\\r\n"))
			abort();
	} else if (e.verdict != VERDICT_USAGE || strncmp(e.message, "fuzz.board:", 11) != 0) {
		abort();
	}
	free(text);
	return 0;
}
