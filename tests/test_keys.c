/* SPDX-License-Identifier: ISC */
/* Secret key files: round trips, and what is refused. scrypt runs at its least cost here, but for one case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "keys/seal.h"
#include "tests/bundle.h"

static char dir[] = "/tmp/firmseal-keys.XXXXXX";
static struct seckey *key;     /* one for all tests */
static unsigned char *bare, *sealed; /* its two forms; the password is "right" */

static void put(const char *name, const void *bytes, size_t len)
{
	FILE *f = fopen(name, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(name, 0600), 0);
}

static void put_text(const char *name, const char *text)
{
	put(name, text, strlen(text));
}

/* Writes BLOB as a secret key file. */
static void put_blob(const char *name, const unsigned char *blob)
{
	char line[BASE64_SIZE(SEAL_BLOB)], text[512];

	base64_encode(line, sizeof line, blob, SEAL_BLOB);
	snprintf(text, sizeof text, "untrusted comment: any\n%s\n", line);
	put_text(name, text);
}

/* The verdict of loading file "k" with a password from file "pw". */
static enum verdict load(void)
{
	struct password pw = {.file = "pw", .fd = -1};
	struct err e = {.verdict = VERDICT_OK};
	struct public_key got, want;
	struct seckey *k;

	if (seckey_load(&k, "k", &pw, &e) != 0) {
		assert_null(k);
		return e.verdict;
	}
	seckey_public(k, &got);
	seckey_public(key, &want);
	assert_memory_equal(&got, &want, sizeof got);
	seckey_free(&k);
	assert_null(k);
	return VERDICT_OK;
}

static enum verdict load_with(const unsigned char *blob, const char *password)
{
	put_blob("k", blob);
	put_text("pw", password);
	return load();
}

static int start(void **state)
{
	struct seal_cost cost = seal_cost_least();
	struct err e;

	(void)state;
	if (!mkdtemp(dir) || chdir(dir) != 0 || keys_init(&e) != 0 || seckey_generate(&key, &e) != 0)
		return -1;
	bare = sodium_malloc(SEAL_BLOB);
	sealed = sodium_malloc(SEAL_BLOB);
	return seal_close(bare, key, NULL, &cost, false, &e) != 0 || seal_close(sealed, key, "right", &cost, false, &e) != 0;
}

static int finish(void **state)
{
	static const char *const names[] = {"k", "pw", "n.key", "n.pub", "link"};

	(void)state;
	seckey_free(&key);
	sodium_free(bare);
	sodium_free(sealed);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		unlink(names[i]);
	return chdir("/") != 0 || rmdir(dir) != 0;
}

static void the_process_is_closed(void **state)
{
	struct rlimit core;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
	assert_int_equal(core.rlim_max, 0);
	assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
}

static void keys_need_randomness(void **state)
{
	struct err e = {.verdict = VERDICT_OK};
	struct seckey *k;

	(void)state;
	assert_int_equal(crypto_init_verify(&e), 0);
	assert_int_equal(seckey_generate(&k, &e), -1);
	assert_int_equal(e.verdict, VERDICT_SYSTEM);
	assert_int_equal(keys_init(&e), 0);
	assert_int_equal(seckey_generate(&k, &e), 0);
	assert_memory_not_equal(k->key, key->key, SEAL_KEY);
	assert_memory_not_equal(k->id, key->id, KEYID_SIZE);
	seckey_free(&k);
}

static void both_forms_come_back(void **state)
{
	(void)state;
	assert_int_equal(load_with(bare, "never asked for"), VERDICT_OK);
	assert_int_equal(load_with(sealed, "right\n"), VERDICT_OK);
	assert_int_equal(load_with(sealed, "right"), VERDICT_OK);
	assert_int_equal(load_with(sealed, "Right"), VERDICT_UNTRUSTED_KEY);
	assert_int_equal(load_with(sealed, "right "), VERDICT_UNTRUSTED_KEY);
	assert_int_equal(load_with(sealed, "\n"), VERDICT_UNTRUSTED_KEY);
	assert_int_equal(load_with(sealed, ""), VERDICT_USAGE);
}

