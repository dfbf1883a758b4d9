/* SPDX-License-Identifier: ISC */
/* Directories as FAT stores them: entries of 32 bytes, long names in front of their aliases. */
#ifndef FLASHER_FAT_DIR_H
#define FLASHER_FAT_DIR_H

#include <stdint.h>

#include "core/err.h"
#include "flasher/fat_tree.h"

enum {
	FAT_DIR_ENTRY = 32,
	FAT_DIR_ENTRIES_MAX = 65536, /* of one directory: what readers walk */
};

/* Gives every node its alias, unlike any other in its directory, and every directory the size of its entries. Returns 0, or -1:
 * too-large (more entries than a directory may have), memory. */
MUST_CHECK int fat_dir_measure(struct fat_tree *t, struct err *e);

/* A date and a time as FAT has them, UTC, within 1980 to 2107. SECONDS since 1970. */
struct fat_time {
	uint16_t date, time;
};
struct fat_time fat_time_of(uint64_t seconds);

/* Writes the entries of directory NODE, whose size fat_dir_measure has set, to OUT. LABEL (11 bytes, blanks behind it) is the
 * volume's, wanted for the root only. */
void fat_dir_entries(unsigned char *out, const struct fat_tree *t, uint32_t node, const char *label, struct fat_time when);

#endif
