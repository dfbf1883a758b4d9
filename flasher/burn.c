/* SPDX-License-Identifier: ISC */
/* Probe, write, read back, and only then the first sectors. */
#include "flasher/burn.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "flasher/medium.h"

enum { SECTOR = 512, PROBES_MAX = 48, WIPED = 1 << 20 };

/* Memory of one thread. */
struct buffers {
	unsigned char *want, *found; /* BURN_BLOCK each, aligned */
};

static uint64_t round_up(uint64_t n)
{
	return (n + BURN_ALIGN - 1) / BURN_ALIGN * BURN_ALIGN;
}

uint64_t burn_work(const struct burn_image *image)
{
	return 2 * round_up(image->used);
}

/* --- is it as large as it says? --- */

/* Places at which a card that wraps its addresses, or throws away what lies beyond its end, is caught: just below each power of two,
 * and at the end. */
static size_t probe_places(uint64_t places[static PROBES_MAX], uint64_t size)
{
	uint64_t end = size / BURN_ALIGN * BURN_ALIGN;
	size_t n = 0;

	for (uint64_t at = 1 << 20; at < end && n < PROBES_MAX - 1; at *= 2)
		places[n++] = at - BURN_ALIGN;
	places[n++] = end - BURN_ALIGN;
	return n;
}

static void pattern(unsigned char *out, uint64_t place)
{
	uint64_t x = place * UINT64_C(0x9e3779b97f4a7c15) + 1;

	for (size_t i = 0; i < BURN_ALIGN; i += 8) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		bytes_put_le64(out + i, x);
	}
}

/* Before anything else: with no MBR, and nothing where a loader looks for itself, the old content starts nothing any more. */
static int wipe_head(struct burn_device *d, const struct buffers *buf, struct err *e)
{
	memset(buf->want, 0, WIPED);
	return d->write(d, 0, buf->want, WIPED, e) || d->flush(d, e) ? -1 : 0;
}

/* Marks all places, flushes, and looks at all of them. What was marked is zero afterwards, so that the end of the disk has no
 * second partition table left either. */
static int probe(struct burn_device *d, const struct buffers *buf, struct err *e)
{
	uint64_t places[PROBES_MAX];
	size_t n = probe_places(places, d->size);
	bool lies = false;

	for (size_t i = 0; i < n; i++) {
		pattern(buf->want, places[i]);
		if (d->write(d, places[i], buf->want, BURN_ALIGN, e))
			return -1;
	}
	if (d->flush(d, e))
		return -1;
	for (size_t i = 0; i < n && !lies; i++) {
		pattern(buf->want, places[i]);
		if (d->read(d, places[i], buf->found, BURN_ALIGN, e))
			return -1;
		lies = memcmp(buf->want, buf->found, BURN_ALIGN) != 0;
		if (lies)
			err_set(e, VERDICT_UNSAFE_TARGET,
				"the card says that it holds %" PRIu64 " MB, and does not keep what is written at byte %" PRIu64
				": it is failing, or a fake",
				d->size / 1000000, places[i]);
	}
	memset(buf->want, 0, BURN_ALIGN);
	for (size_t i = 0; i < n && !lies; i++)
		if (d->write(d, places[i], buf->want, BURN_ALIGN, e))
			return -1;
	return lies ? -1 : 0;
}

/* --- the image --- */

/* Reads the image's bytes; when HEADLESS, zeros stand for the MBR and the boot sector. */
static int take(const struct burn_image *image, uint64_t at, unsigned char *out, size_t len, bool headless, struct err *e)
{
	const uint64_t heads[] = {0, image->boot};

	if (medium_read(image->fd, at, out, len, e))
		return err_prefix(e, "the image");
	for (size_t i = 0; headless && i < sizeof heads / sizeof *heads; i++)
		if (heads[i] >= at && heads[i] < at + len)
			memset(out + (heads[i] - at), 0, SECTOR);
	return 0;
}

static int check_stop(struct burn *b, struct err *e)
{
	if (!atomic_load(&b->stop))
		return 0;
	return err_set(e, VERDICT_SYSTEM, "stopped in the middle: the card has no boot sector, and starts no board");
}

static int write_body(struct burn *b, const struct burn_image *image, const struct buffers *buf, struct err *e)
{
	struct burn_device *d = b->device;
	uint64_t end = round_up(image->used);

	for (uint64_t at = 0; at < end;) {
		size_t n = end - at < BURN_BLOCK ? (size_t)(end - at) : BURN_BLOCK;

		if (check_stop(b, e) || take(image, at, buf->want, n, true, e) || d->write(d, at, buf->want, n, e))
			return -1;
		at += n;
		atomic_fetch_add(&b->done, n);
	}
	return d->flush(d, e);
}

static int compare(struct burn_device *d, const struct buffers *buf, uint64_t at, size_t n, struct err *e)
{
	if (d->read(d, at, buf->found, n, e))
		return -1;
	for (size_t i = 0; i < n; i += SECTOR)
		if (memcmp(buf->want + i, buf->found + i, SECTOR) != 0)
			return err_set(e, VERDICT_SYSTEM, "byte %" PRIu64 " ff. read back otherwise than they were written: the card is failing",
				       at + i);
	return 0;
}

static int read_back(struct burn *b, const struct burn_image *image, const struct buffers *buf, struct err *e)
{
	uint64_t end = round_up(image->used);

	for (uint64_t at = 0; at < end;) {
		size_t n = end - at < BURN_BLOCK ? (size_t)(end - at) : BURN_BLOCK;

		if (check_stop(b, e) || take(image, at, buf->want, n, true, e) || compare(b->device, buf, at, n, e))
			return -1;
		at += n;
		atomic_fetch_add(&b->done, n);
	}
	return 0;
}

/* The block that holds the sector at AT, as it is in the image. */
static int write_head(struct burn_device *d, const struct burn_image *image, const struct buffers *buf, uint64_t at, struct err *e)
{
	at = at / BURN_ALIGN * BURN_ALIGN;
	if (take(image, at, buf->want, BURN_ALIGN, false, e) || d->write(d, at, buf->want, BURN_ALIGN, e) || d->flush(d, e))
		return -1;
	return compare(d, buf, at, BURN_ALIGN, e);
}

static int burn(struct burn *b, const struct burn_image *image, const struct buffers *buf, struct err *e)
{
	struct burn_device *d = b->device;

	if (d->size < round_up(image->used) || d->size < WIPED)
		return err_set(e, VERDICT_TOO_LARGE, "%" PRIu64 " bytes do not fit on a card of %" PRIu64, image->used, d->size);
	if (d->begin && d->begin(d, e))
		return -1;
	if (wipe_head(d, buf, e) || probe(d, buf, e) || write_body(b, image, buf, e) || read_back(b, image, buf, e))
		return -1;
	return write_head(d, image, buf, image->boot, e) || write_head(d, image, buf, 0, e) ? -1 : 0;
}

int burn_one(struct burn *b, const struct burn_image *image, struct err *e)
{
	struct buffers buf = {aligned_alloc(BURN_ALIGN, BURN_BLOCK), aligned_alloc(BURN_ALIGN, BURN_BLOCK)};
	int rc = buf.want && buf.found ? burn(b, image, &buf, e) : err_set(e, VERDICT_SYSTEM, "out of memory");

	free(buf.want);
	free(buf.found);
	return rc;
}
