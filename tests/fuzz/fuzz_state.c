/* SPDX-License-Identifier: ISC */
/* What a board has written down of itself, on a medium that may hold anything by now: each record, with its checksum put right, and what
 * `status' makes of it. The first byte says which record, and whether the board has two sides; then a link says which one starts, unless there is
 * a record of that, too, whose three facts are the next two bytes. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"
#include "tests/bundle.h"
#include "verifier/boot.h"
#include "verifier/geometry.h"
#include "verifier/journal.h"
#include "verifier/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const records[] = {"installed", "installed.a", "confirmed", "running", "interrupted", "journal", "mtd", "cmdline",
				      "keyrings", "floor", "manifest", "manifest.minisig"};
enum { RUNNING = 3, JOURNAL = 5, MTD = 6, CMDLINE = 7, NRECORDS = sizeof records / sizeof *records, BOOT = 0x3f, BARE = 0x40, TWO_SIDED = 0x80 };

/* Folders of the kernel's, and what else is in the one of this run. */
static const char *const folders[] = {"sys", "sys/kernel", "sys/kernel/random"};
/* What an attempt to start writes, with what was there before. */
static const char *const written[] = {"boot", "boot.old", "running.old"};
static const char boot_id[] = "sys/kernel/random/boot_id";

static char folder[] = "/tmp/firmseal-fuzz.XXXXXX";
static char path[sizeof folder + 32];

static const char *in_folder(const char *name)
{
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void forget(void)
{
	for (size_t i = 0; i < NRECORDS; i++)
		(void)unlink(in_folder(records[i]));
	for (size_t i = 0; i < sizeof written / sizeof *written; i++)
		(void)unlink(in_folder(written[i]));
}

static void leave(void)
{
	forget();
	(void)unlink(in_folder("lock"));
	(void)unlink(in_folder("next"));
	(void)unlink(in_folder(boot_id));
	for (size_t i = sizeof folders / sizeof *folders; i-- > 0;)
		(void)rmdir(in_folder(folders[i]));
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

/* A board with two sides, A of which starts, and a kernel that has a name for this start. */
static void make_board(struct device *d)
{
	static const char id[] = "01234567-89ab-cdef-0123-456789abcdef\n";
	struct test_key root, release;
	struct pile ring = {0};
	int fd;

	if (sodium_init() < 0)
		abort();
	test_key_make(&root, 11);
	test_key_make(&release, 12);
	pile_ring(&ring, 2, &root, &release, "");
	if (keyring_parse(&d->trust.ring, (const char *)ring.at, ring.len, NULL) != 0)
		abort();
	free(ring.at);

	if (!mkdtemp(folder) || atexit(leave) != 0)
		abort();
	snprintf(d->state, sizeof d->state, "%s", folder);
	snprintf(d->proc, sizeof d->proc, "%s", folder);
	memcpy(d->mtd, "mtd0: 00100000 00020000 \"boot\"", 31);
	d->mtd_len = 31;
	d->nmtd = 1;
	d->boot = BOOT_LINK;
	d->boot_tries = 3;
	snprintf(d->boot_argument, sizeof d->boot_argument, "%s", in_folder("next"));
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (mkdir(in_folder(folders[i]), 0700) != 0)
			abort();
	fd = open(in_folder(boot_id), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || io_write_all(fd, id, sizeof id - 1) != 0 || symlink("a", d->boot_argument) != 0)
		abort();
	close(fd);
}

/* FACTS: side and trial in the first byte, the starts so far in the second. */
static void put_boot(const uint8_t *facts, size_t size)
{
	struct boot_state s = {.side = size > 0 && facts[0] & 1 ? SIDE_B : SIDE_A, .trial = size > 0 && facts[0] & 2};
	unsigned char bytes[BOOT_RECORD_SIZE];

	s.tries = size > 1 ? facts[1] : 0;
	boot_record_make(bytes, &s);
	put("boot", bytes, sizeof bytes, false);
}

/* Records may name targets that are looked at. Only such as cannot be there. */
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
		status_free(&report);
		return;
	}
	/* Nothing here is signed, so nothing is learned from it. */
	if (report.counter != 0 || report.known->trust.ring.serial != d->trust.ring.serial || report.known->trust.least_serial != 0)
		abort();
	out = open_memstream(&text, &len);
	if (!out)
		abort();
	status_print_json(out, d, &report);
	if (fclose(out) != 0 || len == 0 || text[len - 1] != '\n' || memchr(text, '\n', len) != text + len - 1)
		abort();
	free(text);
	status_free(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct device d;
	unsigned which;

	if (size < 1 || !leads_nowhere(data + 1, size - 1))
		return 0;
	if (!d.state[0])
		make_board(&d);
	which = (data[0] & 0x3fU) % NRECORDS;
	d.two_sided = data[0] & TWO_SIDED;
	if ((data[0] & 0x3f) == BOOT) {
		/* And what was noted of the side that runs, in the rest. */
		put_boot(data + 1, size - 1);
		which = RUNNING;
		put(records[which], data + (size < 3 ? size : 3), size < 3 ? 0 : size - 3, data[0] & BARE);
	} else {
		put(records[which], data + 1, size - 1, which == MTD || which == CMDLINE || data[0] & BARE);
	}
	if (which == MTD)
		IGNORE(geometry_check(&d, NULL));
	look(&d);
	if (d.two_sided && (data[0] & 0x3f) == BOOT) {
		struct boot_state next;

		IGNORE(boot_attempt(&d, &next, NULL));
		look(&d);
	}
	if (which == JOURNAL) {
		struct known *k = NULL;

		IGNORE(journal_finish(&k, &d, JOURNAL_GIVES_WAY, NULL)); /* nobody has signed it: it is given up, whatever it says */
		known_free(&k);
		if (journal_waits(&d))
			abort();
	}
	forget();
	return 0;
}