/* minisign writes zeros for the checksum of a key without a password. */
static void a_bare_key_may_lack_its_checksum(void **state)
{
	unsigned char blob[SEAL_BLOB];

	(void)state;
	memcpy(blob, bare, SEAL_BLOB);
	memset(blob + SEAL_BLOB - 32, 0, 32);
	assert_int_equal(load_with(blob, ""), VERDICT_OK);
	blob[62] ^= 1; /* the seed: the public half shows it */
	assert_int_equal(load_with(blob, ""), VERDICT_MALFORMED_KEYRING);
	memcpy(blob, sealed, SEAL_BLOB);
	for (int i = SEAL_BLOB - 32; i < SEAL_BLOB; i++)
		blob[i] ^= bare[i]; /* zeros, once it is opened */
	assert_int_equal(load_with(blob, "right"), VERDICT_UNTRUSTED_KEY);
}

static void every_byte_of_a_bare_key_counts(void **state)
{
	unsigned char blob[SEAL_BLOB];

	(void)state;
	for (int i = 0; i < SEAL_BLOB; i++) {
		enum verdict verdict;

		memcpy(blob, bare, SEAL_BLOB);
		blob[i] ^= 1;
		verdict = load_with(blob, "right");
		/* Salt and costs mean nothing without a password. */
		assert_int_equal(verdict, i >= 6 && i < 54 ? VERDICT_OK : VERDICT_MALFORMED_KEYRING);
	}
}

static void every_field_of_a_sealed_key_counts(void **state)
{
	static const struct {
		int at;
		unsigned char flip;
		enum verdict verdict;
	} cases[] = {
		{0, 1, VERDICT_MALFORMED_KEYRING}, {1, 1, VERDICT_MALFORMED_KEYRING}, {2, 1, VERDICT_MALFORMED_KEYRING},
		{3, 1, VERDICT_MALFORMED_KEYRING}, {4, 1, VERDICT_MALFORMED_KEYRING}, {5, 1, VERDICT_MALFORMED_KEYRING},
		{6, 1, VERDICT_UNTRUSTED_KEY}, {37, 128, VERDICT_UNTRUSTED_KEY}, /* salt */
		{39, 128, VERDICT_MALFORMED_KEYRING}, {40, 1, VERDICT_UNTRUSTED_KEY}, /* operations: none; thrice */
		{41, 4, VERDICT_MALFORMED_KEYRING}, {45, 128, VERDICT_MALFORMED_KEYRING}, /* over the cap */
		{46, 1, VERDICT_OK}, /* memory: a byte more is no change */
		{49, 1, VERDICT_MALFORMED_KEYRING}, {49, 64, VERDICT_MALFORMED_KEYRING}, /* none; 1 GiB and 16 MiB */
		{50, 25, VERDICT_MALFORMED_KEYRING}, {53, 1, VERDICT_MALFORMED_KEYRING}, /* 100 GiB; 2^56 */
		{54, 1, VERDICT_UNTRUSTED_KEY}, {61, 1, VERDICT_UNTRUSTED_KEY}, /* id */
		{62, 1, VERDICT_UNTRUSTED_KEY}, {93, 128, VERDICT_UNTRUSTED_KEY}, /* seed */
		{94, 1, VERDICT_UNTRUSTED_KEY}, {125, 128, VERDICT_UNTRUSTED_KEY}, /* public half */
		{126, 1, VERDICT_UNTRUSTED_KEY}, {157, 128, VERDICT_UNTRUSTED_KEY}, /* checksum */
	};
	unsigned char blob[SEAL_BLOB];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		memcpy(blob, sealed, SEAL_BLOB);
		blob[cases[i].at] ^= cases[i].flip;
		assert_int_equal(load_with(blob, "right"), cases[i].verdict);
	}
}

/* The verdict of a key file that holds HEAD, the base64 of the bare key, and TAIL. */
static enum verdict load_text(const char *head, const char *tail)
{
	char line[BASE64_SIZE(SEAL_BLOB)];
	struct pile text = {0};
	enum verdict verdict;

	base64_encode(line, sizeof line, bare, SEAL_BLOB);
	pile_add(&text, head, strlen(head));
	pile_add(&text, line, strlen(line));
	pile_add(&text, tail, strlen(tail));
	put("k", text.at, text.len);
	verdict = load();
	free(text.at);
	return verdict;
}

