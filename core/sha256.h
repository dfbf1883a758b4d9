/* SPDX-License-Identifier: ISC */
/* SHA-256 (FIPS 180-4): what other people's evidence names files by, and newer Digest logins. Firmseal's own format does not use it. */
#ifndef CORE_SHA256_H
#define CORE_SHA256_H

#include <stddef.h>

enum { SHA256_SIZE = 32, SHA256_HEX = 64 };

/* A running hash; plain storage, copyable, nothing to free. */
struct sha256 {
	_Alignas(8) unsigned char state[128];
};

void sha256_init(struct sha256 *h);
void sha256_update(struct sha256 *h, const void *bytes, size_t len);
/* Ends the hash: 64 lower-case digits and NUL. */
void sha256_final(struct sha256 *h, char hex[static SHA256_HEX + 1]);

#endif
