/* SPDX-License-Identifier: ISC */
/* Signs of infections: what a rule file may say, and that each rule sees what it should, however the content comes in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verifier/known_bad.h"

#define MAGIC KNOWN_BAD_MAGIC "\n"
#define SIGN "sign worm infection a worm\n"
#define HASH "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8" /* of nothing */
#define OTHER "1111111111111111111111111111111111111111111111111111111111111111"

static int parse(struct known_bad **k, const char *text, struct err *e)
{
	*e = (struct err){0};
	return known_bad_parse(k, "list", text, strlen(text), e);
}

static void a_whole_file_is_read(void **state)
{
	struct known_bad *k = NULL;
	struct err e;

	(void)state;
	assert_int_equal(parse(&k, MAGIC "# comment\n\n" SIGN "exists b\nexists a%20b\nsize-over b 5\n"
			       "sign door weakness an open door\ncontains b x\nhosts evil.example\nhash b blake2b " HASH "\n"
			       "hash-not b blake2b " HASH " " OTHER "\n", &e), 0);
	assert_int_equal(known_bad_signs(k), 2);
	assert_int_equal(known_bad_paths(k), 3);
	assert_string_equal(known_bad_path(k, 0), "a b");
	assert_string_equal(known_bad_path(k, 1), "b");
	assert_string_equal(known_bad_path(k, 2), "etc/hosts");
	assert_int_equal(known_bad_find(k, "b"), 1);
	assert_int_equal(known_bad_find(k, "c"), -1);
	assert_false(known_bad_wants_content(k, 0));
	assert_true(known_bad_wants_content(k, 1));
	assert_true(known_bad_wants_content(k, 2));
	known_bad_free(&k);
}

static void all_else_is_refused(void **state)
{
	static const char *const refused[] = {
		"", MAGIC, "firmseal-known-bad 2\n" SIGN "exists a\n", "\n" MAGIC SIGN "exists a\n", MAGIC SIGN, MAGIC "exists a\n",
		MAGIC SIGN "exists a", MAGIC SIGN "sign b infection b\nexists a\n", MAGIC SIGN "exists a\n" SIGN "exists b\n",
		MAGIC SIGN "exists a\nexists a\n", MAGIC "sign a/b infection w\nexists a\n", MAGIC "sign a rumour w\nexists a\n",
		MAGIC "sign a infection\nexists a\n", MAGIC "sign a infection  w\nexists a\n", MAGIC "sign a infection w \nexists a\n",
		MAGIC SIGN "exists /a\n", MAGIC SIGN "exists a/../b\n", MAGIC SIGN "exists a//b\n", MAGIC SIGN "exists a b\n",
		MAGIC SIGN "exists %61\n", MAGIC SIGN "exists  a\n", MAGIC SIGN " exists a\n", MAGIC SIGN "exists a\r\n",
		MAGIC SIGN "exists a\t\n", MAGIC SIGN "exists\n", MAGIC SIGN "unknown a\n", MAGIC SIGN "size-over a\n",
		MAGIC SIGN "size-over a -1\n", MAGIC SIGN "size-over a 1k\n", MAGIC SIGN "hash a blake2b\n", MAGIC SIGN "hash a md5 " HASH "\n",
		MAGIC SIGN "hash a " HASH "\n", MAGIC SIGN "hash-not a blake2b " HASH "0\n", MAGIC SIGN "hash a blake2b x" HASH "\n",
		MAGIC SIGN "contains a\n", MAGIC SIGN "contains a b c\n", MAGIC SIGN "contains a %41\n", MAGIC SIGN "hosts\n",
		MAGIC SIGN "hosts a b\n", MAGIC SIGN "hosts a.\n", MAGIC SIGN "hosts a#b\n",
	};
	struct known_bad *k = NULL;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		if (parse(&k, refused[i], &e) == 0 || e.verdict != VERDICT_USAGE)
			fail_msg("case %zu: %s: %s", i, verdict_word(e.verdict), e.message);
		assert_memory_equal(e.message, "list", 4); /* it says which file */
	}
	assert_null(k);
}

