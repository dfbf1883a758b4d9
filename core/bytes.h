/* SPDX-License-Identifier: ISC */
/* Little-endian loads and stores by hand: no casts, no alignment, any host. */
#ifndef CORE_BYTES_H
#define CORE_BYTES_H

#include <stdint.h>

/* Reads 8 bytes, least significant first. */
static inline uint64_t bytes_le64(const unsigned char p[static 8])
{
	uint64_t v = 0;

	for (int i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

/* Writes 8 bytes, least significant first. */
static inline void bytes_put_le64(unsigned char p[static 8], uint64_t v)
{
	for (int i = 0; i < 8; i++, v >>= 8)
		p[i] = (unsigned char)(v & 0xff);
}

#endif
