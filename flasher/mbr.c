/* SPDX-License-Identifier: ISC */
/* One partition entry and a signature. */
#include "flasher/mbr.h"

#include <string.h>

#include "core/bytes.h"

enum { HEADS = 255, TRACK = 63, CYLINDERS = 1024, DISK_ID = 440, ENTRY = 446, SIGNATURE = 510, ACTIVE = 0x80 };

/* Cylinder, head, sector as LBA-assist translation has them; the last one there is for what lies behind. */
static void put_chs(unsigned char out[static 3], uint32_t lba)
{
	uint32_t cylinder = lba / (HEADS * TRACK), head = lba / TRACK % HEADS, sector = lba % TRACK + 1;

	if (cylinder >= CYLINDERS) {
		cylinder = CYLINDERS - 1;
		head = HEADS - 1;
		sector = TRACK;
	}
	out[0] = (unsigned char)head;
	out[1] = (unsigned char)(sector | (cylinder >> 8) << 6);
	out[2] = (unsigned char)(cylinder & 0xff);
}

void mbr_build(unsigned char out[static MBR_SIZE], uint32_t start, uint32_t sectors, unsigned char type, uint32_t id)
{
	unsigned char *entry = out + ENTRY;

	memset(out, 0, MBR_SIZE);
	bytes_put_le32(out + DISK_ID, id);
	entry[0] = ACTIVE;
	put_chs(entry + 1, start);
	entry[4] = type;
	put_chs(entry + 5, start + sectors - 1);
	bytes_put_le32(entry + 8, start);
	bytes_put_le32(entry + 12, sectors);
	out[SIGNATURE] = 0x55;
	out[SIGNATURE + 1] = 0xaa;
}

bool mbr_start(uint32_t *start, const unsigned char mbr[static MBR_SIZE])
{
	*start = bytes_le32(mbr + ENTRY + 8);
	return mbr[SIGNATURE] == 0x55 && mbr[SIGNATURE + 1] == 0xaa && *start > 0;
}
