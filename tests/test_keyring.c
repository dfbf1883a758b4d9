/* SPDX-License-Identifier: ISC */
/* Keyrings, the chain, and what a changed bit does to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/chain.h"
#include "core/reader.h"
#include "tests/bundle.h"

static struct test_key root, release, other;

static int start(void **state)
{
	(void)state;
	if (sodium_init() < 0)
		return -1;
	test_key_make(&root, 1);
	test_key_make(&release, 2);
	test_key_make(&other, 3);
	return 0;
}

/* Whoever has keyring 1. */
static struct trust *trust_new(const char *tail)
{
	struct trust *t = calloc(1, sizeof *t);
	struct pile text = {0};

	pile_ring(&text, 1, &root, &release, tail);
	assert_non_null(t);
	assert_int_equal(keyring_parse(&t->ring, (char *)text.at, text.len, NULL), 0);
	free(text.at);
	return t;
}

static enum verdict parse(const char *text)
{
	static struct keyring k;
	struct err e = {.verdict = VERDICT_OK};

	IGNORE(keyring_parse(&k, text, strlen(text), &e));
	return e.verdict;
}

static void a_text_is_read_whole(void **state)
{
	struct pile text = {0};
	static struct keyring k;
	uint64_t counter = 0;

	(void)state;
	pile_ring(&text, 7, &root, &release, "revoked 0000000000000001\nrevoked 8A86148C7D8BBC21\nfloor a 1\nfloor test 40\n");
	assert_int_equal(keyring_parse(&k, (char *)text.at, text.len, NULL), 0);
	assert_int_equal(k.serial, 7);
	assert_int_equal(k.nroots + k.nreleases + k.nrevoked + k.nfloors, 6);
	assert_true(keyring_covers(&k, release.pub.id, "test", "zynq-s9"));
	assert_true(keyring_covers(&k, release.pub.id, "test", "zynq-"));
	assert_false(keyring_covers(&k, release.pub.id, "test", "zynq"));
	assert_false(keyring_covers(&k, release.pub.id, "tes", "zynq-s9"));
	assert_false(keyring_covers(&k, root.pub.id, "test", "zynq-s9"));
	assert_true(keyring_floor(&k, "test", &counter));
	assert_int_equal(counter, 40);
	assert_false(keyring_floor(&k, "tes", &counter));
	assert_true(keyring_revokes(&k, (const unsigned char[]){0x21, 0xbc, 0x8b, 0x7d, 0x8c, 0x14, 0x86, 0x8a}));
	assert_false(keyring_revokes(&k, release.pub.id));
	for (size_t len = 0; len < text.len; len++) {
		size_t lines = 0;

		/* Cut at the end of a line it may be one; the floors and revocations are not needed. */
		for (size_t i = 0; i < len; i++)
			lines += text.at[i] == '\n';
		if (keyring_parse(&k, (char *)text.at, len, NULL) == 0 && (text.at[len - 1] != '\n' || lines < 5))
			fail_msg("cut at %zu, it is still a keyring", len);
	}
	free(text.at);
	assert_int_equal(parse(""), VERDICT_MALFORMED_KEYRING);
	assert_int_equal(parse("firmseal-keyring 1\n"), VERDICT_MALFORMED_KEYRING);
	assert_int_equal(parse("firmseal-keyring 1"), VERDICT_MALFORMED_KEYRING);
}

static enum verdict take(const struct pile *chain, const char *tail, uint64_t *serial)
{
	struct trust *t = trust_new(tail);
	struct chain c = {.bytes = NULL};
	struct err e = {.verdict = VERDICT_OK};
	int rc = test_chain_take_all(&c, chain->at, chain->len, t, &e);

	assert_int_equal(rc == 0, e.verdict == VERDICT_OK);
	/* What is kept is what was verified: the steps, byte for byte. Here they are the last of what came. */
	assert_true(c.len <= chain->len);
	if (rc == 0 && c.len > 0)
		assert_memory_equal(c.bytes, chain->at + chain->len - c.len, c.len);
	assert_int_equal(c.npairs, t->ring.serial - 1);
	if (serial)
		*serial = t->ring.serial;
	chain_free(&c);
	free(t);
	return e.verdict;
}

