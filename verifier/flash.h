/* SPDX-License-Identifier: ISC */
/* From the staging area into a raw slot that has one side: copy by copy, so that one good copy always stands. It can be repeated
 * after a power cut at any point of it. */
#ifndef VERIFIER_FLASH_H
#define VERIFIER_FLASH_H

#include "verifier/raw.h"

/* Would an image of SIZE bytes fit in every copy of TARGET? Nothing is changed. Returns 0, or -1: too-large, wrong-board, usage, system. */
MUST_CHECK int flash_fits(const char *target, uint64_t size, struct err *e);

/* Writes the SIZE bytes of FD, whose hash is HASH, to each copy of TARGET in turn. A copy that holds them already is left alone; one
 * is written and read back before the next one is touched. Returns 0, or -1 (system: the copies behind that one are untouched). */
MUST_CHECK int flash_write(int fd, uint64_t size, const unsigned char hash[static HASH_SIZE], const char *target, struct err *e);

/* Does every copy of TARGET hold those bytes? A copy that cannot be read does not. */
bool flash_holds(uint64_t size, const unsigned char hash[static HASH_SIZE], const char *target);

#endif
