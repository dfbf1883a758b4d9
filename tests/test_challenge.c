/* SPDX-License-Identifier: ISC */
/* WWW-Authenticate fields, well-formed and not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flasher/challenge.h"

static struct challenge read_value(const char *value)
{
	struct challenge c = {.digest = false};
	size_t len = strlen(value);
	char *copy = malloc(len + 1); /* so that a read behind the end is seen */

	assert_non_null(copy);
	memcpy(copy, value, len);
	challenge_add(&c, copy, len);
	free(copy);
	return c;
}

static void schemes_are_told_apart(void **state)
{
	static const struct {
		const char *value;
		bool digest, other;
		const char *realm;
	} rows[] = {
		{"Digest realm=\"antMiner Configuration\", nonce=\"a,b=c\", qop=\"auth\"", true, false,
		 "antMiner Configuration"},
		{"digest nonce=\"x\", REALM=plain", true, false, "plain"},
		{"Digest  realm = \"a \\\"b\\\"\"", true, false, "a \"b\""},
		{"Basic realm=\"antMiner Configuration\"", false, true, ""},
		{"Basic realm=\"b\", Digest realm=\"d\"", true, true, "d"},
		{"Digest realm=\"d\", Basic realm=\"b\"", true, true, "d"},
		{"Basic realm=\"Digest realm=\"", false, true, ""},
		{"Bearer", false, true, ""},
		{"Negotiate YWJj==", false, true, ""},
		{"Digest", true, false, ""},
		{"Digest realm=\"open", true, false, "open"},
		{"Digest realm=\"open\\", true, false, "open\\"},
		{"Digest realm=", true, false, ""},
		{"Digest realm", true, true, ""},
		{"", false, false, ""},
		{" , ,", false, false, ""},
		{"=Digest", false, false, ""},
		{"\"Digest\"", false, false, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct challenge c = read_value(rows[i].value);

		if (c.digest != rows[i].digest || c.other != rows[i].other || strcmp(c.realm, rows[i].realm) != 0)
			fail_msg("%s: %d %d %s", rows[i].value, c.digest, c.other, c.realm);
	}
}

static void a_long_realm_is_cut(void **state)
{
	char value[400] = "Digest realm=\"";
	struct challenge c;

	(void)state;
	memset(value + 14, 'r', 300);
	c = read_value(value);
	assert_int_equal(strlen(c.realm), CHALLENGE_REALM_MAX);
}

static void fields_add_up(void **state)
{
	struct challenge c = read_value("Basic realm=\"b\"");

	(void)state;
	challenge_add(&c, "Digest realm=\"d\"", 16);
	assert_true(c.digest && c.other);
	assert_string_equal(c.realm, "d");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(schemes_are_told_apart),
		cmocka_unit_test(a_long_realm_is_cut),
		cmocka_unit_test(fields_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