static void limits_hold(void **state)
{
	char *text = malloc(KNOWN_BAD_FILE_MAX + 2), line[400];
	struct known_bad *k = NULL;
	struct err e = {0};

	(void)state;
	assert_non_null(text);
	memset(text, '#', KNOWN_BAD_FILE_MAX + 1);
	assert_int_equal(known_bad_parse(&k, "list", text, KNOWN_BAD_FILE_MAX + 1, &e), -1);
	assert_int_equal(e.verdict, VERDICT_TOO_LARGE);
	strcpy(text, MAGIC SIGN);
	for (int i = 0; i < KNOWN_BAD_RULES_MAX; i++) {
		snprintf(line, sizeof line, "contains a %d\n", i);
		strcat(text, line);
	}
	assert_int_equal(parse(&k, text, &e), 0);
	known_bad_free(&k);
	strcat(text, "contains a more\n");
	assert_int_equal(parse(&k, text, &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
	snprintf(line, sizeof line, MAGIC SIGN "contains a %0*d\n", KNOWN_BAD_TEXT_MAX, 1);
	assert_int_equal(parse(&k, line, &e), 0);
	known_bad_free(&k);
	snprintf(line, sizeof line, MAGIC SIGN "contains a %0*d\n", KNOWN_BAD_TEXT_MAX + 1, 1);
	assert_int_equal(parse(&k, line, &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
	free(text);
}

static void count(void *context, const struct sign *sign)
{
	assert_true(sign->id[0] != '\0' && sign->words[0] != '\0');
	(*(unsigned *)context)++;
}

/* How many signs of path I hold for a file with that content, read in pieces of STEP bytes. */
static unsigned look(const struct known_bad *k, size_t i, const char *content, size_t step)
{
	size_t len = strlen(content);
	unsigned char hash[HASH_SIZE];
	struct look l;
	struct sighting s = {.size = len, .hash = hash, .look = &l};
	unsigned hits = 0;

	hash_buffer(hash, content, len);
	look_begin(&l, k, i);
	for (size_t at = 0; at < len; at += step)
		look_feed(&l, content + at, len - at < step ? len - at : step);
	look_content_ends(&l);
	known_bad_judge(k, i, &s, count, &hits);
	return hits;
}

/* Looks at CONTENT whole and in pieces of every size: the answer must not depend on it. */
static bool holds(const char *rule, const char *content)
{
	char text[512];
	struct known_bad *k = NULL;
	struct err e;
	unsigned whole;

	snprintf(text, sizeof text, MAGIC SIGN "%s\n", rule);
	assert_int_equal(parse(&k, text, &e), 0);
	whole = look(k, 0, content, strlen(content) + 1);
	for (size_t step = 1; step <= strlen(content); step++)
		assert_int_equal(look(k, 0, content, step), whole);
	known_bad_free(&k);
	return whole == 1;
}

static void rules_see_what_they_should(void **state)
{
	char around[400];

	(void)state;
	assert_true(holds("exists a", ""));
	assert_true(holds("size-over a 3", "1234"));
	assert_false(holds("size-over a 4", "1234"));
	assert_true(holds("hash a blake2b " OTHER " " HASH, ""));
	assert_false(holds("hash a blake2b " OTHER " " HASH, "x"));
	assert_false(holds("hash-not a blake2b " OTHER " " HASH, ""));
	assert_true(holds("hash-not a blake2b " OTHER " " HASH, "x"));
	assert_true(holds("contains a needle", "hay needle hay"));
	assert_true(holds("contains a needle", "needle"));
	assert_true(holds("contains a nee%20dle", "xnee dle"));
	assert_false(holds("contains a needle", "hay needl hay"));
	memset(around, 'h', sizeof around);
	memcpy(around + 190, "needle", 6);
	around[399] = '\0';
	assert_true(holds("contains a needle", around));
}

static void hosts_are_read_as_the_resolver_reads_them(void **state)
{
	char long_name[300];

	(void)state;
	assert_true(holds("hosts evil.example", "127.0.0.1 localhost\n10.0.0.1 pool evil.example\n"));
	assert_true(holds("hosts evil.example", "10.0.0.1\tEVIL.example"));
	assert_true(holds("hosts evil.example", "10.0.0.1 evil.example.\r\n"));
	assert_true(holds("hosts evil.example", "10.0.0.1 evil.example#x\n"));
	assert_true(holds("hosts evil.example", "# x\n10.0.0.1 evil.example\n"));
	assert_false(holds("hosts evil.example", "10.0.0.1 devil.example evil.example.org evil\n"));
	assert_false(holds("hosts evil.example", "10.0.0.1 x # evil.example\n"));
	assert_false(holds("hosts evil.example", "#evil.example\n"));
	snprintf(long_name, sizeof long_name, "1 %0*dx evil.example", 200, 0);
	assert_true(holds("hosts evil.example", long_name));
	snprintf(long_name, sizeof long_name, "1 %0*d", 200, 0);
	assert_false(holds("hosts evil.example", long_name));
}

static void several_rules_of_one_sign_count_once(void **state)
{
	struct known_bad *k = NULL;
	struct err e;

	(void)state;
	assert_int_equal(parse(&k, MAGIC SIGN "exists a\nsize-over a 0\ncontains a x\nsign second weakness w\ncontains a x\n", &e), 0);
	assert_int_equal(look(k, 0, "x", 1), 2);
	assert_int_equal(look(k, 0, "y", 1), 1);
	known_bad_free(&k);
}

/* What could not be read is judged by what is known of it, and no content is made up. */
static void without_content_only_names_and_sizes_count(void **state)
{
	struct sighting s = {.size = 10};
	struct known_bad *k = NULL;
	unsigned hits = 0;
	struct err e;

	(void)state;
	assert_int_equal(parse(&k, MAGIC SIGN "hash-not a blake2b " HASH "\nhash a blake2b " HASH "\ncontains a x\n", &e), 0);
	known_bad_judge(k, 0, &s, count, &hits);
	assert_int_equal(hits, 0);
	known_bad_free(&k);
	assert_int_equal(parse(&k, MAGIC SIGN "size-over a 9\n", &e), 0);
	known_bad_judge(k, 0, &s, count, &hits);
	assert_int_equal(hits, 1);
	known_bad_free(&k);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_file_is_read),
		cmocka_unit_test(all_else_is_refused),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(rules_see_what_they_should),
		cmocka_unit_test(hosts_are_read_as_the_resolver_reads_them),
		cmocka_unit_test(several_rules_of_one_sign_count_once),
		cmocka_unit_test(without_content_only_names_and_sizes_count),
	};

	if (crypto_init_verify(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
