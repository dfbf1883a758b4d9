/* SPDX-License-Identifier: ISC */
/* Digest logins: the vectors of the RFCs (7616 section 3.9.1, 2617 section 3.5; the others computed by Python's hashlib), and which answers
 * of a board lead to what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "flasher/login.h"

static char field[LOGIN_FIELD_MAX];

static struct secret *secret(const char *text)
{
	struct secret *s = NULL;
	struct err e;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
	close(ends[1]);
	assert_int_equal(secret_read(&s, NULL, ends[0], &e), 0);
	close(ends[0]);
	return s;
}

static struct challenge challenge(const char *realm, const char *value)
{
	struct challenge c = {.digest = false};

	challenge_add(&c, realm, value, strlen(value));
	return c;
}

static void the_vectors_of_the_rfcs(void **state)
{
	static const char r7616[] = "Digest realm=\"http-auth@example.org\", nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
				    "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
	static const char r2617[] = "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"";
	static const char c7616[] = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", c2617[] = "0a4f113b";
	static const struct {
		const char *form, *more, *realm, *password, *cnonce, *response;
	} rows[] = {
		{r7616, ", qop=\"auth, auth-int\", algorithm=MD5", "http-auth@example.org", "Circle of Life", c7616, "8ca523f5e9506fed4657c9700eebdbec"},
		{r7616, ", qop=\"auth, auth-int\", algorithm=SHA-256", "http-auth@example.org", "Circle of Life", c7616,
		 "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
		{r7616, ", qop=\"auth\", algorithm=MD5-sess", "http-auth@example.org", "Circle of Life", c7616, "e783283f46242139c486a698fec7211d"},
		{r7616, ", qop=\"auth\", algorithm=SHA-256-sess", "http-auth@example.org", "Circle of Life", c7616,
		 "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7"},
		{r2617, ", qop=\"auth,auth-int\"", "testrealm@host.com", "Circle Of Life", c2617, "6629fae49393a05397450978507c4ef1"},
		{r2617, "", "testrealm@host.com", "Circle Of Life", c2617, "670fd8c2df070c60b045671b8b24ff02"},
		{r2617, ", algorithm=SHA-256", "testrealm@host.com", "Circle Of Life", c2617,
		 "e71f89d8267982ee1cd4dfb3637698eaf2f55848fe056aee7be175262aab5d2a"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct secret *s = secret(rows[i].password);
		struct login l = {.user = NULL};
		char value[400], want[160];
		struct challenge c;

		snprintf(value, sizeof value, "%s%s", rows[i].form, rows[i].more);
		c = challenge(rows[i].realm, value);
		login_set(&l, "Mufasa", s, rows[i].realm);
		assert_int_equal(login_judge(&l, 401, &c, false), LOGIN_AGAIN);
		assert_true(l.challenged);
		assert_int_equal(strlen(l.cnonce), LOGIN_CNONCE_LEN);
		snprintf(l.cnonce, sizeof l.cnonce, "%s", rows[i].cnonce); /* in the place of a random one */
		assert_true(login_field(&l, field, "GET", "/dir/index.html"));
		snprintf(want, sizeof want, "uri=\"/dir/index.html\", response=\"%s\"", rows[i].response);
		if (!strstr(field, want))
			fail_msg("row %zu: %s", i, field);
		assert_non_null(strstr(field, "Authorization: Digest username=\"Mufasa\", realm=\""));
		assert_int_equal(strstr(field, "qop=auth, nc=00000001, cnonce=\"") != NULL, c.best.qop);
		assert_int_equal(strstr(field, "algorithm=") != NULL, strstr(rows[i].more, "algorithm=") != NULL);
		assert_int_equal(strstr(field, "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"") != NULL, rows[i].form == r7616);
		assert_null(strstr(field, "Circle"));
		secret_free(&s);
	}
}

#define REALM "hall"
#define ASKS "Digest realm=\"hall\", nonce=\"n1\", qop=\"auth\""

static enum login_step answer(struct login *l, int status, const char *value, bool tried)
{
	struct challenge c = challenge(REALM, value);

	return login_judge(l, status, &c, tried);
}

static void nonces_are_counted_and_replaced(void **state)
{
	struct secret *s = secret("p");
	struct login l = {.user = NULL};
	char first[sizeof l.cnonce];

	(void)state;
	assert_false(login_field(&l, field, "GET", "/"));
	login_set(&l, "root", s, REALM);
	assert_false(login_field(&l, field, "GET", "/")); /* nothing was asked yet */
	assert_string_equal(field, "");
	assert_int_equal(answer(&l, 401, ASKS, false), LOGIN_AGAIN);
	assert_true(login_ready(&l));
	assert_true(login_field(&l, field, "GET", "/"));
	assert_non_null(strstr(field, "nc=00000001"));
	memcpy(first, l.cnonce, sizeof first);
	assert_int_equal(answer(&l, 200, "", true), LOGIN_OVER);
	assert_false(login_ready(&l)); /* perhaps it was for one request only */
	assert_true(login_field(&l, field, "GET", "/"));
	assert_non_null(strstr(field, "nc=00000002"));
	assert_string_equal(l.cnonce, first);
	/* It was: with the new one the next request must be the first. */
	assert_int_equal(answer(&l, 401, "Digest realm=\"hall\", nonce=\"n2\", qop=\"auth\", stale=true", true), LOGIN_AGAIN);
	assert_true(login_ready(&l));
	assert_string_not_equal(l.cnonce, first);
	assert_true(login_field(&l, field, "POST", "/"));
	assert_non_null(strstr(field, "nonce=\"n2\""));
	assert_non_null(strstr(field, "nc=00000001"));
	assert_int_equal(answer(&l, 200, "", true), LOGIN_OVER);
	/* A board that takes one twice is believed to do so again. */
	assert_true(login_field(&l, field, "GET", "/"));
	assert_int_equal(answer(&l, 404, "", true), LOGIN_OVER);
	assert_true(login_ready(&l));
	login_set(&l, "root", s, REALM);
	assert_false(login_ready(&l));
	assert_int_equal(answer(&l, 401, ASKS, false), LOGIN_AGAIN);
	assert_true(login_field(&l, field, "GET", "/"));
	assert_true(login_ready(&l));
	secret_free(&s);
}

