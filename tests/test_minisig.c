/* SPDX-License-Identifier: ISC */
/* Signature blocks and public keys: the one accepted spelling, and its neighbours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/err.h"
#include "core/minisig.h"
#include "tests/bundle.h"

static struct test_key key;

static int start(void **state)
{
	(void)state;
	if (sodium_init() < 0)
		return -1;
	test_key_make(&key, 1);
	return 0;
}

/* What becomes of a block in which the first OLD is replaced by NEW. */
static int next_with(const char *old, const char *new)
{
	struct pile sigs = {0}, changed = {0};
	struct minisig block;
	struct err e = {0};
	struct span text;
	char *at;
	int rc;

	pile_sign(&sigs, &key, "text", 4, "comment");
	pile_add(&sigs, "", 1);
	at = strstr((char *)sigs.at, old);
	assert_non_null(at);
	pile_add(&changed, sigs.at, (size_t)(at - (char *)sigs.at));
	pile_add(&changed, new, strlen(new));
	pile_add(&changed, at + strlen(old), strlen(at + strlen(old)));
	text = (struct span){(char *)changed.at, changed.len};
	rc = minisig_next(&block, &text, &e);
	if (rc < 0)
		assert_int_equal(e.verdict, VERDICT_MALFORMED_SIGNATURE);
	free(sigs.at);
	free(changed.at);
	return rc;
}

static void only_the_canonical_block_is_read(void **state)
{
	(void)state;
	assert_int_equal(next_with("comment", "comment"), 1);
	assert_int_equal(next_with("trusted comment: comment", "trusted comment: other"), 1); /* read; verifying it fails */
	assert_int_equal(next_with("untrusted comment: firmseal key", "untrusted comment: signature from minisign"), -1);
	assert_int_equal(next_with("firmseal key 0", "firmseal key 1"), -1);
	assert_int_equal(next_with("\ntrusted comment: ", "\ncomment: "), -1);
	assert_int_equal(next_with("\ntrusted comment: comment", "\ntrusted comment: com\tment"), -1);
	assert_int_equal(next_with("\ntrusted comment: comment", "\ntrusted comment: comm\xc3\xa9nt"), -1);
	assert_int_equal(next_with("\nRU", "\n RU"), -1);   /* "ED" is what RU.. stands for */
	assert_int_equal(next_with("\nRUQ", "\nRWQ"), -1);  /* "Ed": legacy */
	assert_int_equal(next_with("=\n", "\n"), -1);
	assert_int_equal(next_with("=\n", "=\r\n"), -1);
}

static void base64_is_strict(void **state)
{
	unsigned char out[3];

	(void)state;
	assert_int_equal(base64_decode(out, 3, "QUJD", 4), 0);
	assert_int_equal(base64_decode(out, 2, "QUI=", 4), 0);
	assert_int_equal(base64_decode(out, 2, "QUJ=", 4), -1); /* a spare bit is set */
	assert_int_equal(base64_decode(out, 1, "QQ==", 4), 0);
	assert_int_equal(base64_decode(out, 1, "QR==", 4), -1);
	assert_int_equal(base64_decode(out, 3, "QU D", 4), -1);
	assert_int_equal(base64_decode(out, 3, "QUJ", 3), -1);
	for (int c = 0x80; c < 0x100; c++) {
		char text[4] = {'Q', 'U', 'J', (char)c};

		assert_int_equal(base64_decode(out, 3, text, 4), -1);
	}
}

static void a_signature_covers_text_and_comment(void **state)
{
	unsigned char prehash[PREHASH_SIZE];
	struct pile sigs = {0};
	struct minisig block;
	struct span text;
	struct hash h;

	(void)state;
	pile_sign(&sigs, &key, "text", 4, "comment");
	text = (struct span){(char *)sigs.at, sigs.len};
	assert_int_equal(minisig_next(&block, &text, NULL), 1);
	hash_init(&h, PREHASH_SIZE);
	hash_update(&h, "text", 4);
	hash_final(&h, prehash, PREHASH_SIZE);
	assert_int_equal(minisig_verify(&block, prehash, &key.pub), ACCEPTED);
	block.comment.len--;
	assert_int_equal(minisig_verify(&block, prehash, &key.pub), REFUSED);
	block.comment.len++;
	prehash[0] ^= 1;
	assert_int_equal(minisig_verify(&block, prehash, &key.pub), REFUSED);
	free(sigs.at);
}

static void hostile_text_is_quoted(void **state)
{
	char out[16];

	(void)state;
	assert_string_equal(err_quote(out, sizeof out, "a\x1b[1m", 5), "a\\x1b[1m");
	assert_string_equal(err_quote(out, sizeof out, "\"\\", 2), "\\x22\\x5c");
	assert_string_equal(err_quote(out, sizeof out, "0123456789abcdefgh", 18), "012345678...");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_canonical_block_is_read),
		cmocka_unit_test(base64_is_strict),
		cmocka_unit_test(a_signature_covers_text_and_comment),
		cmocka_unit_test(hostile_text_is_quoted),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
