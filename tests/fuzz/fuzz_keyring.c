/* SPDX-License-Identifier: ISC */
/* The text of a keyring, and bytes that shall be a chain: nobody has signed them, so no step is taken. */
#include <stdlib.h>

#include "core/chain.h"
#include "tests/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(const uint8_t *data, size_t size)
{
	static struct keyring k;
	struct err e = {0};

	if (keyring_parse(&k, (const char *)data, size, &e) != 0) {
		if (e.verdict == VERDICT_OK || e.message[0] == '\0')
			abort(); /* a refusal without a reason */
		return;
	}
	if (k.serial == 0 || k.nroots < k.root_threshold || k.root_threshold == 0 || k.release_threshold == 0)
		abort();
	for (size_t i = 0; i < k.nrevoked; i++)
		for (size_t n = 0; n < k.nroots; n++)
			if (memcmp(k.revoked[i], k.roots[n].id, KEYID_SIZE) == 0)
				abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trust first, t;
	struct chain c = {.bytes = NULL};
	struct pile text = {0};
	struct err e = {0};

	if (first.ring.serial == 0) {
		struct test_key root, release;

		if (sodium_init() < 0)
			abort();
		test_key_make(&root, 11);
		test_key_make(&release, 12);
		pile_ring(&text, 2, &root, &release, "");
		if (keyring_parse(&first.ring, (const char *)text.at, text.len, NULL) != 0)
			abort();
		free(text.at);
	}
	parse(data, size);
	t = first;
	(void)test_chain_take_all(&c, data, size, &t, &e);
	if (t.ring.serial != 2 || c.len > size)
		abort();
	chain_free(&c);
	return 0;
}
