/* SPDX-License-Identifier: ISC */
/* How many descriptors this process may have: what bounds the number of boards that are spoken to at once. */
#ifndef FLASHER_LIMIT_H
#define FLASHER_LIMIT_H

#include <stdint.h>

#include "core/err.h"

/* Raises the soft limit to the hard one. Sets *CONNECTIONS to how many may be open at once, after what the program itself
 * needs. Returns 0, or -1 (system) when that is fewer than WANTED; the message says how to raise the limit. */
MUST_CHECK int limit_descriptors(uint32_t *connections, uint32_t wanted, struct err *e);

#endif
