/* SPDX-License-Identifier: ISC */
/* What a trusted but clumsy signer could make: the input is a manifest, a line "---", and what follows the signature; it is signed
 * on the fly, so that the manifest parser, the chunks and the payload walk are reached. */
#include <stdlib.h>

#include "core/policy.h"
#include "core/reader.h"
#include "tests/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *find_cut(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i + 4 <= size; i++)
		if (memcmp(data + i, "---\n", 4) == 0)
			return data + i;
	return NULL;
}

static void read_bundle(const struct pile *out, const struct trust *trust)
{
	struct source_memory src;
	struct reader *r = NULL;
	struct reader_item item;
	struct err e = {0};
	struct policy policy = {.board = "zynq-s9", .revision = 2, .product = "test", .counter = 3};
	int rc;

	source_memory_init(&src, out->at, out->len);
	rc = reader_open(&r, &src.base, trust, &policy, 2, &e);
	if (rc == 0)
		IGNORE(policy_check(&policy, reader_manifest(r), NULL));
	while (rc == 0 && (rc = reader_next(r, &item, &e)) == 1)
		rc = 0;
	if (rc < 0 && (e.verdict == VERDICT_OK || e.message[0] == '\0'))
		abort();
	reader_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct test_key key;
	static struct trust trust;
	const uint8_t *cut = find_cut(data, size);
	struct pile out = {0}, sigs = {0};

	if (!cut)
		return 0;
	if (trust.nkeys == 0) {
		if (sodium_init() < 0)
			abort();
		test_key_make(&key, 1);
		trust.keys[trust.nkeys++] = key.pub;
	}
	pile_sign(&sigs, &key, data, (size_t)(cut - data), "fuzz");
	pile_member(&out, "manifest", data, (size_t)(cut - data));
	pile_member(&out, "manifest.minisig", sigs.at, sigs.len);
	pile_add(&out, cut + 4, size - (size_t)(cut + 4 - data));
	read_bundle(&out, &trust);
	free(out.at);
	free(sigs.at);
	return 0;
}
