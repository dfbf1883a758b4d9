/* SPDX-License-Identifier: ISC */
/* The text grammar, the path check, canonical headers, and strings in JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/json.h"
#include "core/path.h"
#include "core/text.h"
#include "core/ustar.h"

static struct span span(const char *s)
{
	return (struct span){s, strlen(s)};
}

static void numbers_have_one_spelling(void **state)
{
	static const char *const bad[] = {"", "00", "01", "-1", "+1", " 1", "1 ", "0x1", "1a", "9223372036854775808",
					  "18446744073709551616", "99999999999999999999"};
	uint64_t v = 0;

	(void)state;
	assert_int_equal(text_number(&v, span("0"), 10), 0);
	assert_int_equal(text_number(&v, span("9223372036854775807"), INT64_MAX), 0);
	assert_int_equal(v, INT64_MAX);
	assert_int_equal(text_number(&v, span("11"), 10), -1);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(text_number(&v, span(bad[i]), INT64_MAX), -1);
}

static void fields_are_parted_by_one_space(void **state)
{
	struct span f[3];

	(void)state;
	assert_int_equal(text_fields(span("a bc d"), f, 3), 3);
	assert_true(span_is(f[1], "bc"));
	assert_int_equal(text_fields(span("a b c d"), f, 3), 0);
	assert_int_equal(text_fields(span(""), f, 3), 0);
	assert_int_equal(text_fields(span(" a"), f, 3), 0);
	assert_int_equal(text_fields(span("a "), f, 3), 0);
	assert_int_equal(text_fields(span("a  b"), f, 3), 0);
}

static void hashes_and_modes_are_exact(void **state)
{
	char hex[HASH_HEX + 1] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", back[HASH_HEX + 1];
	unsigned char hash[HASH_SIZE];
	uint32_t mode;

	(void)state;
	assert_int_equal(text_hash(hash, span(hex)), 0);
	text_put_hash(back, hash);
	assert_string_equal(hex, back);
	for (int c = 1; c < 256; c++) { /* each place, each byte: digits and small letters up to f, and nothing else */
		bool good = strchr("0123456789abcdef", c) != NULL;
		size_t place = (size_t)c % HASH_HEX;
		char old = hex[place];

		hex[place] = (char)c;
		assert_int_equal(text_hash(hash, span(hex)), good ? 0 : -1);
		text_put_hash(back, hash);
		assert_true(!good || strcmp(hex, back) == 0);
		hex[place] = old;
	}
	assert_int_equal(text_hash(hash, span("00")), -1);
	assert_int_equal(text_mode(&mode, span("4755")), 0);
	assert_int_equal(mode, 04755);
	assert_int_equal(text_mode(&mode, span("755")), -1);
	assert_int_equal(text_mode(&mode, span("00755")), -1);
	assert_int_equal(text_mode(&mode, span("0758")), -1);
}

