/* SPDX-License-Identifier: ISC */
/* WWW-Authenticate fields: which of their challenges are answered, and which are not, because they were not understood completely. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flasher/challenge.h"

static void add(struct challenge *c, const char *realm, const char *value, size_t len)
{
	char *copy = malloc(len + 1); /* so that a read behind the end is seen */

	assert_non_null(copy);
	memcpy(copy, value, len);
	challenge_add(c, realm, copy, len);
	free(copy);
}

static struct challenge read_value(const char *realm, const char *value)
{
	struct challenge c = {.digest = false};

	add(&c, realm, value, strlen(value));
	return c;
}

#define GOOD "Digest realm=\"r\", nonce=\"n\", qop=\"auth\""

static void what_is_understood_is_answered(void **state)
{
	static const struct {
		const char *value;
		bool sha256, sess, qop, stale;
	} rows[] = {
		{GOOD, false, false, true, false},
		{"digest nonce=\"n\", REALM=r, QoP=auth", false, false, true, false},
		{"Digest  realm = \"r\" , nonce =\"n\"", false, false, false, false},
		{",, Digest realm=\"r\",, nonce=\"n\" , ,", false, false, false, false},
		{GOOD ", algorithm=MD5", false, false, true, false},
		{GOOD ", algorithm=\"md5-SESS\"", false, true, true, false},
		{GOOD ", algorithm=SHA-256", true, false, true, false},
		{GOOD ", algorithm=SHA-256-sess", true, true, true, false},
		{GOOD ", stale=TRUE", false, false, true, true},
		{GOOD ", stale=\"true\"", false, false, true, true},
		{GOOD ", stale=maybe", false, false, true, false},
		{GOOD ", opaque=\"o p\", domain=\"/ /x\", charset=utf-8, userhash=false, later=\"x\\\"y\"", false, false, true, false},
		{"Digest realm=\"r\", nonce=\"n\", qop=\"auth-int, auth\"", false, false, true, false},
		{"Basic realm=\"r\", " GOOD, false, false, true, false},
		{GOOD ", Basic realm=\"r\", charset=\"UTF-8\"", false, false, true, false},
		{"Negotiate abc+/==, " GOOD ", NTLM", false, false, true, false},
		{"NTLM, " GOOD, false, false, true, false},
		{"Digest realm=\"other\", nonce=\"m\", algorithm=SHA-256, " GOOD, false, false, true, false},
		{GOOD ", Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256, qop=auth", true, false, true, false},
		{"Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256, qop=auth, " GOOD, true, false, true, false},
		{"Digest realm=\"r\", nonce=\"x\", algorithm=SHA-512-256, " GOOD, false, false, true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct challenge c = read_value("r", rows[i].value);

		if (!challenge_answerable(&c) || c.best.sha256 != rows[i].sha256 || c.best.sess != rows[i].sess || c.best.qop != rows[i].qop ||
		    c.best.stale != rows[i].stale)
			fail_msg("%s: %s", rows[i].value, c.why ? c.why : "-");
		assert_string_equal(c.best.realm, "r");
		assert_string_equal(c.best.nonce, "n");
		assert_string_equal(c.realm, "r");
	}
}

static void what_is_not_is_not(void **state)
{
	static const struct {
		const char *value;
		bool digest, other, broken;
		const char *why;
	} rows[] = {
		/* Malformed: nothing of the answer counts. */
		{"\"x\", " GOOD, false, false, true, NULL},
		{"x=y, " GOOD, false, false, true, NULL},
		{GOOD ", x", true, true, false, NULL}, /* a scheme without parameters */
		{GOOD "; y=z", false, false, true, NULL},
		{GOOD " y=z", false, false, true, NULL},
		{"Digest realm=\"r\", nonce=\"n", false, false, true, NULL},
		{"Digest realm=\"r\", nonce=\"n\\", false, false, true, NULL},
		{"Digest realm=\"r\", nonce=n m", false, false, true, NULL},
		{"Digest realm=\"r\", nonce=\"a\x01\"", false, false, true, NULL},
		{"Digest realm=\"r\", nonce=\"a\\\x01\"", false, false, true, NULL},
		{"Digest realm=\"r\", nonce=\"a\x7f\"", false, false, true, NULL},
		{"Digest realm=, nonce=\"n\"", true, false, true, "lacks"},
		{"Digest(\"r\")", false, false, true, NULL},
		{"=", false, false, true, NULL},
		{"", false, false, false, NULL},
		{"  ,,", false, false, false, NULL},
		/* Other schemes. */
		{"Basic realm=\"Digest realm=\"", false, true, false, NULL},
		{"Bearer", false, true, false, NULL},
		/* Digest that cannot be answered, and why. */
		{"Digest", true, false, false, "lacks"},
		{"Digest abc==", true, false, false, "lacks"},
		{"Digest realm=\"r\"", true, false, false, "lacks"},
		{"Digest realm=\"r\", nonce=\"\"", true, false, false, "lacks"},
		{"Digest nonce=\"n\"", true, false, false, "lacks"},
		{"Digest realm=\"r\", nonce=\"n\", nonce=\"m\"", true, false, false, "twice"},
		{"Digest realm=\"r\", nonce=\"n\", qop=auth, qop=auth", true, false, false, "twice"},
		{"Digest realm=\"r\", nonce=\"a\\\"b\"", true, false, false, "backslash"},
		{"Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256", true, false, false, "algorithm"},
		{"Digest realm=\"r\", nonce=\"n\", algorithm=\"MD5,SHA-256\"", true, false, false, "algorithm"},
		{"Digest realm=\"r\", nonce=\"n\", algorithm=MD5-sess", true, false, false, "needs a qop"},
		{"Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"", true, false, false, "auth-int alone"},
		{"Digest realm=\"r\", nonce=\"n\", qop=\"\"", true, false, false, "no qop"},
		{"Digest realm=\"r\", nonce=\"n\", qop=\"auth;x\"", true, false, false, "cannot be read"},
		{"Digest realm=\"r\", nonce=\"n\", charset=latin1", true, false, false, "charset"},
		{"Digest realm=\"r\", nonce=\"n\", userhash=perhaps", true, false, false, "userhash"},
		/* Another realm. */
		{"Digest realm=\"R\", nonce=\"n\"", true, false, false, NULL},
		{"Digest realm=\"r \", nonce=\"n\"", true, false, false, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct challenge c = read_value("r", rows[i].value);
		bool usable = rows[i].other && rows[i].digest; /* the one row with both */

		if (challenge_answerable(&c) != usable || c.digest != (rows[i].digest || (rows[i].broken && c.digest)) || c.other != rows[i].other ||
		    c.broken != rows[i].broken)
			fail_msg("%s: %d %d %d", rows[i].value, c.digest, c.other, c.broken);
		if (rows[i].why ? !c.why || !strstr(c.why, rows[i].why) : c.why != NULL)
			fail_msg("%s: %s", rows[i].value, c.why ? c.why : "-");
	}
}

static void no_value_goes_beyond_its_room(void **state)
{
	char value[2000];
	struct challenge c;

	(void)state;
	for (int what = 0; what < 3; what++) {
		static const size_t limits[] = {CHALLENGE_REALM_MAX, CHALLENGE_VALUE_MAX, CHALLENGE_VALUE_MAX};

		for (size_t over = 0; over < 2; over++) {
			char text[400] = "";

			memset(text, 'x', limits[what] + over);
			snprintf(value, sizeof value, "Digest realm=\"%s\", nonce=\"%s\", opaque=\"%s\"", what == 0 ? text : "r", what == 1 ? text : "n",
				 what == 2 ? text : "o");
			c = read_value("", value);
			assert_int_equal(challenge_answerable(&c), over == 0);
			assert_int_equal(strlen(c.realm), what == 0 ? (size_t)CHALLENGE_REALM_MAX : 1);
		}
	}
}

static void a_nul_byte_is_malformed(void **state)
{
	static const char value[] = "Digest realm=\"r\", nonce=\"n\0\", qop=auth";
	struct challenge c = {.digest = false};

	(void)state;
	add(&c, "r", value, sizeof value - 1);
	assert_true(c.broken);
	assert_false(challenge_answerable(&c));
}

static void fields_add_up(void **state)
{
	struct challenge c = read_value("d", "Basic realm=\"b\"");

	(void)state;
	add(&c, "d", "Digest realm=\"x\", nonce=\"1\"", 27);
	assert_string_equal(c.realm, "x");
	assert_false(challenge_answerable(&c));
	add(&c, "d", "Digest realm=\"d\", nonce=\"2\"", 27);
	assert_true(c.digest && c.other && challenge_answerable(&c));
	assert_string_equal(c.realm, "d");
	assert_string_equal(c.best.nonce, "2");
	add(&c, "d", "Digest realm=\"d\", nonce=\"3\"", 27); /* the first of two that are alike */
	assert_string_equal(c.best.nonce, "2");
	add(&c, "d", "\"x\"", 3); /* and one that is malformed spoils them all */
	assert_false(challenge_answerable(&c));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_understood_is_answered),
		cmocka_unit_test(what_is_not_is_not),
		cmocka_unit_test(no_value_goes_beyond_its_room),
		cmocka_unit_test(a_nul_byte_is_malformed),
		cmocka_unit_test(fields_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
