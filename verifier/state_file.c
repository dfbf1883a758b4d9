/* SPDX-License-Identifier: ISC */
/* Names and sizes of state files. */
#include "verifier/state_file.h"

#include <stdlib.h>
#include <string.h>

#include "core/io.h"
#include "core/reader.h"
#include "verifier/boot.h"
#include "verifier/keyrings.h"
#include "verifier/state.h"

enum { MODE_MOST = 0644, RECORD_MAX = 1024, LIST_MAX = 64 << 10, SUM_ROOM = 128 };

static const struct {
	const char *name;
	bool sides;             /* on boards with two sides: NAME.a, NAME.b */
	bool generations;       /* the one before it: .old behind that */
	size_t most;            /* bytes before the checksum line; 0: always empty, and without one */
} files[] = {
	{"lock", false, false, 0},
	{"installed", true, true, RECORD_MAX},
	{"confirmed", false, true, RECORD_MAX},
	{"boot", false, true, BOOT_RECORD_SIZE},
	{"running", false, false, RECORD_MAX},
	{"interrupted", false, false, LIST_MAX},
	{"journal", false, false, LIST_MAX},
	{"manifest", true, false, MANIFEST_MAX},
	{"manifest.minisig", true, false, READER_SIGNATURES_MAX},
	{"manifest.next", false, false, MANIFEST_MAX},
	{"manifest.minisig.next", false, false, READER_SIGNATURES_MAX},
	{"floor", false, false, MANIFEST_MAX + READER_SIGNATURES_MAX},
	{"keyrings", false, false, KEYRINGS_MAX},
};
enum { NFILES = sizeof files / sizeof *files };

/* Takes WORD off the front of *TEXT, when it is there. */
static bool take(const char **text, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*text, word, n) != 0)
		return false;
	*text += n;
	return true;
}

/* The index of NAME's line in the table, or NFILES. */
static size_t find(const char *name)
{
	size_t i = 0;

	for (; i < NFILES; i++) {
		const char *rest = name;

		if (!take(&rest, files[i].name))
			continue;
		if (files[i].sides && !take(&rest, ".a"))
			(void)take(&rest, ".b");
		if (files[i].generations)
			(void)take(&rest, ".old");
		if (!*rest)
			break;
	}
	return i;
}

bool state_file_is_ours(const char *name, int fd)
{
	size_t i = find(name), size, len;
	struct stat st;
	char *text;
	bool ours;

	if (i == NFILES || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & 07777 & ~(mode_t)MODE_MOST))
		return false;
	if (files[i].most == 0)
		return st.st_size == 0;
	if ((uint64_t)st.st_size > files[i].most + SUM_ROOM)
		return false;
	size = (size_t)st.st_size;
	text = malloc(size + 1);
	if (!text)
		return false; /* what is not known to be ours is told */
	ours = io_read_full(fd, text, size) == (ssize_t)size && state_sum_fits(text, size, &len);
	free(text);
	return ours;
}