static void a_wrong_password_is_tried_once(void **state)
{
	struct secret *s = secret("p");
	struct login l = {.user = NULL};

	(void)state;
	login_set(&l, "root", s, REALM);
	assert_int_equal(answer(&l, 401, ASKS, false), LOGIN_AGAIN);
	assert_true(login_field(&l, field, "GET", "/"));
	assert_int_equal(answer(&l, 401, ASKS, true), LOGIN_OVER);
	assert_false(login_field(&l, field, "GET", "/"));
	secret_free(&s);
}

static void no_other_scheme_and_no_other_realm(void **state)
{
	static const char *const foreign[] = {
		"Basic realm=\"hall\"", "Bearer realm=\"hall\"", "Digest realm=\"Hall\", nonce=\"n\"", "Digest realm=\"\", nonce=\"n\"",
		"\"x\", Digest realm=\"hall\", nonce=\"n\"", "Digest realm=\"hall\", nonce=\"n\", qop=\"auth-int\"",
		"Digest realm=\"hall\", nonce=\"n\", algorithm=MD4", ""};
	struct secret *s = secret("p");
	struct login l = {.user = NULL};
	struct challenge any = challenge("", "Digest realm=\"\", nonce=\"n\"");

	(void)state;
	login_set(&l, "root", s, REALM);
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
		assert_int_equal(answer(&l, 401, foreign[i], false), LOGIN_OVER);
		assert_false(login_field(&l, field, "GET", "/"));
	}
	login_set(&l, "root", s, ""); /* bound to no realm: shown to nobody */
	assert_int_equal(login_judge(&l, 401, &any, false), LOGIN_OVER);
	assert_int_equal(answer(&l, 401, ASKS, false), LOGIN_OVER);
	login_set(&l, NULL, NULL, REALM);
	assert_int_equal(answer(&l, 401, ASKS, false), LOGIN_OVER);
	secret_free(&s);
}

static void the_users_name_as_a_hash(void **state)
{
	struct secret *s = secret("Circle of Life");
	struct login l = {.user = NULL};
	struct challenge c = challenge("http-auth@example.org",
				       "Digest realm=\"http-auth@example.org\", nonce=\"n\", qop=auth, algorithm=SHA-256, charset=UTF-8, userhash=true");

	(void)state;
	login_set(&l, "Mufasa", s, "http-auth@example.org");
	assert_int_equal(login_judge(&l, 401, &c, false), LOGIN_AGAIN);
	assert_true(login_field(&l, field, "GET", "/"));
	assert_non_null(strstr(field, "username=\"a947aad205e80e429958a387394944c6b496301e79f89d35a4cc23b6ee12b5b6\""));
	assert_non_null(strstr(field, ", userhash=true"));
	assert_null(strstr(field, "Mufasa"));
	secret_free(&s);
}

static void the_longest_values_fit(void **state)
{
	char password[SECRET_MAX + 1] = "", realm[CHALLENGE_REALM_MAX + 1] = "", nonce[CHALLENGE_VALUE_MAX + 1] = "", user[65] = "", path[121] = "/",
	     value[2000];
	struct login l = {.user = NULL};
	struct challenge c = {.digest = false};
	struct secret *s;

	(void)state;
	memset(password, 'p', SECRET_MAX);
	memset(realm, 'r', CHALLENGE_REALM_MAX);
	memset(nonce, 'n', CHALLENGE_VALUE_MAX);
	memset(user, 'u', 64);
	memset(path + 1, 'x', 119);
	snprintf(value, sizeof value, "Digest realm=\"%s\", nonce=\"%s\", opaque=\"%s\", qop=auth, algorithm=SHA-256-sess, userhash=true", realm, nonce, nonce);
	s = secret(password);
	challenge_add(&c, realm, value, strlen(value));
	login_set(&l, user, s, realm);
	assert_int_equal(login_judge(&l, 401, &c, false), LOGIN_AGAIN);
	assert_true(login_field(&l, field, "POST", path));
	assert_non_null(strstr(field, ", userhash=true"));
	secret_free(&s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_the_rfcs),
		cmocka_unit_test(nonces_are_counted_and_replaced),
		cmocka_unit_test(a_wrong_password_is_tried_once),
		cmocka_unit_test(no_other_scheme_and_no_other_realm),
		cmocka_unit_test(the_users_name_as_a_hash),
		cmocka_unit_test(the_longest_values_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
