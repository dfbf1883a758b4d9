/* SPDX-License-Identifier: ISC */
/* Where a board is reached: HOST, HOST:PORT, [IPV6]:PORT, with http:// or https:// before it or not. */
#ifndef FLASHER_ADDRESS_H
#define FLASHER_ADDRESS_H

#include "core/err.h"

enum { ADDRESS_MAX = 256 }; /* bytes of an address as written */

struct address {
	char text[ADDRESS_MAX + 1];        /* as it was written */
	char origin[ADDRESS_MAX + 16];     /* "http://host:80": one spelling for each place */
};

/* Parses TEXT: nothing but the parts above, so that neither a user, a path nor a query can be smuggled into a request.
 * Returns 0 or -1 (usage). */
MUST_CHECK int address_parse(struct address *out, const char *text, struct err *e);

#endif
