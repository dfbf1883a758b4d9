/* SPDX-License-Identifier: ISC */
/* Signing: where passwords come from, what is signed, with which comment, and into which file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "keys/password.h"
#include "keys/sigfile.h"
#include "keys/sign.h"
#include "keys/subject.h"
#include "tests/bundle.h"

static char dir[] = "/tmp/firmseal-signing.XXXXXX";
static struct seckey *key, *other;
static struct public_key public, other_public;

static void put(const char *name, const void *bytes, size_t len)
{
	FILE *f = fopen(name, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(name, 0600), 0);
}

static int start(void **state)
{
	struct err e;

	(void)state;
	if (!mkdtemp(dir) || chdir(dir) != 0 || keys_init(&e) != 0 || seckey_generate(&key, &e) != 0 ||
	    seckey_generate(&other, &e) != 0)
		return -1;
	seckey_public(key, &public);
	seckey_public(other, &other_public);
	return 0;
}

static int finish(void **state)
{
	static const char *const names[] = {"pw", "f", "f.minisig", "odd \xc3\xa9%name", "manifest"};

	(void)state;
	seckey_free(&key);
	seckey_free(&other);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		unlink(names[i]);
	return chdir("/") != 0 || rmdir(dir) != 0;
}

/* --- passwords --- */

/* Takes a password from a file that holds LEN bytes. Returns the verdict; compares with WANT when it is good. */
static enum verdict password_in_file(const char *bytes, size_t len, bool new, const char *want)
{
	struct password pw = {.file = "pw", .fd = -1, .twice = new};
	struct err e = {.verdict = VERDICT_OK};
	char *got;

	put("pw", bytes, len);
	got = password_get(&pw, &e);
	if (got)
		assert_string_equal(got, want);
	else
		assert_int_not_equal(e.verdict, VERDICT_OK);
	sodium_free(got);
	return e.verdict;
}

static void a_password_is_the_first_line(void **state)
{
	char text[PASSWORD_MAX + 3], most[PASSWORD_MAX + 1];

	(void)state;
	assert_int_equal(password_in_file("secret\n", 7, true, "secret"), VERDICT_OK);
	assert_int_equal(password_in_file("secret", 6, true, "secret"), VERDICT_OK);
	assert_int_equal(password_in_file("two words \nnext\n", 16, true, "two words "), VERDICT_OK);
	assert_int_equal(password_in_file("p\xc3\xa4ss\n", 6, true, "p\xc3\xa4ss"), VERDICT_OK);
	assert_int_equal(password_in_file("secret\r\n", 8, true, NULL), VERDICT_USAGE);
	assert_int_equal(password_in_file("sec\0ret\n", 8, true, NULL), VERDICT_USAGE);
	assert_int_equal(password_in_file("", 0, true, NULL), VERDICT_USAGE);
	assert_int_equal(password_in_file("", 0, false, NULL), VERDICT_USAGE);
	assert_int_equal(password_in_file("\xef\xbb\xbfsecret\n", 10, true, NULL), VERDICT_USAGE);
	assert_int_equal(password_in_file("\n", 1, true, NULL), VERDICT_USAGE);
	assert_int_equal(password_in_file("\n", 1, false, ""), VERDICT_OK); /* minisign seals with an empty one, too */
	memset(text, 'x', sizeof text);
	memset(most, 'x', sizeof most);
	most[PASSWORD_MAX] = '\0';
	text[PASSWORD_MAX] = '\n';
	assert_int_equal(password_in_file(text, PASSWORD_MAX + 1, true, most), VERDICT_OK);
	assert_int_equal(password_in_file(text, PASSWORD_MAX, true, most), VERDICT_OK);
	text[PASSWORD_MAX] = 'x';
	assert_int_equal(password_in_file(text, PASSWORD_MAX + 1, true, NULL), VERDICT_USAGE);
	assert_int_equal(password_in_file(text, sizeof text, true, NULL), VERDICT_USAGE);
	unlink("pw");
	assert_null(password_get(&(struct password){.file = "pw", .fd = -1}, NULL));
	assert_null(password_get(&(struct password){.file = ".", .fd = -1}, NULL));
}

static void a_descriptor_gives_one_line_at_a_time(void **state)
{
	struct err e = {.verdict = VERDICT_OK};
	struct password pw = {.fd = -1};
	char *first, *second;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pw.fd = ends[0];
	assert_int_equal(write(ends[1], "old\nnew\n", 8), 8);
	close(ends[1]);
	first = password_get(&pw, &e);
	second = password_get(&pw, &e);
	assert_string_equal(first, "old");
	assert_string_equal(second, "new");
	assert_null(password_get(&pw, &e));
	assert_int_equal(e.verdict, VERDICT_USAGE);
	close(ends[0]);
	assert_null(password_get(&pw, &e));
	assert_int_equal(e.verdict, VERDICT_SYSTEM);
	sodium_free(first);
	sodium_free(second);
}

