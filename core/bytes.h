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

/* Reads 4 bytes, least significant first. */
static inline uint32_t bytes_le32(const unsigned char p[static 4])
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* Writes 2 or 4 bytes, least significant first. */
static inline void bytes_put_le16(unsigned char p[static 2], uint16_t v)
{
	p[0] = (unsigned char)(v & 0xff);
	p[1] = (unsigned char)(v >> 8);
}
static inline void bytes_put_le32(unsigned char p[static 4], uint32_t v)
{
	for (int i = 0; i < 4; i++, v >>= 8)
		p[i] = (unsigned char)(v & 0xff);
}

#endif
