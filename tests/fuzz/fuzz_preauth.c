/* SPDX-License-Identifier: ISC */
/* Whole bundles from a stranger: everything that is looked at before a signature has been found good. */
#include <stdlib.h>

#include "core/reader.h"
#include "tests/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct test_key key;
	static struct trust trust;
	struct source_memory src;
	struct reader *r = NULL;
	struct reader_item item;
	struct err e = {0};
	int rc;

	if (trust.nkeys == 0) {
		if (sodium_init() < 0)
			abort();
		test_key_make(&key, 1);
		trust.keys[trust.nkeys++] = key.pub;
	}
	source_memory_init(&src, data, size);
	rc = reader_open(&r, &src.base, &trust, 1, &e);
	while (rc == 0 && (rc = reader_next(r, &item, &e)) == 1)
		rc = 0;
	if (rc < 0 && (e.verdict == VERDICT_OK || e.message[0] == '\0'))
		abort(); /* a refusal without a reason */
	reader_free(&r);
	return 0;
}
