/* SPDX-License-Identifier: ISC */
/* What all raw copies have in common: whole units, sizes, reading back. */
#include "verifier/raw.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { READ_SIZE = 64 << 10 };

int raw_open(struct raw **out, const struct copy *c, bool writing, struct err *e)
{
	int rc = -1;

	*out = NULL;
	switch (c->kind) {
	case COPY_BLOCK: rc = raw_block_open(out, c, writing, e); break;
	case COPY_MTD: rc = raw_mtd_open(out, c, writing, e); break;
	case COPY_UBI: rc = raw_ubi_open(out, c, writing, e); break;
	case COPY_DIR:
	case COPY_FILE: return err_set(e, VERDICT_USAGE, "%s is no raw target", c->text);
	}
	if (rc == 0)
		memcpy((*out)->what, c->text, sizeof c->text);
	return rc;
}

int raw_fits(const struct raw *r, uint64_t size, struct err *e)
{
	if (size > r->capacity)
		return err_set(e, VERDICT_TOO_LARGE, "%s has room for %" PRIu64 " bytes, and the image has %" PRIu64, r->what,
			       r->capacity, size);
	return 0;
}

int raw_begin(struct raw *r, uint64_t size, struct err *e)
{
	if (raw_fits(r, size, e) != 0)
		return -1;
	if (!r->buf)
		r->buf = malloc(r->unit);
	if (!r->buf)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	r->size = size;
	r->written = 0;
	r->used = 0;
	return r->begin ? r->begin(r, size, e) : 0;
}

/* Writes what the buffer holds. */
static int put_unit(struct raw *r, struct err *e)
{
	if (r->used == 0)
		return 0;
	if (r->write(r, r->written, r->buf, r->used, e) != 0)
		return -1;
	r->written += r->used;
	r->used = 0;
	return 0;
}

int raw_put(struct raw *r, const void *data, size_t len, struct err *e)
{
	const unsigned char *at = data;

	if (len > r->size - r->written - r->used)
		return err_set(e, VERDICT_SYSTEM, "more bytes for %s than were announced", r->what);
	while (len > 0) {
		size_t n = len < r->unit - r->used ? len : r->unit - r->used;

		memcpy(r->buf + r->used, at, n);
		r->used += n;
		at += n;
		len -= n;
		if (r->used == r->unit && put_unit(r, e) != 0)
			return -1;
	}
	return 0;
}

int raw_end(struct raw *r, struct err *e)
{
	if (put_unit(r, e) != 0)
		return -1;
	if (r->written != r->size)
		return err_set(e, VERDICT_SYSTEM, "fewer bytes for %s than were announced", r->what);
	return r->end(r, e);
}

int raw_hash(struct raw *r, uint64_t size, unsigned char hash[static HASH_SIZE], struct err *e)
{
	unsigned char *buf;
	struct hash state;
	int rc = raw_fits(r, size, e);

	if (rc != 0)
		return -1;
	buf = malloc(READ_SIZE);
	if (!buf)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	hash_init(&state, HASH_SIZE);
	for (uint64_t at = 0; rc == 0 && at < size; at += READ_SIZE) {
		size_t n = size - at < READ_SIZE ? (size_t)(size - at) : READ_SIZE;

		rc = r->read(r, at, buf, n, e);
		if (rc == 0)
			hash_update(&state, buf, n);
	}
	hash_final(&state, hash, HASH_SIZE);
	free(buf);
	return rc;
}

int raw_check(struct raw *r, uint64_t size, const unsigned char hash[static HASH_SIZE], struct err *e)
{
	unsigned char found[HASH_SIZE];

	if (raw_hash(r, size, found, e) != 0)
		return -1;
	if (!crypto_equal(found, hash, HASH_SIZE))
		return err_set(e, VERDICT_SYSTEM, "%s reads back otherwise than it was written: the medium is failing", r->what);
	return 0;
}

void raw_close(struct raw **r)
{
	if (*r) {
		free((*r)->buf);
		(*r)->close(*r);
	}
	*r = NULL;
}
