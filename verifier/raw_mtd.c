/* SPDX-License-Identifier: ISC */
/* `mtd:/dev/mtdN[@OFFSET+LENGTH]': flash. Bad blocks are skipped, as boot loaders do when they read; a block that turns out to be worn
 * is marked bad, and what it should have held goes to the next good one. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/mtd.h"

struct raw_mtd {
	struct raw base;
	struct mtd *m;
	uint64_t *good;        /* the region's good blocks: where each begins */
	size_t ngood;
	unsigned char *page;   /* for the last, padded one */
};

static bool is_blank(const unsigned char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] != 0xff)
			return false;
	return true;
}

/* A page of nothing but 0xff stays erased: it reads the same, and UBI and UBIFS want to write such pages themselves. */
static int write_page(struct raw_mtd *r, uint64_t at, const unsigned char *data, size_t len)
{
	if (is_blank(data, len))
		return 0;
	if (len < r->m->page) {
		memset(r->page, 0xff, r->m->page);
		memcpy(r->page, data, len);
		data = r->page;
	}
	return r->m->write(r->m, at, data, r->m->page);
}

static int fill_block(struct raw_mtd *r, uint64_t block, const unsigned char *data, size_t len)
{
	if (r->m->erase_block(r->m, block) != 0)
		return -1;
	for (size_t at = 0; at < len; at += r->m->page)
		if (write_page(r, block + at, data + at, len - at < r->m->page ? len - at : r->m->page) != 0)
			return -1;
	return 0;
}

/* Block number I is worn: from now on, and for whoever reads it later, it is not among the good ones. */
static int give_up_block(struct raw_mtd *r, size_t i, struct err *e)
{
	uint64_t block = r->good[i];

	if (errno != EIO || !r->m->nand)
		return err_errno(e, "cannot erase or write %s, the block at 0x%" PRIx64, r->base.what, block);
	if (r->m->mark_bad(r->m, block) != 0)
		return err_errno(e, "%s: the block at 0x%" PRIx64 " is worn, and cannot be marked bad", r->base.what, block);
	memmove(r->good + i, r->good + i + 1, (r->ngood - i - 1) * sizeof *r->good);
	r->ngood--;
	r->base.capacity -= r->m->erase;
	if (r->base.size > r->base.capacity)
		return err_set(e, VERDICT_SYSTEM, "%s: the block at 0x%" PRIx64 " is worn, and too few good ones are left", r->base.what,
			       block);
	return 0;
}

static int write_mtd(struct raw *base, uint64_t at, const unsigned char *data, size_t len, struct err *e)
{
	struct raw_mtd *r = (struct raw_mtd *)base;
	size_t i = (size_t)(at / r->m->erase);

	while (fill_block(r, r->good[i], data, len) != 0)
		if (give_up_block(r, i, e) != 0)
			return -1;
	return 0;
}

/* What is left of an older image behind this one goes: UBI would take its blocks for its own. */
static int end_mtd(struct raw *base, struct err *e)
{
	struct raw_mtd *r = (struct raw_mtd *)base;
	size_t i = (size_t)((base->size + r->m->erase - 1) / r->m->erase);

	while (i < r->ngood) {
		if (r->m->erase_block(r->m, r->good[i]) == 0)
			i++;
		else if (give_up_block(r, i, e) != 0)
			return -1;
	}
	return 0;
}

static int read_mtd(struct raw *base, uint64_t at, unsigned char *buf, size_t len, struct err *e)
{
	struct raw_mtd *r = (struct raw_mtd *)base;

	while (len > 0) {
		size_t within = (size_t)(at % r->m->erase), n = r->m->erase - within < len ? r->m->erase - within : len;

		if (r->m->read(r->m, r->good[at / r->m->erase] + within, buf, n) != 0)
			return err_errno(e, "cannot read %s at its byte %" PRIu64, base->what, at);
		at += n;
		buf += n;
		len -= n;
	}
	return 0;
}

static void close_mtd(struct raw *base)
{
	struct raw_mtd *r = (struct raw_mtd *)base;

	r->m->close(r->m);
	free(r->good);
	free(r->page);
	free(r);
}

static int find_good_blocks(struct raw_mtd *r, uint64_t from, uint64_t length, struct err *e)
{
	r->good = calloc((size_t)(length / r->m->erase), sizeof *r->good);
	if (!r->good)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	for (uint64_t at = from; at < from + length; at += r->m->erase) {
		bool bad;

		if (r->m->is_bad(r->m, at, &bad) != 0)
			return err_errno(e, "cannot ask whether the flash block at 0x%" PRIx64 " is bad", at);
		if (!bad)
			r->good[r->ngood++] = at;
	}
	r->base.capacity = (uint64_t)r->ngood * r->m->erase;
	return 0;
}

static int set_up(struct raw_mtd *r, const struct copy *c, struct err *e)
{
	uint64_t size = r->m->size;

	if (c->offset >= size || c->length > size - c->offset)
		return err_set(e, VERDICT_WRONG_BOARD, "%s lies beyond the end of the partition, which has %" PRIu64 " bytes", c->text, size);
	if (c->offset % r->m->erase != 0 || c->length % r->m->erase != 0)
		return err_set(e, VERDICT_USAGE, "%s: its region is not made of whole erase blocks, of %" PRIu32 " bytes here", c->text,
			       r->m->erase);
	r->page = malloc(r->m->page);
	if (!r->page)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	r->base.unit = r->m->erase;
	return find_good_blocks(r, c->offset, c->length ? c->length : size - size % r->m->erase, e);
}

int raw_mtd_on(struct raw **out, struct mtd *m, const struct copy *c, struct err *e)
{
	struct raw_mtd *r = calloc(1, sizeof *r);

	if (!r) {
		m->close(m);
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	}
	r->base = (struct raw){.write = write_mtd, .end = end_mtd, .read = read_mtd, .close = close_mtd};
	r->m = m;
	if (set_up(r, c, e) != 0) {
		close_mtd(&r->base);
		return -1;
	}
	*out = &r->base;
	return 0;
}

int raw_mtd_open(struct raw **out, const struct copy *c, bool writing, struct err *e)
{
	struct mtd *m;

	return mtd_open(&m, c->path, writing, e) == 0 ? raw_mtd_on(out, m, c, e) : -1;
}
