/* SPDX-License-Identifier: ISC */
/* Credentials files, as a private file of no name. No descriptor that could keep the reader waiting is ever read. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flasher/credentials.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What other descriptors are, a terminal or a pipe of whoever started this, nobody knows: only "fd 0" is tried. */
static int names_foreign(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i + 5 <= size; i++)
		if (memcmp(data + i, " fd ", 4) == 0 && data[i + 4] != '0')
			return 1;
	return 0;
}

/* "fd 0" always finds passwords. */
static void passwords_on_stdin(void)
{
	static FILE *file;

	if (!file) {
		file = tmpfile();
		for (int i = 0; file && i < 64; i++)
			fputs("pass word\n", file);
		if (!file || fflush(file) != 0 || dup2(fileno(file), STDIN_FILENO) != STDIN_FILENO)
			abort();
	}
	if (lseek(STDIN_FILENO, 0, SEEK_SET) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct credentials *c = NULL;
	const struct credential_list *list;
	struct err e = {0};
	char path[64];
	FILE *file;

	if (names_foreign(data, size))
		return 0;
	passwords_on_stdin();
	file = tmpfile();
	if (!file || (size && fwrite(data, 1, size, file) != size) || fflush(file) != 0 || fchmod(fileno(file), 0600) != 0)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(file));
	if (credentials_read(&c, path, &e) == 0) {
		list = credentials_find(c, "");
		for (size_t i = 0; list && i < list->n; i++)
			if (!credential_user_valid(list->each[i].user) || !list->each[i].password)
				abort();
	} else if (c || e.verdict == VERDICT_OK || !strstr(e.message, path)) {
		abort();
	}
	credentials_free(&c);
	fclose(file);
	return 0;
}
