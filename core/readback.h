/* SPDX-License-Identifier: ISC */
/* Reading back what was written: the medium is asked, not the page cache. */
#ifndef CORE_READBACK_H
#define CORE_READBACK_H

#include "core/crypto.h"

/* Hashes all that FD (a file that has been synced) holds and compares. WHAT is for messages.
 * Returns 0, or -1: system (cannot be read, or differs: the medium is failing). */
MUST_CHECK int readback_check(int fd, const unsigned char hash[static HASH_SIZE], const char *what, struct err *e);

#endif
