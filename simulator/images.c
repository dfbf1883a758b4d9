/* SPDX-License-Identifier: ISC */
/* Uploads that share their bytes. */
#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE */
#include "simulator/images.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void image_free(struct sim_image *image)
{
	look_free(&image->look);
	munmap(image->bytes, image->size);
	free(image);
}

static struct sim_image *image_new(struct images *s, uint64_t size)
{
	struct sim_image *image = calloc(1, sizeof *image);

	if (!image)
		return NULL;
	image->bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (image->bytes == MAP_FAILED) {
		free(image);
		return NULL;
	}
	image->size = size;
	image->next = s->first;
	s->first = image;
	return image;
}

/* Drops what nobody sends: unfinished ones at once, whole ones when there are too many of them. */
static void tidy(struct images *s)
{
	struct sim_image **at = &s->first, *image;
	unsigned kept = 0;

	while ((image = *at)) {
		if (image->users == 0 && (image->filled < image->size || ++kept > SIM_IMAGES_KEPT)) {
			*at = image->next;
			image_free(image);
		} else {
			at = &image->next;
		}
	}
}

/* An image of that size that begins with the LEN bytes at BYTES, or NULL. */
static struct sim_image *find(struct images *s, uint64_t size, const void *bytes, uint64_t len)
{
	for (struct sim_image *image = s->first; image; image = image->next)
		if (image->size == size && image->filled >= len && memcmp(image->bytes, bytes, len) == 0)
			return image;
	return NULL;
}

int images_begin(struct images *s, struct taking *t, uint64_t size)
{
	*t = (struct taking){.image = NULL};
	if (size == 0 || size > SIM_IMAGE_MAX)
		return -1;
	tidy(s);
	t->image = find(s, size, "", 0);
	if (!t->image)
		t->image = image_new(s, size);
	if (!t->image)
		return -1;
	t->image->users++;
	return 0;
}

/* Moves the upload to an image that goes on otherwise: one that has NEXT at its place, or a copy of what it has sent. */
static int part(struct images *s, struct taking *t, unsigned char next)
{
	struct sim_image *from = t->image, *to;

	for (to = s->first; to; to = to->next)
		if (to->size == from->size && to->filled > t->at && to->bytes[t->at] == next &&
		    memcmp(to->bytes, from->bytes, t->at) == 0)
			break;
	if (!to) {
		to = image_new(s, from->size);
		if (!to)
			return -1;
		memcpy(to->bytes, from->bytes, t->at);
		to->filled = t->at;
	}
	from->users--;
	to->users++;
	t->image = to;
	return 0;
}

/* How many of LEN bytes are the same. */
static size_t alike(const unsigned char *a, const unsigned char *b, size_t len)
{
	size_t n = 0;

	if (memcmp(a, b, len) == 0)
		return len;
	while (a[n] == b[n])
		n++;
	return n;
}

int images_take(struct images *s, struct taking *t, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	while (len > 0) {
		struct sim_image *image = t->image;
		uint64_t known = image->filled - t->at;
		size_t n = known < len ? (size_t)known : len, same = n ? alike(image->bytes + t->at, p, n) : 0;

		if (n == 0) { /* nobody has come this far */
			memcpy(image->bytes + image->filled, p, len);
			image->filled += len;
			same = len;
		}
		t->at += same;
		p += same;
		len -= same;
		if (same < n && part(s, t, *p))
			return -1;
	}
	return 0;
}

const struct sim_image *images_end(struct images *s, struct taking *t)
{
	struct sim_image *image = t->image;

	if (!image->look.done) {
		hash_buffer(image->hash, image->bytes, image->size);
		look_at(&image->look, image->bytes, image->size, image->hash, s->trust);
	}
	return image;
}

void images_drop(struct images *s, struct taking *t)
{
	(void)s;
	if (t->image)
		t->image->users--;
	t->image = NULL;
}

void images_free(struct images *s)
{
	for (struct sim_image *image = s->first, *next; image; image = next) {
		next = image->next;
		image_free(image);
	}
	s->first = NULL;
}