static void the_file_has_two_lines(void **state)
{
	static char long_tail[SEAL_FILE_MAX + 1];

	(void)state;
	memset(long_tail, '\n', sizeof long_tail - 1);
	assert_int_equal(load_text("untrusted comment: x\n", "\n"), VERDICT_OK);
	assert_int_equal(load_text("untrusted comment: \r\n", "\r\n"), VERDICT_OK);
	assert_int_equal(load_text("untrusted comment: x\n", ""), VERDICT_OK);
	assert_int_equal(load_text("", "\n"), VERDICT_MALFORMED_KEYRING);
	assert_int_equal(load_text("comment: x\n", "\n"), VERDICT_MALFORMED_KEYRING);
	assert_int_equal(load_text("untrusted comment: x", "\n"), VERDICT_MALFORMED_KEYRING);
	assert_int_equal(load_text("untrusted comment: x\n\n", "\n"), VERDICT_MALFORMED_KEYRING);
	assert_int_equal(load_text("untrusted comment: x\n ", "\n"), VERDICT_MALFORMED_KEYRING);
	assert_int_equal(load_text("untrusted comment: x\n", "A\n"), VERDICT_MALFORMED_KEYRING);
	assert_int_equal(load_text("untrusted comment: x\n", "\nuntrusted comment: y\n"), VERDICT_MALFORMED_KEYRING);
	assert_int_equal(load_text("untrusted comment: x\n", long_tail), VERDICT_TOO_LARGE);
	put_text("k", "");
	assert_int_equal(load(), VERDICT_MALFORMED_KEYRING);
	unlink("k");
	assert_int_equal(load(), VERDICT_SYSTEM);
}

static mode_t mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(stat(name, &st), 0);
	return st.st_mode & 07777;
}

