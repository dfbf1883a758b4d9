/* SPDX-License-Identifier: ISC */
/* The sum over a board's pools. */
#include "flasher/link.h"

#include <stdio.h>
#include <string.h>

void link_pools(char out[static 17], const char *text)
{
	unsigned char hash[HASH_SIZE];
	char hex[HASH_HEX + 1];

	out[0] = '\0';
	if (!*text)
		return;
	hash_buffer(hash, text, strlen(text));
	text_put_hash(hex, hash);
	memcpy(out, hex, 16);
	out[16] = '\0';
}