static void a_chain_is_followed(void **state)
{
	struct pile chain = {0};
	uint64_t serial = 0;

	(void)state;
	pile_ring_pair(&chain, 1, &root, &release, "");
	pile_ring_pair(&chain, 2, &root, &release, "");
	pile_ring_pair(&chain, 3, &root, &release, "floor test 9\n");
	assert_int_equal(take(&chain, "", &serial), VERDICT_OK);
	assert_int_equal(serial, 3);
	assert_int_equal(take(&chain, "floor test 1\n", NULL), VERDICT_KEYRING_GAP); /* another keyring 1 */
	free(chain.at);
}

static void no_bit_of_a_step_can_be_changed(void **state)
{
	struct pile chain = {0};

	(void)state;
	pile_ring_pair(&chain, 2, &root, &release, "");
	for (size_t bit = 0; bit < chain.len * 8; bit++) {
		uint64_t serial = 0;

		chain.at[bit / 8] ^= (unsigned char)(1 << bit % 8);
		if (take(&chain, "", &serial) == VERDICT_OK || serial != 1)
			fail_msg("bit %zu of byte %zu", bit % 8, bit / 8);
		chain.at[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	for (size_t len = 1; len < chain.len; len++) {
		struct pile cut = {chain.at, len, 0};

		if (take(&cut, "", NULL) != VERDICT_TRUNCATED)
			fail_msg("cut at %zu", len);
	}
	free(chain.at);
}

/* The bundle that K signs, behind CHAIN, for one who has keyring 1 with TAIL. */
static enum verdict open_bundle(const struct pile *chain, const struct test_key *k, const char *tail)
{
	struct trust *t = trust_new(tail);
	struct test_bundle b = {0};
	struct source_memory src;
	struct reader *r = NULL;
	struct err e = {.verdict = VERDICT_OK};
	struct pile all = {0};

	test_bundle_small(&b, k);
	pile_add(&all, chain->at, chain->len);
	pile_add(&all, b.out.at, b.out.len);
	source_memory_init(&src, all.at, all.len);
	if (reader_open(&r, &src.base, t, &policy_none, 1, &e) == 0)
		assert_int_equal(reader_chain(r)->len, chain->len);
	reader_free(&r);
	free(all.at);
	test_bundle_free(&b);
	free(t);
	return e.verdict;
}

static void a_bundle_is_judged_by_the_last(void **state)
{
	struct pile none = {0}, chain = {0}, floor = {0}, revoked = {0};
	char line[64], id[KEYID_HEX + 1];

	(void)state;
	keyid_print(id, release.pub.id);
	snprintf(line, sizeof line, "revoked %s\n", id);
	pile_ring_pair(&chain, 2, &root, &other, "");
	pile_ring_pair(&floor, 2, &root, &release, "floor test 8\n");
	pile_ring_pair(&revoked, 2, &root, &other, line);
	assert_int_equal(open_bundle(&none, &release, ""), VERDICT_OK);
	assert_int_equal(open_bundle(&none, &root, ""), VERDICT_UNTRUSTED_KEY);
	assert_int_equal(open_bundle(&none, &other, ""), VERDICT_UNTRUSTED_KEY);
	assert_int_equal(open_bundle(&none, &release, "floor test 7\n"), VERDICT_OK);
	assert_int_equal(open_bundle(&none, &release, "floor test 8\n"), VERDICT_ROLLBACK);
	assert_int_equal(open_bundle(&chain, &other, ""), VERDICT_OK);
	assert_int_equal(open_bundle(&chain, &release, ""), VERDICT_UNTRUSTED_KEY);
	assert_int_equal(open_bundle(&floor, &release, ""), VERDICT_ROLLBACK);
	assert_int_equal(open_bundle(&revoked, &release, ""), VERDICT_REVOKED_KEY);
	assert_int_equal(open_bundle(&revoked, &other, ""), VERDICT_OK);
	assert_int_equal(open_bundle(&chain, &other, "revoked 0000000000000001\n"), VERDICT_REVOKED_KEY); /* taken back */
	free(chain.at);
	free(floor.at);
	free(revoked.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_read_whole),
		cmocka_unit_test(a_chain_is_followed),
		cmocka_unit_test(no_bit_of_a_step_can_be_changed),
		cmocka_unit_test(a_bundle_is_judged_by_the_last),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
