/* SPDX-License-Identifier: ISC */
/* The words for faults, and the sum over a board's pools. */
#include "flasher/link.h"

#include <stdio.h>
#include <string.h>

const char *link_fault_word(enum link_fault fault)
{
	static const char *const words[LINK_FAULTS] = {
		[LINK_NONE] = "none",       [LINK_UNREACHABLE] = "unreachable", [LINK_LOGIN] = "login",
		[LINK_FOREIGN] = "foreign", [LINK_BUSY] = "busy",               [LINK_REFUSED] = "refused",
		[LINK_GARBLED] = "garbled", [LINK_LOST] = "lost",               [LINK_LOCAL] = "local",
	};

	return fault < LINK_FAULTS ? words[fault] : "local";
}

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
