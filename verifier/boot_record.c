/* SPDX-License-Identifier: ISC */
/* The boot record as bytes. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "verifier/boot.h"

enum { TEXT_SIZE = BOOT_RECORD_SIZE - 4 };

static uint32_t crc32(const unsigned char *bytes, size_t len)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void put_crc(unsigned char out[static 4], const unsigned char *bytes)
{
	uint32_t crc = crc32(bytes, TEXT_SIZE);

	for (int i = 0; i < 4; i++)
		out[i] = (unsigned char)(crc >> (24 - 8 * i));
}

void boot_record_make(unsigned char out[static BOOT_RECORD_SIZE], const struct boot_state *s)
{
	memset(out, 0, BOOT_RECORD_SIZE);
	snprintf((char *)out, TEXT_SIZE, "firmseal_side=%s\nfirmseal_trial=%d\nfirmseal_tries=%" PRIu32 "\n", boot_letter(s->side),
		 (int)s->trial, s->tries);
	put_crc(out + TEXT_SIZE, out);
}

/* Takes "NAME=VALUE\n" off *TEXT. */
static int take(struct span *text, const char *name, struct span *value)
{
	const char *end = memchr(text->at, '\n', text->len);
	size_t n = strlen(name);

	if (!end || (size_t)(end - text->at) < n || memcmp(text->at, name, n) != 0)
		return -1;
	*value = (struct span){text->at + n, (size_t)(end - text->at) - n};
	text->len -= (size_t)(end + 1 - text->at);
	text->at = end + 1;
	return 0;
}

int boot_record_parse(struct boot_state *out, const unsigned char in[static BOOT_RECORD_SIZE])
{
	struct span text = {(const char *)in, strnlen((const char *)in, TEXT_SIZE)}, value;
	unsigned char crc[4];
	uint64_t trial, tries;

	put_crc(crc, in);
	if (memcmp(crc, in + TEXT_SIZE, sizeof crc) != 0)
		return -1;
	if (take(&text, "firmseal_side=", &value) != 0 || boot_side(&out->side, value) != 0 ||
	    take(&text, "firmseal_trial=", &value) != 0 || text_number(&trial, value, 1) != 0 ||
	    take(&text, "firmseal_tries=", &value) != 0 || text_number(&tries, value, UINT32_MAX) != 0 || text.len != 0)
		return -1;
	out->trial = trial == 1;
	out->tries = (uint32_t)tries;
	return 0;
}
