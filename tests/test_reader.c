/* SPDX-License-Identifier: ISC */
/* The authenticated reader: every bit flipped, every length cut, every way of reading, and the verdict each time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/reader.h"
#include "tests/bundle.h"

static struct test_key signer, stranger;
static size_t keep; /* what read_all lets be at hand; 0: what the reader likes */

/* Reads it all. Returns the verdict; LOG, if any, gets a line an item. */
static enum verdict read_all(const unsigned char *bytes, size_t len, const struct trust *trust, unsigned threads, struct pile *log)
{
	struct source_memory src;
	struct reader *r = NULL;
	struct reader_item item;
	struct err e = {.verdict = VERDICT_OK};
	int rc;

	source_memory_init(&src, bytes, len);
	rc = reader_open(&r, &src.base, trust, &policy_none, threads, &e);
	if (rc == 0 && keep > 0)
		reader_pace(r, keep, 4);
	while (rc == 0 && (rc = reader_next(r, &item, &e)) == 1) {
		if (log && item.what == READER_ENTRY)
			pile_print(log, "%s\n", item.entry->path);
		if (log && item.what == READER_DATA)
			pile_add(log, item.data, item.len);
		if (log && item.what == READER_DONE)
			pile_print(log, ".\n");
		rc = 0;
	}
	assert_int_equal(reader_complete(r, NULL), rc == 0 ? ACCEPTED : REFUSED);
	reader_free(&r);
	assert_true(rc == 0 ? e.verdict == VERDICT_OK : e.verdict != VERDICT_OK);
	assert_true(rc == 0 || e.message[0] != '\0');
	return e.verdict;
}

static enum verdict authenticate(const unsigned char *bytes, size_t len, const struct trust *trust)
{
	struct source_memory src;
	struct reader *r = NULL;
	struct err e = {.verdict = VERDICT_OK};
	bool read;

	source_memory_init(&src, bytes, len);
	read = reader_open(&r, &src.base, trust, &policy_none, 2, &e) == 0 && reader_authenticate(r, &e) == 0;
	assert_int_equal(reader_complete(r, NULL), read ? ACCEPTED : REFUSED);
	reader_free(&r);
	return e.verdict;
}

static struct trust trust_of(const struct test_key *k)
{
	struct trust t = {.nkeys = 1};

	t.keys[0] = k->pub;
	return t;
}

static void a_good_bundle_reads_whole(void **state)
{
	struct trust trust = trust_of(&signer);
	struct test_bundle b = {0};
	struct pile log = {0};

	struct source_memory src;
	struct reader *r = NULL;

	(void)state;
	test_bundle_small(&b, &signer);
	source_memory_init(&src, b.out.at, b.out.len);
	assert_int_equal(reader_open(&r, &src.base, &trust, &policy_none, 1, NULL), 0);
	assert_int_equal(reader_signatures(r).len, b.sigs.len);
	assert_memory_equal(reader_signatures(r).at, b.sigs.at, b.sigs.len);
	assert_int_equal(reader_begin(r, NULL), 0); /* and given up at once */
	assert_int_equal(reader_begin(r, NULL), 0);
	reader_free(&r);
	assert_int_equal(read_all(b.out.at, b.out.len, &trust, 2, &log), VERDICT_OK);
	pile_add(&log, "", 1);
	assert_string_equal((char *)log.at, "boot\nboot/current\nboot/uImage\nkernel.\nempty\n.\n");
	assert_int_equal(authenticate(b.out.at, b.out.len, &trust), VERDICT_OK);
	free(log.at);
	test_bundle_free(&b);
}

