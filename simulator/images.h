/* SPDX-License-Identifier: ISC */
/* What boards were sent. Thousands are sent the same image at once, so an upload is compared with what is there already, and
 * only bytes that nobody has sent before are kept: memory grows with the number of different images, not of boards. */
#ifndef SIMULATOR_IMAGES_H
#define SIMULATOR_IMAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/crypto.h"
#include "simulator/look.h"

#define SIM_IMAGE_MAX ((uint64_t)2 << 30) /* bytes */
enum { SIM_IMAGES_KEPT = 8 };             /* that nobody is sending any more */

struct sim_image {
	struct sim_image *next;
	uint64_t size, filled;
	unsigned char *bytes;          /* SIZE of them, FILLED of them valid */
	unsigned users;                /* uploads under way */
	unsigned char hash[HASH_SIZE]; /* once looked at */
	struct look look;              /* what it is, once looked at */
};

struct images {
	struct sim_image *first;       /* the one used last comes first */
	const struct trust *trust;     /* of the boards that verify */
};

/* One upload's progress through an image. */
struct taking {
	struct sim_image *image;
	uint64_t at;
};

/* Begins an upload of SIZE bytes. Returns 0, or -1 when there is no room for it. */
int images_begin(struct images *s, struct taking *t, uint64_t size);
/* Takes the next bytes, at most what is left. Returns 0, or -1 when memory is out. */
int images_take(struct images *s, struct taking *t, const void *bytes, size_t len);
/* All bytes are there: says what they are. It stays the store's, and is valid until the next images_begin. */
const struct sim_image *images_end(struct images *s, struct taking *t);
/* Gives an upload up, or closes one that has ended. Safe on a zeroed record. */
void images_drop(struct images *s, struct taking *t);
void images_free(struct images *s);

#endif
