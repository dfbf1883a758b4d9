/* SPDX-License-Identifier: ISC */
/* Sets of IPv4 addresses as people write them, and nothing else: no name is ever looked up.
 *     10.0.3.17              one
 *     10.0.3.0/24            a network; its own and its broadcast address are left out, but of /31 and /32
 *     10.0.3.17-10.0.4.9     from and to, both included
 *     10.0.1-3.1-254         an octet may be a range: 10.0.1.1 to 10.0.3.254 without the .0 and .255 between */
#ifndef FLASHER_RANGES_H
#define FLASHER_RANGES_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/text.h"

enum {
	RANGES_DEFAULT_MAX = 65536,  /* addresses */
	RANGES_MAX = 1 << 20,        /* that may be asked for */
	RANGE_TEXT_MAX = 63,         /* bytes of one range */
};

/* One address, and the number of the place in the list that named it. */
struct range_address {
	uint32_t address;            /* host order */
	uint32_t note;
};

/* Zero-initialised but for LIMIT it is empty. */
struct ranges {
	struct range_address *at;
	size_t n, room, limit;       /* no more than LIMIT addresses, each counted as often as it is named */
};

/* Adds the addresses of one range. Returns 0, or -1: usage (not a range, turned round, multicast or above, too many), system. */
MUST_CHECK int ranges_add(struct ranges *r, struct span text, uint32_t note, struct err *e);

/* Sorts them by address and keeps each once, as it was named first. */
void ranges_finish(struct ranges *r);

void ranges_free(struct ranges *r);

#endif
