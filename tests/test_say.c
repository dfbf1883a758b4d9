/* SPDX-License-Identifier: ISC */
/* Text for a person: nothing that a terminal obeys comes through, whatever argument it is in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/say.h"

static char *said;
static size_t len;

#define SAID(...) \
	do { \
		FILE *out = open_memstream(&said, &len); \
		assert_non_null(out); \
		say(out, __VA_ARGS__); \
		assert_int_equal(fclose(out), 0); \
	} while (0)

static void plain_text_stands_for_itself(void **state)
{
	(void)state;
	SAID("%s: %d of %s\n", "a", 7, "\xd0\x97\xd0\xb0\xd0\xbb 1, caf\xc3\xa9, \xe2\x82\xac, \xf0\x9f\x94\xa5, \\x1b");
	assert_string_equal(said, "a: 7 of \xd0\x97\xd0\xb0\xd0\xbb 1, caf\xc3\xa9, \xe2\x82\xac, \xf0\x9f\x94\xa5, \\x1b\n");
	free(said);
	SAID("no end");
	assert_string_equal(said, "no end");
	free(said);
	SAID("%s\n\n", "");
	assert_string_equal(said, "\n\n");
	free(said);
}

static void nothing_else_does(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"\x1b[2J\x07", "\\x1b[2J\\x07"}, {"a\nok\r\tb", "a\\x0aok\\x0d\\x09b"}, {"\x7f", "\\x7f"},
		{"\xc2\x9b" "31m", "\\xc2\\x9b31m"},  /* C1 */
		{"\x9b" "31m", "\\x9b31m"},           /* the same to an 8-bit terminal */
		{"\xe2\x80\xae" "gpj", "\\xe2\\x80\\xaegpj"}, {"\xe2\x81\xa6", "\\xe2\\x81\\xa6"}, {"\xe2\x80\x8b", "\\xe2\\x80\\x8b"},
		{"\xe2\x80\xa8", "\\xe2\\x80\\xa8"}, {"\xef\xbb\xbf", "\\xef\\xbb\\xbf"}, {"\xf3\xa0\x80\xa1", "\\xf3\\xa0\\x80\\xa1"},
		{"\xc0\x8a", "\\xc0\\x8a"}, {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, {"\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80"}, {"\xe2\x82", "\\xe2\\x82"},
		{"\xff", "\\xff"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char want[80];

		snprintf(want, sizeof want, "<%s>\n", rows[i].out);
		SAID("<%s>\n", rows[i].in);
		assert_string_equal(said, want);
		free(said);
	}
}

static void long_text_is_whole(void **state)
{
	static char text[100001];

	(void)state;
	for (size_t n = 2040; n < 2056; n++) {
		memset(text, 'x', n);
		text[n] = '\0';
		text[n - 1] = '\n';
		SAID("%s\n", text);
		assert_int_equal(len, n + 4);
		assert_string_equal(said + n - 1, "\\x0a\n");
		free(said);
	}
	memset(text, 'y', 100000);
	SAID("%s\n", text);
	assert_int_equal(len, 100001);
	free(said);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_stands_for_itself),
		cmocka_unit_test(nothing_else_does),
		cmocka_unit_test(long_text_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