static void every_byte_has_one_escape(void **state)
{
	static const char *const bad[] = {"%", "%2", "%2g", "%2f", "%41", "a b", "%00", "a%", "\x80"};
	char out[16], text[8], raw[2] = {0};

	(void)state;
	for (int c = 1; c < 256; c++) {
		raw[0] = (char)c;
		text_escape(text, raw, 1);
		assert_int_equal(text_unescape(out, sizeof out, span(text)), 1);
		assert_string_equal(out, raw);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(text_unescape(out, sizeof out, span(bad[i])), -1);
	assert_int_equal(text_unescape(out, 4, span("abc")), 3);
	assert_int_equal(text_unescape(out, 4, span("abcd")), -1);
}

static void names_are_plain(void **state)
{
	(void)state;
	assert_true(text_is_name(span("antminer-s9_1.0+b")));
	assert_false(text_is_name(span("")));
	assert_false(text_is_name(span("a/b")));
	assert_false(text_is_name(span("a b")));
	assert_false(text_is_name(span("0123456789012345678901234567890123456789012345678901234567890123x")));
}

static enum path_fault fault(const char *path)
{
	return path_fault(path, strlen(path), false);
}

static void paths_stay_inside(void **state)
{
	char longest[PATH_MAX_LEN + 2];

	(void)state;
	assert_int_equal(fault("a/b.c/...d"), PATH_FINE);
	assert_int_equal(fault("\xc3\xa9 %"), PATH_FINE);
	assert_int_equal(fault(""), PATH_EMPTY);
	assert_int_equal(fault("/a"), PATH_ABSOLUTE);
	assert_int_equal(fault("a//b"), PATH_EMPTY_COMPONENT);
	assert_int_equal(fault("a/"), PATH_EMPTY_COMPONENT);
	assert_int_equal(fault("./a"), PATH_DOT);
	assert_int_equal(fault("a/."), PATH_DOT);
	assert_int_equal(fault(".."), PATH_DOTDOT);
	assert_int_equal(fault("a/../b"), PATH_DOTDOT);
	assert_int_equal(fault("a/.."), PATH_DOTDOT);
	assert_int_equal(fault("a\\b"), PATH_BACKSLASH);
	assert_int_equal(fault("system-systemd\\x2dcryptsetup.slice"), PATH_FINE);
	assert_int_equal(fault("a\\x2"), PATH_BACKSLASH);
	assert_int_equal(fault("a\\x2D"), PATH_BACKSLASH);
	assert_int_equal(fault("a\\..\\b"), PATH_BACKSLASH);
	assert_int_equal(fault("a\nb"), PATH_CONTROL);
	assert_int_equal(fault("a\x7f"), PATH_CONTROL);
	memset(longest, 'a', sizeof longest);
	longest[PATH_MAX_LEN + 1] = '\0';
	assert_int_equal(path_fault(longest, 100, false), PATH_FINE);
	assert_int_equal(path_fault(longest, 101, false), PATH_TOO_LONG);
	assert_int_equal(path_fault(longest, 100, true), PATH_TOO_LONG);
	longest[154] = '/';
	assert_int_equal(path_fault(longest, 255, false), PATH_FINE);
	assert_int_equal(path_fault(longest, 255, true), PATH_TOO_LONG);
	assert_int_equal(path_fault(longest, 254, true), PATH_FINE);
	longest[154] = 'a';
	longest[155] = '/';
	assert_int_equal(path_fault(longest, 255, false), PATH_FINE);
	longest[155] = 'a';
	longest[156] = '/';
	assert_int_equal(path_fault(longest, 255, false), PATH_TOO_LONG);
}

static enum path_fault link_fault(const char *path, const char *target)
{
	return path_link_fault(path, target, strlen(target));
}

static void links_stay_inside(void **state)
{
	(void)state;
	assert_int_equal(link_fault("l", "a/b"), PATH_FINE);
	assert_int_equal(link_fault("d/l", "../a"), PATH_FINE);
	assert_int_equal(link_fault("d/l", ".."), PATH_FINE);
	assert_int_equal(link_fault("d/l", "./../x"), PATH_FINE);
	assert_int_equal(link_fault("l", ".."), PATH_LINK_OUTSIDE);
	assert_int_equal(link_fault("d/l", "../../x"), PATH_LINK_OUTSIDE);
	assert_int_equal(link_fault("d/l", "a/../../x"), PATH_DOTDOT);
	assert_int_equal(link_fault("l", "a/.."), PATH_DOTDOT); /* `a' may itself be a link to somewhere shallower */
	assert_int_equal(link_fault("l", "/etc"), PATH_LINK_ABSOLUTE);
	assert_int_equal(link_fault("l", ""), PATH_EMPTY);
	assert_int_equal(link_fault("l", "a//b"), PATH_EMPTY_COMPONENT);
	assert_int_equal(link_fault("l", "a\nb"), PATH_CONTROL);
	assert_int_equal(path_rootlink_fault("/a/../b", 7), PATH_FINE);
	assert_int_equal(path_rootlink_fault("a", 1), PATH_LINK_RELATIVE);
	assert_int_equal(path_rootlink_fault("/a\x01", 3), PATH_CONTROL);
}

static void headers_split_at_the_first_slash_that_fits(void **state)
{
	unsigned char header[USTAR_BLOCK];
	char path[256];
	struct ustar_entry entry = {.type = USTAR_FILE, .path = path, .target = "", .mode = 0644, .size = 0777, .mtime = 8};
	uint64_t size = 0;

	(void)state;
	memset(path, 'a', sizeof path);
	path[10] = path[20] = path[30] = '/';
	path[120] = '\0';
	ustar_header(header, &entry);
	assert_int_equal(header[345 + 20], 0); /* prefix: 20 bytes; 99 are left */
	assert_int_equal(header[345 + 19], 'a');
	assert_int_equal(strnlen((char *)header, 100), 99);
	assert_int_equal(ustar_take_size(&size, header), 0);
	assert_int_equal(size, 0777);
	header[124] = ' ';
	assert_int_equal(ustar_take_size(&size, header), -1);
}

/* What is printed as JSON may be looked at on a terminal. */
static void json_commands_no_terminal(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct json j;

	(void)state;
	assert_non_null(out);
	json_begin(&j, out);
	json_open_array(&j, NULL);
	json_put_string(&j, NULL, "\x1b[2J\x7f");
	json_put_string(&j, NULL, "\xc2\x9b" "2J\xc2\x80\xc2\x9f\xc2\xa0");
	json_put_string(&j, NULL, "gr\xc3\xbc\xc3\x9f" "e \x9b");
	json_close_array(&j);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "[\"\\u001b[2J\\u007f\",\"\\u009b2J\\u0080\\u009f\xc2\xa0\",\"gr\xc3\xbc\xc3\x9f" "e \\ufffd\"]");
	free(text);
}

static void near_words_are_found(void **state)
{
	static const char *const near[][2] = {{"zynqs9", "zynq-s9"}, {"zynq-s8", "zynq-s9"}, {"zynq_s9", "zynq-s9"}, {"zynq-s99", "zynq-s9"},
					      {"zynq-9", "zynq-s9"}, {"zynq-9s", "zynq-s9"}, {"Zynq-S9", "zynq-s9"}, {"cv", "c"}, {"zynq-s-9", "zynqs9"}};
	static const char *const far[][2] = {{"zynq-s9", "zynq-s9"}, {"zynq-s19", "zynq-s9x"}, {"zynq", "zynq-s9"}, {"b", "zynq-s9"}, {"", "zz"}, {"s91q-zyn", "zynq-s91"}};

	(void)state;
	for (size_t i = 0; i < sizeof near / sizeof *near; i++) {
		assert_true(text_is_near(span(near[i][0]), span(near[i][1])));
		assert_true(text_is_near(span(near[i][1]), span(near[i][0])));
	}
	for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
		assert_false(text_is_near(span(far[i][0]), span(far[i][1])));
		assert_false(text_is_near(span(far[i][1]), span(far[i][0])));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(near_words_are_found),
		cmocka_unit_test(numbers_have_one_spelling),
		cmocka_unit_test(fields_are_parted_by_one_space),
		cmocka_unit_test(hashes_and_modes_are_exact),
		cmocka_unit_test(every_byte_has_one_escape),
		cmocka_unit_test(names_are_plain),
		cmocka_unit_test(paths_stay_inside),
		cmocka_unit_test(links_stay_inside),
		cmocka_unit_test(headers_split_at_the_first_slash_that_fits),
		cmocka_unit_test(json_commands_no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
