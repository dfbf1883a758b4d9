/* SPDX-License-Identifier: ISC */
/* `boot marker TARGET': for boards with two sides the boot record, in one sector or in several copies of it; for boards with one the
 * 16 bytes 00 01 .. 0f by which stock boot loaders know to start the recovery system. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/io.h"
#include "verifier/boot.h"
#include "verifier/raw.h"

enum { RECOVERY_SIZE = 16 };

/* Returns 0, or -1; 1: there is no such file yet. */
static int get(const struct copy *c, unsigned char out[static BOOT_RECORD_SIZE], struct err *e)
{
	struct raw *r = NULL;
	int fd, rc;

	if (copy_is_raw(c->kind)) {
		rc = raw_open(&r, c, false, e);
		if (rc == 0)
			rc = raw_fits(r, BOOT_RECORD_SIZE, e);
		if (rc == 0)
			rc = r->read(r, 0, out, BOOT_RECORD_SIZE, e);
		raw_close(&r);
		return rc;
	}
	memset(out, 0, BOOT_RECORD_SIZE);
	fd = open(c->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 1 : err_errno(e, "cannot open %s", c->path);
	rc = io_read_full(fd, out, BOOT_RECORD_SIZE) < 0 ? err_errno(e, "cannot read %s", c->path) : 0;
	close(fd);
	return rc;
}

/* Writes N bytes and reads them back. N of 0: leaves nothing there, as on erased flash. */
static int put_raw(const struct copy *c, const unsigned char *bytes, size_t n, struct err *e)
{
	unsigned char hash[HASH_SIZE];
	struct raw *r = NULL;
	int rc = raw_open(&r, c, true, e);

	hash_buffer(hash, bytes, n);
	if (rc == 0)
		rc = raw_begin(r, n, e);
	if (rc == 0)
		rc = raw_put(r, bytes, n, e);
	if (rc == 0)
		rc = raw_end(r, e);
	if (rc == 0)
		rc = raw_check(r, n, hash, e);
	raw_close(&r);
	return rc;
}

/* One copy after the other: whole before the next one is touched. */
static int put(const struct device *d, const unsigned char *bytes, size_t n, struct err *e)
{
	const char *target = d->boot_argument;
	struct copy c;

	while (copy_next(&c, &target))
		if ((copy_is_raw(c.kind) ? put_raw(&c, bytes, n, e) : io_write_new(c.path, bytes, n, 0644, false, e)) != 0)
			return err_prefix(e, "the boot marker");
	return 0;
}

static bool is_blank(const unsigned char in[static BOOT_RECORD_SIZE])
{
	for (size_t i = 0; i < BOOT_RECORD_SIZE; i++)
		if (in[i] != in[0])
			return false;
	return in[0] == 0 || in[0] == 0xff;
}

/* The first copy that is whole. As the board left the factory there is none at all: then a starts, here as in the boot loader. */
static int read_marker(const struct device *d, struct boot_state *out, struct err *e)
{
	unsigned char bytes[BOOT_RECORD_SIZE];
	const char *target = d->boot_argument;
	bool blank = true;
	struct copy c;

	while (copy_next(&c, &target)) {
		int rc = get(&c, bytes, e);

		if (rc == 0 && boot_record_parse(out, bytes) == 0)
			return 0;
		blank = blank && (rc == 1 || (rc == 0 && is_blank(bytes)));
	}
	*out = (struct boot_state){.side = SIDE_A};
	return blank ? 0 : err_set(e, VERDICT_SYSTEM, "the boot record in %s is damaged, and cannot tell which side starts", d->boot_argument);
}

static int write_marker(const struct device *d, const struct boot_state *next, struct err *e)
{
	unsigned char bytes[BOOT_RECORD_SIZE];

	boot_record_make(bytes, next);
	return put(d, bytes, sizeof bytes, e);
}

const struct boot_method boot_marker = {.word = "marker", .read = read_marker, .write = write_marker, .counts = true};

/* Counts up from 0; all zeros when it is not set. */
static void make_recovery(unsigned char out[static RECOVERY_SIZE], bool on)
{
	for (size_t i = 0; i < RECOVERY_SIZE; i++)
		out[i] = on ? (unsigned char)i : 0;
}

bool boot_marker_is_ours(const struct device *d, const unsigned char *in, size_t n)
{
	unsigned char on[RECOVERY_SIZE], off[RECOVERY_SIZE];
	struct boot_state s;

	if (d->two_sided)
		return n == BOOT_RECORD_SIZE && boot_record_parse(&s, in) == 0;
	make_recovery(on, true);
	make_recovery(off, false);
	return n == RECOVERY_SIZE && (memcmp(in, on, n) == 0 || memcmp(in, off, n) == 0);
}

int boot_recovery(const struct device *d, bool on, struct err *e)
{
	unsigned char bytes[RECOVERY_SIZE];
	const char *target = d->boot_argument;
	struct copy c;

	if (d->two_sided || d->boot != BOOT_MARKER)
		return 0;
	copy_next(&c, &target);
	make_recovery(bytes, on);
	return put(d, bytes, on || c.kind == COPY_BLOCK || c.kind == COPY_FILE ? sizeof bytes : 0, e);
}
