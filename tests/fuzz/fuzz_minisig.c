/* SPDX-License-Identifier: ISC */
/* Public keys and signature blocks. */
#include <stdlib.h>
#include <string.h>

#include "core/minisig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	unsigned char prehash[PREHASH_SIZE] = {0};
	struct public_key key = {{0}, {0}};
	struct minisig block;
	struct err e = {0};

	IGNORE(public_key_parse(&key, (const char *)data, size, &e));
	while (minisig_next(&block, &text, &e) == 1)
		if (minisig_verify(&block, prehash, &key) == ACCEPTED)
			abort(); /* nobody has signed this */
	return 0;
}
