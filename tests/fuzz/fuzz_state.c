/* SPDX-License-Identifier: ISC */
/* What a board has written down of itself, on a medium that may hold anything by now: each record, with its checksum put right, and what
 * `status' makes of it. The first byte says which record, and whether the board has two sides. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/io.h"
#include "verifier/geometry.h"
#include "verifier/journal.h"
#include "verifier/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const records[] = {"installed", "installed.a", "confirmed", "running", "interrupted", "journal", "mtd", "cmdline"};
enum { JOURNAL = 5, MTD = 6, CMDLINE = 7, NRECORDS = sizeof records / sizeof *records, BARE = 0x40, TWO_SIDED = 0x80 };

static char folder[] = "/tmp/firmseal-fuzz.XXXXXX";
static char path[sizeof folder + 32];

static const char *in_folder(const char *name)
{
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void leave(void)
{
	for (size_t i = 0; i < NRECORDS; i++)
		(void)unlink(in_folder(records[i]));
	(void)unlink(in_folder("lock"));
	(void)rmdir(folder);
}

static void put(const char *name, const uint8_t *data, size_t size, bool bare)
{
	unsigned char hash[HASH_SIZE];
	char sum[8 + HASH_HEX + 2] = "blake2b ";
	int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	hash_buffer(hash, data, size);
	text_put_hash(sum + 8, hash);
	sum[8 + HASH_HEX] = '\n';
	if (fd < 0 || io_write_all(fd, data, size) != 0 || (!bare && io_write_all(fd, sum, 8 + HASH_HEX + 1) != 0))
		abort();
	close(fd);
}

/* A journal's steps are read here, and none is done: that of a file system's names wants a name, and raw targets are looked at. Only such
 * as cannot be there. */
static bool leads_nowhere(const uint8_t *data, size_t size)
{
	static const char nowhere[] = "nowhere/";

	for (size_t i = 0; i < size; i++) {
		if (data[i] == '.' && i + 1 < size && data[i + 1] == '.')
			return false;
		if (data[i] == '/' && i > 0 && data[i - 1] == ':' &&
		    (size - i - 1 < sizeof nowhere - 1 || memcmp(data + i + 1, nowhere, sizeof nowhere - 1) != 0))
			return false;
	}
	return true;
}

static void look(const struct device *d)
{
	struct status_report report;
	struct err e = {0};
	char *text = NULL;
	size_t len = 0;
	FILE *out;

	if (status_look(&report, d, &e) != 0) {
		if (e.verdict == VERDICT_OK || e.message[0] == '\0')
			abort();
		return;
	}
	out = open_memstream(&text, &len);
	if (!out)
		abort();
	status_print_json(out, d, &report);
	if (fclose(out) != 0 || len == 0 || text[len - 1] != '\n' || memchr(text, '\n', len) != text + len - 1)
		abort();
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct device d;
	unsigned which;

	if (size < 1 || !leads_nowhere(data + 1, size - 1))
		return 0;
	if (!d.state[0]) {
		if (!mkdtemp(folder) || atexit(leave) != 0)
			abort();
		snprintf(d.state, sizeof d.state, "%s", folder);
		snprintf(d.proc, sizeof d.proc, "%s", folder);
		memcpy(d.mtd, "mtd0: 00100000 00020000 \"boot\"", 31);
		d.mtd_len = 31;
		d.nmtd = 1;
	}
	which = (data[0] & 0x3fU) % NRECORDS;
	d.two_sided = data[0] & TWO_SIDED;
	put(records[which], data + 1, size - 1, which >= MTD || data[0] & BARE);
	if (which == MTD)
		(void)geometry_check(&d, NULL);
	look(&d);
	if (which == JOURNAL)
		(void)journal_give_up(&d, NULL);
	for (size_t i = 0; i < NRECORDS; i++)
		(void)unlink(in_folder(records[i]));
	return 0;
}
