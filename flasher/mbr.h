/* SPDX-License-Identifier: ISC */
/* The first sector of a card: one primary partition, active, and no code (the layout is the IBM PC's, of 1983). */
#ifndef FLASHER_MBR_H
#define FLASHER_MBR_H

#include <stdbool.h>
#include <stdint.h>

enum { MBR_SIZE = 512, MBR_FAT32 = 0x0c, MBR_FAT16 = 0x0e }; /* types: both addressed by LBA */

/* Builds it. START and SECTORS of the partition; ID is the disk's signature. */
void mbr_build(unsigned char out[static MBR_SIZE], uint32_t start, uint32_t sectors, unsigned char type, uint32_t id);

/* The start of the first partition of a sector that may be anything; false when that is no MBR. */
bool mbr_start(uint32_t *start, const unsigned char mbr[static MBR_SIZE]);

#endif
