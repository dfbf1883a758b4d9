/* SPDX-License-Identifier: ISC */
/* Names as FAT holds them: UTF-16 long ones, 8.3 aliases, and which two names a reader takes for one (Microsoft, "FAT: General Overview
 * of On-Disk Format", 1.03). */
#ifndef FLASHER_FAT_NAME_H
#define FLASHER_FAT_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FAT_NAME_MAX = 255,   /* UTF-16 units */
	FAT_ALIAS_SIZE = 11,
	FAT_LONG_UNITS = 13,  /* of a name in one directory entry */
};

struct fat_name {
	uint16_t units[FAT_NAME_MAX];
	size_t n;
};

/* Decodes UTF-8. Returns NULL, or some words on why FAT cannot hold the name, or a reader would change it: "ends in a dot". */
const char *fat_name_decode(struct fat_name *out, const char *name, size_t len);

/* Folds case in place: names that fold alike are one name to a reader. Latin, Greek, Cyrillic and Armenian letters; others have no
 * case. */
void fat_name_fold(struct fat_name *name);

/* Makes the alias of a name that fits 8.3 but for case; *EXACT: the name is the alias, so that no long name is needed. False: does
 * not fit. */
bool fat_name_short(unsigned char alias[static FAT_ALIAS_SIZE], bool *exact, const struct fat_name *name);

/* Makes alias number ATTEMPT, from 0, of a name that does not: "LONGNA~1TXT", and from 4 on "LO1A2B~1TXT". */
void fat_name_alias(unsigned char alias[static FAT_ALIAS_SIZE], const struct fat_name *name, unsigned attempt);

/* The sum of an alias that each part of its long name carries. */
unsigned char fat_name_sum(const unsigned char alias[static FAT_ALIAS_SIZE]);

#endif
