/* SPDX-License-Identifier: ISC */
/* Boot records, as they come from a medium that a power cut may have left half written; with their checksum put right, for else
 * hardly any would get past it. */
#include <stdlib.h>
#include <string.h>

#include "verifier/boot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t crc32(const unsigned char *bytes, size_t len)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < 8 * len; i++)
		crc = crc >> 1 ^ (((crc ^ (uint32_t)(bytes[i / 8] >> i % 8)) & 1) ? 0xedb88320 : 0);
	return ~crc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char bytes[BOOT_RECORD_SIZE] = {0}, again[BOOT_RECORD_SIZE];
	struct boot_state s;
	uint32_t crc;

	memcpy(bytes, data, size < sizeof bytes ? size : sizeof bytes);
	if (boot_record_parse(&s, bytes) == 0 && size < BOOT_RECORD_SIZE)
		abort();
	crc = crc32(bytes, BOOT_RECORD_SIZE - 4);
	for (int i = 0; i < 4; i++)
		bytes[BOOT_RECORD_SIZE - 4 + i] = (unsigned char)(crc >> (24 - 8 * i));
	if (boot_record_parse(&s, bytes) != 0)
		return 0;
	boot_record_make(again, &s); /* one meaning, one spelling, up to the NUL */
	if (strcmp((char *)bytes, (char *)again) != 0)
		abort();
	return 0;
}
