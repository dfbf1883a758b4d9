/* SPDX-License-Identifier: ISC */
/* Reading, keeping, passing on. */
#include "flasher/tee.h"

#include <stdlib.h>
#include <string.h>

/* Keyrings, manifest and signatures come before there is a place: 64 * (64 + 16) KiB + 8 MiB + 16 KiB, and headers. */
#define KEPT_MAX ((size_t)16 << 20)

static int keep(struct tee *t, const void *bytes, size_t len, struct err *e)
{
	if (len > KEPT_MAX - t->count)
		return err_set(e, VERDICT_TOO_LARGE, "what stands before the payload is over %zu bytes", KEPT_MAX);
	while (t->count + len > t->room) {
		size_t room = t->room ? t->room * 2 : 64 << 10;
		unsigned char *more = realloc(t->kept, room);

		if (!more)
			return err_set(e, VERDICT_SYSTEM, "out of memory");
		t->kept = more;
		t->room = room;
	}
	memcpy(t->kept + t->count, bytes, len);
	return 0;
}

static int tee_read(struct source *s, void *buf, size_t len, size_t *got, struct err *e)
{
	struct tee *t = (struct tee *)s;

	if (t->from->read(t->from, buf, len, got, e))
		return -1;
	if (t->hashing)
		hash_update(&t->hash, buf, *got);
	if (!t->placed && keep(t, buf, *got, e))
		return -1;
	if (t->medium && *got > 0 && t->medium->write(t->medium, t->at + t->count, buf, *got, e))
		return -1;
	t->count += *got;
	return 0;
}

void tee_init(struct tee *t, struct source *from, bool hashing)
{
	*t = (struct tee){.base = {tee_read}, .from = from, .hashing = hashing};
	hash_init(&t->hash, HASH_SIZE);
}

void tee_free(struct tee *t)
{
	free(t->kept);
	t->kept = NULL;
}

int tee_place(struct tee *t, struct medium *medium, uint64_t at, struct err *e)
{
	int rc = medium && t->count > 0 ? medium->write(medium, at, t->kept, (size_t)t->count, e) : 0;

	t->placed = true;
	t->medium = medium;
	t->at = at;
	tee_free(t);
	return rc;
}

void tee_hash(const struct tee *t, unsigned char out[static HASH_SIZE])
{
	struct hash copy = t->hash;

	hash_final(&copy, out, HASH_SIZE);
}