/* The one case at minisign's full cost. */
static void a_saved_pair_is_sealed_in_full(void **state)
{
	struct password right = {.file = "pw", .fd = -1};
	struct err e = {.verdict = VERDICT_OK};
	struct seckey *loaded = NULL;
	struct trust trust = {.nkeys = 0};
	struct public_key public;
	struct seal_cost cost;
	bool weaker = false, is_sealed = false;
	unsigned char *blob = sodium_malloc(SEAL_BLOB);
	char *text;
	size_t len;

	(void)state;
	put_text("pw", "right\n");
	assert_int_equal(seckey_save(key, "n", &right, &weaker, &e), 0);
	assert_false(weaker);
	assert_int_equal(mode_of("n.key"), 0600);
	assert_int_equal(mode_of("n.pub"), 0644);
	assert_int_equal(seal_read_file(&text, &len, "n.key", SEAL_FILE_MAX, seal_is_secret, &e), 0);
	assert_int_equal(seal_decode(blob, text, len, &e), 0);
	assert_int_equal(seal_about(&is_sealed, &cost, blob, &e), 0);
	assert_true(is_sealed);
	assert_int_equal(cost.ops, seal_cost_full().ops);
	assert_int_equal(cost.memory, (uint64_t)1 << 30);
	assert_int_equal(seckey_load(&loaded, "n.key", &right, &e), 0);
	assert_memory_equal(loaded, key, sizeof *key);
	assert_int_equal(seckey_load(&loaded, "n.key", NULL, &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
	assert_int_equal(trust_add_file(&trust, "n.pub", &e), 0);
	seckey_public(key, &public);
	assert_memory_equal(&trust.keys[0], &public, sizeof public);
	seckey_free(&loaded);
	sodium_free(text);
	sodium_free(blob);
}

static void no_key_is_overwritten(void **state)
{
	struct err e = {.verdict = VERDICT_OK};
	bool weaker = false;

	(void)state;
	put_text("n.key", "old");
	unlink("n.pub");
	assert_int_equal(seckey_save(key, "n", NULL, &weaker, &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
	assert_int_equal(access("n.pub", F_OK), -1);
	assert_int_equal(rename("n.key", "n.pub"), 0);
	assert_int_equal(seckey_save(key, "n", NULL, &weaker, &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
	assert_int_equal(access("n.key", F_OK), -1);
	assert_int_equal(symlink("nowhere", "n.key"), 0); /* a dangling link is in the way, too */
	unlink("n.pub");
	assert_int_equal(seckey_save(key, "n", NULL, &weaker, &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
	unlink("n.key");
}

static void a_password_is_changed_in_place(void **state)
{
	struct err e = {.verdict = VERDICT_OK};
	struct stat before, after;
	bool weaker = false;

	(void)state;
	put_blob("k", sealed);
	assert_int_equal(symlink("k", "link"), 0);
	assert_int_equal(seckey_reseal(key, "link", NULL, &weaker, &e), -1); /* the sealed file would stay behind */
	assert_int_equal(e.verdict, VERDICT_USAGE);
	assert_int_equal(stat("k", &before), 0);
	assert_int_equal(seckey_reseal(key, "k", NULL, &weaker, &e), 0);
	assert_int_equal(stat("k", &after), 0);
	assert_int_not_equal(before.st_ino, after.st_ino);
	assert_int_equal(mode_of("k"), 0600);
	assert_int_equal(load(), VERDICT_OK);
	unlink("k");
	assert_int_equal(seckey_reseal(key, "k", NULL, &weaker, &e), -1);
	assert_int_equal(e.verdict, VERDICT_SYSTEM);
}

static void a_look_tells_no_more_than_the_file(void **state)
{
	struct err e = {.verdict = VERDICT_OK};
	struct seckey_about about;
	char *text;
	size_t len;

	(void)state;
	put_blob("k", sealed);
	assert_int_equal(seal_read_file(&text, &len, "k", SEAL_FILE_MAX, seal_is_secret, &e), 0);
	assert_int_equal(seckey_look(&about, text, len, &e), 0);
	assert_true(about.sealed);
	assert_int_equal(about.memory_mib, 16);
	sodium_free(text);
	put_blob("k", bare);
	assert_int_equal(seal_read_file(&text, &len, "k", SEAL_FILE_MAX, seal_is_secret, &e), 0);
	assert_int_equal(seckey_look(&about, text, len, &e), 0);
	assert_false(about.sealed);
	assert_memory_equal(about.id, key->id, KEYID_SIZE);
	sodium_free(text);
}

/* Of a key file and of a password file: each bit that gives somebody else a right. */
static void what_others_may_touch_is_refused(void **state)
{
	(void)state;
	put_blob("k", sealed);
	put_text("pw", "right\n");
	assert_int_equal(load(), VERDICT_OK);
	assert_int_equal(chmod("k", 0400), 0);
	assert_int_equal(load(), VERDICT_OK);
	for (int i = 0; i < 12; i++) {
		const char *name = i % 2 ? "k" : "pw";

		assert_int_equal(chmod(name, 0600 | 1U << i / 2), 0);
		assert_int_equal(load(), VERDICT_USAGE);
		assert_int_equal(chmod(name, 0600), 0);
	}
	assert_int_equal(load(), VERDICT_OK);
	unlink("pw");
	assert_int_equal(mkfifo("pw", 0600), 0);
	assert_int_equal(load(), VERDICT_USAGE); /* and does not hang */
	unlink("pw");
	put_text("pw", "\xef\xbb\xbfright\n");
	assert_int_equal(load(), VERDICT_USAGE);
	put_blob("k", bare);
	assert_int_equal(chmod("k", 0644), 0);
	assert_int_equal(load(), VERDICT_USAGE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_process_is_closed),
		cmocka_unit_test(keys_need_randomness),
		cmocka_unit_test(both_forms_come_back),
		cmocka_unit_test(a_bare_key_may_lack_its_checksum),
		cmocka_unit_test(every_byte_of_a_bare_key_counts),
		cmocka_unit_test(every_field_of_a_sealed_key_counts),
		cmocka_unit_test(the_file_has_two_lines),
		cmocka_unit_test(a_saved_pair_is_sealed_in_full),
		cmocka_unit_test(no_key_is_overwritten),
		cmocka_unit_test(a_password_is_changed_in_place),
		cmocka_unit_test(a_look_tells_no_more_than_the_file),
		cmocka_unit_test(what_others_may_touch_is_refused),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
