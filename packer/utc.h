/* SPDX-License-Identifier: ISC */
/* Times for people and for JSON: 2026-11-24T21:12:00Z (RFC 3339). */
#ifndef PACKER_UTC_H
#define PACKER_UTC_H

#include <stdint.h>

enum { UTC_SIZE = 32 };

/* Prints SECONDS since 1970; "?" for what no calendar holds. */
void utc_print(char out[static UTC_SIZE], uint64_t seconds);

#endif