static void a_password_has_one_source(void **state)
{
	struct err e = {.verdict = VERDICT_OK};
	struct password pw = {.fd = -1};

	(void)state;
	assert_int_equal(password_use_fd(&pw, "hunter2", &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
	assert_null(strstr(e.message, "hunter2")); /* it may be the password itself */
	assert_int_equal(password_use_fd(&pw, "-1", &e), -1);
	assert_int_equal(password_use_fd(&pw, "4294967296", &e), -1);
	assert_int_equal(password_use_fd(&pw, "3", &e), 0);
	assert_int_equal(pw.fd, 3);
	assert_int_equal(password_use_file(&pw, "pw", &e), -1);
	assert_int_equal(password_use_fd(&pw, "3", &e), -1);
}

/* --- blocks --- */

static void a_block_is_what_core_accepts(void **state)
{
	static char comment[MINISIG_COMMENT_MAX + 2];
	unsigned char prehash[PREHASH_SIZE] = {1, 2, 3};
	char out[SIGN_BLOCK_MAX], again[SIGN_BLOCK_MAX];
	struct err e = {.verdict = VERDICT_OK};

	(void)state;
	memset(comment, '~', sizeof comment - 1);
	for (size_t len = 0; len <= MINISIG_COMMENT_MAX; len += MINISIG_COMMENT_MAX / 4) {
		struct minisig block;
		struct span text;
		int n;

		comment[len] = '\0';
		n = sign_prehash(out, key, prehash, comment, &e);
		assert_int_equal(n, strlen(out));
		text = (struct span){out, (size_t)n};
		assert_int_equal(minisig_next(&block, &text, &e), 1);
		assert_int_equal(text.len, 0);
		assert_int_equal(block.comment.len, len);
		assert_memory_equal(block.id, public.id, KEYID_SIZE);
		assert_int_equal(minisig_verify(&block, prehash, &public), ACCEPTED);
		assert_int_equal(minisig_verify(&block, prehash, &other_public), REFUSED);
		assert_int_equal(sign_prehash(again, key, prehash, comment, &e), n);
		assert_string_equal(out, again);
		comment[len] = '~';
	}
}

static void a_bad_comment_is_refused(void **state)
{
	static const char *const bad[] = {"a\nb", "a\tb", "a\rb", "\x7f", "\x1b[1m", "\xc3\xa9", "\n"};
	static char comment[MINISIG_COMMENT_MAX + 2];
	unsigned char prehash[PREHASH_SIZE] = {0};
	struct err too_long = {.verdict = VERDICT_OK};
	char out[SIGN_BLOCK_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct err e = {.verdict = VERDICT_OK};

		assert_int_equal(sign_prehash(out, key, prehash, bad[i], &e), -1);
		assert_int_equal(e.verdict, VERDICT_USAGE);
	}
	memset(comment, 'x', sizeof comment - 1);
	assert_int_equal(sign_prehash(out, key, prehash, comment, &too_long), -1);
	assert_int_equal(too_long.verdict, VERDICT_USAGE);
}

/* --- what is signed --- */

static void a_manifest_names_itself(void **state)
{
	struct test_bundle b = {.chunk_size = 0};
	struct err e = {.verdict = VERDICT_OK};
	unsigned char want[PREHASH_SIZE];
	struct subject s;
	struct test_key k;
	struct hash h;

	(void)state;
	test_key_make(&k, 1);
	test_bundle_small(&b, &k);
	put("manifest", b.manifest.at, b.manifest.len);
	assert_int_equal(subject_read(&s, "manifest", &e), 0);
	assert_string_equal(s.comment, "firmseal product:test version:1.0 counter:7");
	hash_init(&h, PREHASH_SIZE);
	hash_update(&h, b.manifest.at, b.manifest.len);
	hash_final(&h, want, PREHASH_SIZE);
	assert_memory_equal(s.prehash, want, PREHASH_SIZE);
	put("manifest", b.manifest.at, b.manifest.len - 1); /* no LF at its end */
	assert_int_equal(subject_read(&s, "manifest", &e), -1);
	assert_int_equal(e.verdict, VERDICT_MALFORMED_MANIFEST);
	assert_int_equal(subject_hash(want, "manifest", &e), 0);
	put("manifest", "firmseal-manifest 10\n", 21);
	assert_int_equal(subject_read(&s, "manifest", &e), -1);
	assert_int_equal(e.verdict, VERDICT_MALFORMED_MANIFEST);
	test_bundle_free(&b);
}

static void other_files_go_by_their_name(void **state)
{
	static unsigned char big[1 << 20];
	struct err e = {.verdict = VERDICT_OK};
	unsigned char want[PREHASH_SIZE];
	struct subject s;
	struct hash h;

	(void)state;
	randombytes_buf(big, sizeof big);
	for (size_t len = sizeof big - 1; len > 0; len /= 3) {
		put("f", big, len);
		hash_init(&h, PREHASH_SIZE);
		hash_update(&h, big, len);
		hash_final(&h, want, PREHASH_SIZE);
		assert_int_equal(subject_read(&s, "./f", &e), 0);
		assert_memory_equal(s.prehash, want, PREHASH_SIZE);
		assert_string_equal(s.comment, "file:f");
	}
	put("odd \xc3\xa9%name", "", 0);
	assert_int_equal(subject_read(&s, "odd \xc3\xa9%name", &e), 0);
	assert_string_equal(s.comment, "file:odd%20%C3%A9%25name");
	assert_int_equal(subject_read(&s, ".", &e), -1);
	assert_int_equal(e.verdict, VERDICT_SYSTEM);
	assert_int_equal(subject_read(&s, "absent", &e), -1);
	assert_int_equal(e.verdict, VERDICT_SYSTEM);
}

/* --- FILE.minisig --- */

static void put_signature(struct seckey *k, const char *comment, bool append)
{
	unsigned char prehash[PREHASH_SIZE] = {9};
	struct err e = {.verdict = VERDICT_OK};
	struct public_key p;
	char block[SIGN_BLOCK_MAX];
	int n = sign_prehash(block, k, prehash, comment, &e);

	seckey_public(k, &p);
	assert_true(n > 0);
	assert_int_equal(sigfile_put("f", block, (size_t)n, p.id, append, &e), 0);
}

/* Asserts that f.minisig holds one block for each character of WANT: `k' by key, `o' by other. */
static void assert_blocks(const char *want)
{
	struct minisig block;
	struct span rest;
	char *text;
	size_t len;

	assert_int_equal(sigfile_read(&text, &len, "f", NULL), 0);
	rest = (struct span){text, len};
	for (; *want; want++) {
		assert_int_equal(minisig_next(&block, &rest, NULL), 1);
		assert_memory_equal(block.id, *want == 'k' ? public.id : other_public.id, KEYID_SIZE);
	}
	assert_int_equal(rest.len, 0);
	free(text);
}

static void blocks_are_replaced_or_added(void **state)
{
	(void)state;
	put_signature(key, "one", true); /* there is none yet */
	assert_blocks("k");
	put_signature(other, "two", true);
	assert_blocks("ko");
	put_signature(key, "three", true); /* renewed, not doubled */
	assert_blocks("ok");
	put_signature(key, "four", false);
	assert_blocks("k");
	unlink("f.minisig");
}

static void what_is_there_must_be_in_order(void **state)
{
	static char junk[SIGFILE_MAX + 1];
	struct err e = {.verdict = VERDICT_OK};
	char *text;
	size_t len;

	(void)state;
	assert_int_equal(sigfile_read(&text, &len, "f", &e), -1);
	assert_int_equal(e.verdict, VERDICT_UNSIGNED);
	put("f.minisig", "junk\n", 5);
	assert_int_equal(sigfile_put("f", "x", 1, public.id, true, &e), -1);
	assert_int_equal(e.verdict, VERDICT_MALFORMED_SIGNATURE);
	put("f.minisig", junk, sizeof junk);
	assert_int_equal(sigfile_put("f", "x", 1, public.id, true, &e), -1);
	assert_int_equal(e.verdict, VERDICT_TOO_LARGE);
	put("f.minisig", "junk\n", 5);
	put_signature(key, "one", false); /* nobody asked what was there */
	assert_blocks("k");
}

static void blocks_are_counted(void **state)
{
	unsigned char prehash[PREHASH_SIZE] = {9};
	struct err e = {.verdict = VERDICT_OK};
	char block[SIGN_BLOCK_MAX];
	int n;

	(void)state;
	unlink("f.minisig");
	for (int i = 0; i < MINISIG_BLOCKS_MAX; i++) {
		struct seckey *k;

		assert_int_equal(seckey_generate(&k, &e), 0);
		put_signature(k, "many", true);
		seckey_free(&k);
	}
	n = sign_prehash(block, key, prehash, "one more", &e);
	assert_int_equal(sigfile_put("f", block, (size_t)n, public.id, true, &e), -1);
	assert_int_equal(e.verdict, VERDICT_TOO_LARGE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_password_is_the_first_line),
		cmocka_unit_test(a_descriptor_gives_one_line_at_a_time),
		cmocka_unit_test(a_password_has_one_source),
		cmocka_unit_test(a_block_is_what_core_accepts),
		cmocka_unit_test(a_bad_comment_is_refused),
		cmocka_unit_test(a_manifest_names_itself),
		cmocka_unit_test(other_files_go_by_their_name),
		cmocka_unit_test(blocks_are_replaced_or_added),
		cmocka_unit_test(what_is_there_must_be_in_order),
		cmocka_unit_test(blocks_are_counted),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