/* Which verdicts a flipped bit at OFFSET may lead to. */
static bool fits(const struct test_bundle *b, size_t offset, enum verdict v)
{
	size_t manifest = USTAR_BLOCK, sig = manifest + b->manifest.len + (size_t)ustar_padding(b->manifest.len) + USTAR_BLOCK;
	size_t payload = sig + b->sigs.len + (size_t)ustar_padding(b->sigs.len) + USTAR_BLOCK;

	if (offset < manifest) /* its size decides where the next header is looked for */
		return v == VERDICT_NOT_A_BUNDLE || v == VERDICT_MALFORMED_HEADER;
	if (offset < manifest + b->manifest.len)
		return v == VERDICT_BAD_SIGNATURE;
	if (offset < sig)
		return v == VERDICT_MALFORMED_HEADER;
	if (offset < sig + b->sigs.len)
		return v == VERDICT_MALFORMED_SIGNATURE || v == VERDICT_BAD_SIGNATURE || v == VERDICT_UNTRUSTED_KEY;
	if (offset < payload)
		return v == VERDICT_MALFORMED_HEADER;
	if (offset < payload + b->payload.len)
		return v == VERDICT_CHUNK_HASH;
	if (offset < b->out.len - USTAR_END)
		return v == VERDICT_MALFORMED_HEADER;
	return v == VERDICT_TRAILING_DATA;
}

static void every_flipped_bit_is_refused(void **state)
{
	struct trust trust = trust_of(&signer);
	struct test_bundle b = {0};

	(void)state;
	test_bundle_small(&b, &signer);
	for (size_t bit = 0; bit < b.out.len * 8; bit++) {
		enum verdict v;

		b.out.at[bit / 8] ^= (unsigned char)(1 << bit % 8);
		v = read_all(b.out.at, b.out.len, &trust, 1, NULL);
		b.out.at[bit / 8] ^= (unsigned char)(1 << bit % 8);
		if (!fits(&b, bit / 8, v))
			fail_msg("bit %zu of byte %zu: %s", bit % 8, bit / 8, verdict_word(v));
	}
	test_bundle_free(&b);
}

static void every_length_but_the_right_one_is_refused(void **state)
{
	struct trust trust = trust_of(&signer);
	struct test_bundle b = {0};

	(void)state;
	test_bundle_small(&b, &signer);
	for (size_t len = 0; len < b.out.len; len++) {
		if (read_all(b.out.at, len, &trust, 1, NULL) != VERDICT_TRUNCATED)
			fail_msg("length %zu", len);
		if (authenticate(b.out.at, len, &trust) != VERDICT_TRUNCATED)
			fail_msg("length %zu", len);
	}
	pile_add(&b.out, "", 1);
	assert_int_equal(read_all(b.out.at, b.out.len, &trust, 1, NULL), VERDICT_TRAILING_DATA);
	assert_int_equal(authenticate(b.out.at, b.out.len, &trust), VERDICT_TRAILING_DATA);
	test_bundle_free(&b);
}

static void trust_decides(void **state)
{
	struct trust both = {.nkeys = 2}, nobody = {.nkeys = 0}, good = trust_of(&signer), other = trust_of(&stranger);
	struct test_bundle b = {0};

	(void)state;
	both.keys[0] = stranger.pub;
	both.keys[1] = signer.pub;
	test_bundle_small(&b, &signer);
	assert_int_equal(read_all(b.out.at, b.out.len, &nobody, 1, NULL), VERDICT_UNTRUSTED_KEY);
	assert_int_equal(read_all(b.out.at, b.out.len, &other, 1, NULL), VERDICT_UNTRUSTED_KEY);
	assert_int_equal(read_all(b.out.at, b.out.len, &both, 1, NULL), VERDICT_OK);
	/* A stranger's block beside a good one is passed over, before it or behind it. */
	pile_sign(&b.sigs, &stranger, b.manifest.at, b.manifest.len, "any");
	test_bundle_assemble(&b);
	assert_int_equal(read_all(b.out.at, b.out.len, &good, 1, NULL), VERDICT_OK);
	/* A block that claims a trusted key and does not verify refuses all, though a good one stands before it. */
	b.sigs.len = 0;
	pile_sign(&b.sigs, &signer, b.manifest.at, b.manifest.len, "good");
	pile_sign(&b.sigs, &stranger, "something else", 14, "bad");
	test_bundle_assemble(&b);
	assert_int_equal(read_all(b.out.at, b.out.len, &both, 1, NULL), VERDICT_BAD_SIGNATURE);
	assert_int_equal(read_all(b.out.at, b.out.len, &good, 1, NULL), VERDICT_OK);
	b.sigs.len = 0;
	test_bundle_assemble(&b);
	assert_int_equal(read_all(b.out.at, b.out.len, &good, 1, NULL), VERDICT_UNSIGNED);
	test_bundle_free(&b);
}

