/* SPDX-License-Identifier: ISC */
/* Whole bundles from a stranger: everything that is looked at before a signature has been found good. */
#include <stdlib.h>

#include "core/reader.h"
#include "tests/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_bundle(const struct trust *trust, const uint8_t *data, size_t size)
{
	struct source_memory src;
	struct reader *r = NULL;
	struct reader_item item;
	struct err e = {0};
	int rc;

	source_memory_init(&src, data, size);
	rc = reader_open(&r, &src.base, trust, 1, &e);
	while (rc == 0 && (rc = reader_next(r, &item, &e)) == 1)
		rc = 0;
	if (rc < 0 && (e.verdict == VERDICT_OK || e.message[0] == '\0'))
		abort(); /* a refusal without a reason */
	reader_free(&r);
}

/* Once for one who has a public key, once for one who has keyring 1. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trust plain, ring;
	struct test_key key, root;
	struct pile text = {0};

	if (plain.nkeys == 0) {
		if (sodium_init() < 0)
			abort();
		test_key_make(&key, 1);
		test_key_make(&root, 2);
		plain.keys[plain.nkeys++] = key.pub;
		pile_ring(&text, 1, &root, &key, "");
		if (keyring_parse(&ring.ring, (const char *)text.at, text.len, NULL) != 0)
			abort();
		free(text.at);
	}
	read_bundle(&plain, data, size);
	read_bundle(&ring, data, size);
	return 0;
}
