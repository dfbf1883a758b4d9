/* SPDX-License-Identifier: ISC */
/* Whole bundles from a stranger: everything that is looked at before a signature has been found good. */
#include <stdlib.h>

#include "core/reader.h"
#include "keys/blocks.h"
#include "packer/peek.h"
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
	rc = reader_open(&r, &src.base, trust, &policy_none, 1, &e);
	while (rc == 0 && (rc = reader_next(r, &item, &e)) == 1)
		rc = 0;
	if (rc < 0 && (e.verdict == VERDICT_OK || e.message[0] == '\0'))
		abort(); /* a refusal without a reason */
	reader_free(&r);
}

/* And for those who look without believing. */
static void peek(const uint8_t *data, size_t size)
{
	static struct blocks blocks;
	struct source_memory src;
	struct peek p = {.manifest = NULL};
	struct err e = {0};

	source_memory_init(&src, data, size);
	if (peek_read(&p, &src.base, &e) != 0) {
		if (e.verdict == VERDICT_OK || e.message[0] == '\0')
			abort();
	} else if (!p.manifest || p.signatures_at > p.rest_at || p.rest_at > size) {
		abort();
	} else if (p.signatures) {
		blocks = (struct blocks){.len = 0};
		IGNORE(blocks_take(&blocks, (struct span){p.signatures, p.signatures_len}, NULL));
	}
	peek_clear(&p);
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
	peek(data, size);
	return 0;
}