static void signature_blocks_are_bounded(void **state)
{
	struct trust trust = trust_of(&signer);
	struct test_bundle b = {0};

	(void)state;
	test_bundle_small(&b, &signer);
	for (int i = 1; i < MINISIG_BLOCKS_MAX; i++)
		pile_sign(&b.sigs, &signer, b.manifest.at, b.manifest.len, "again");
	test_bundle_assemble(&b);
	assert_int_equal(read_all(b.out.at, b.out.len, &trust, 1, NULL), VERDICT_OK);
	pile_sign(&b.sigs, &signer, b.manifest.at, b.manifest.len, "again");
	test_bundle_assemble(&b);
	assert_int_equal(read_all(b.out.at, b.out.len, &trust, 1, NULL), VERDICT_MALFORMED_SIGNATURE);
	test_bundle_free(&b);
}

static void many_chunks_keep_their_order(void **state)
{
	struct trust trust = trust_of(&signer);
	struct test_bundle b = {0};
	struct pile first = {0}, log = {0};
	unsigned char *content = malloc(1000000);

	(void)state;
	for (size_t i = 0; i < 1000000; i++)
		content[i] = (unsigned char)(i * 2654435761U >> 21);
	test_bundle_file(&b, "a", content, 1000000);
	for (int i = 0; i < 300; i++) {
		char name[16];

		snprintf(name, sizeof name, "b%03d", i);
		test_bundle_file(&b, name, content + i, (size_t)i * 17);
	}
	test_bundle_manifest(&b);
	pile_sign(&b.sigs, &signer, b.manifest.at, b.manifest.len, "x");
	test_bundle_assemble(&b);
	assert_int_equal(read_all(b.out.at, b.out.len, &trust, 1, &first), VERDICT_OK);
	for (unsigned threads = 2; threads < 40; threads += 5) {
		log.len = 0;
		assert_int_equal(read_all(b.out.at, b.out.len, &trust, threads, &log), VERDICT_OK);
		assert_int_equal(log.len, first.len);
		assert_memory_equal(log.at, first.at, log.len);
	}
	for (keep = 1; keep > 0; keep = keep > SIZE_MAX >> 4 ? 0 : keep << 4) { /* from nothing to more than there is */
		log.len = 0;
		assert_int_equal(read_all(b.out.at, b.out.len, &trust, 3, &log), VERDICT_OK);
		assert_int_equal(log.len, first.len);
		assert_memory_equal(log.at, first.at, log.len);
	}
	/* A reader that is left in the middle stops its threads. */
	for (int items = 0; items < 20; items++) {
		struct source_memory src;
		struct reader *r = NULL;
		struct reader_item item;

		source_memory_init(&src, b.out.at, b.out.len);
		assert_int_equal(reader_open(&r, &src.base, &trust, &policy_none, 4, NULL), 0);
		for (int i = 0; i < items; i++)
			assert_int_equal(reader_next(r, &item, NULL), 1);
		reader_free(&r);
	}
	free(content);
	free(first.at);
	free(log.at);
	test_bundle_free(&b);
}

static int start(void **state)
{
	(void)state;
	if (sodium_init() < 0)
		return -1;
	test_key_make(&signer, 1);
	test_key_make(&stranger, 2);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_bundle_reads_whole),
		cmocka_unit_test(every_flipped_bit_is_refused),
		cmocka_unit_test(every_length_but_the_right_one_is_refused),
		cmocka_unit_test(trust_decides),
		cmocka_unit_test(signature_blocks_are_bounded),
		cmocka_unit_test(many_chunks_keep_their_order),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
