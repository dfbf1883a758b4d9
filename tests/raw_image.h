/* SPDX-License-Identifier: ISC */
/* For tests of raw targets: an image, and the whole way of one into a target and back. */
#ifndef TESTS_RAW_IMAGE_H
#define TESTS_RAW_IMAGE_H

#include "core/crypto.h"
#include "verifier/raw.h"

static void make_image(unsigned char *image, size_t size)
{
	for (size_t i = 0; i < size; i++)
		image[i] = (unsigned char)(i * 7 + i / 251);
}

/* Writes an image of SIZE bytes in odd pieces, and reads it back. Returns 0 or -1. */
static int write_image(struct raw *r, const unsigned char *image, size_t size, struct err *e)
{
	unsigned char hash[HASH_SIZE];

	hash_buffer(hash, image, size);
	if (raw_begin(r, size, e) != 0)
		return -1;
	for (size_t at = 0; at < size; at += 700)
		if (raw_put(r, image + at, size - at < 700 ? size - at : 700, e) != 0)
			return -1;
	return raw_end(r, e) == 0 ? raw_check(r, size, hash, e) : -1;
}

#endif
