/* SPDX-License-Identifier: ISC */
/* Whose page sent a request: a table of heads, and what is made of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verifier/origin.h"

struct head {
	const char *host, *origin, *site;
	bool secure;
};

static const struct head own[] = {
	{"10.0.3.17", NULL, NULL, false},
	{NULL, NULL, NULL, false},
	{"10.0.3.17", "http://10.0.3.17", NULL, false},
	{"10.0.3.17:80", "http://10.0.3.17", NULL, false},
	{"10.0.3.17", "http://10.0.3.17:80", NULL, false},
	{"10.0.3.17:8080", "http://10.0.3.17:8080", NULL, false},
	{"board.farm", "http://BOARD.Farm", NULL, false},
	{"Board.farm", "HTTP://board.farm", NULL, false},
	{"[fe80::1]", "http://[fe80::1]", NULL, false},
	{"[FE80::1]:8080", "http://[fe80::1]:8080", NULL, false},
	{"[::ffff:10.0.0.1]", "http://[::ffff:10.0.0.1]", NULL, false},
	{"board", "https://board", NULL, true},
	{"board:443", "https://board", NULL, true},
	{"board", "https://board", NULL, false}, /* behind a proxy that ends TLS */
	{"board", "http://board", "same-origin", false},
	{"board", NULL, "same-origin", false},
	{"board", NULL, "none", false},
};

static const struct head foreign[] = {
	{"10.0.3.17", "http://10.0.3.18", NULL, false},
	{"10.0.3.17", "http://evil.example", NULL, false},
	{"10.0.3.17", "http://10.0.3.170", NULL, false},
	{"10.0.3.17", "http://10.0.3.1", NULL, false},
	{"board.farm", "http://board.farm.evil.example", NULL, false},
	{"board.farm", "http://board", NULL, false},
	{"board", "http://board:8080", NULL, false},
	{"board:8080", "http://board", NULL, false},
	{"board:8080", "http://board:8081", NULL, false},
	{"board:80", "https://board", NULL, false},
	{"board", "https://board:80", NULL, false},
	{"board", "http://board:443", NULL, false},
	{"board", "http://board", NULL, true}, /* the page came without TLS */
	{"board:443", "http://board:443", NULL, true},
	{"board", "null", NULL, false},
	{"board", "", NULL, false},
	{"board", "board", NULL, false},
	{"board", "//board", NULL, false},
	{"board", "ftp://board", NULL, false},
	{"board", "file://", NULL, false},
	{"board", "moz-extension://board", NULL, false},
	{"board", "http://", NULL, false},
	{"board", "http:board", NULL, false},
	{"board", "http://board/", NULL, false},
	{"board", "http://board/page", NULL, false},
	{"board", "http://board:", NULL, false},
	{"board", "http://board:0", NULL, false},
	{"board", "http://board:080", NULL, false},
	{"board", "http://board:65616", NULL, false}, /* 80 in 16 bits */
	{"board", "http://board:18446744073709551696", NULL, false},
	{"board", "http://board:80x", NULL, false},
	{"board", "http://board:-80", NULL, false},
	{"board", "http://root@board", NULL, false},
	{"board", "http://board@evil.example", NULL, false},
	{"board", "http://board http://evil.example", NULL, false},
	{"board", "http://evil.example http://board", NULL, false},
	{"board", "http://board, http://evil.example", NULL, false},
	{"board", "http://board,http://board", NULL, false},
	{"board", " http://board", NULL, false},
	{"board", "http://board ", NULL, false},
	{"board", "http://board\t", NULL, false},
	{"board", "http://board\x01", NULL, false},
	{"board", "http://b\xc3\xb6" "ard", NULL, false},
	{"[fe80::1]", "http://[fe80::2]", NULL, false},
	{"[fe80::1]", "http://fe80::1", NULL, false},
	{"[fe80::1]", "http://[fe80::1", NULL, false},
	{"[fe80::1]", "http://[]", NULL, false},
	{"[fe80::1%eth0]", "http://[fe80::1%eth0]", NULL, false},
	{NULL, "http://board", NULL, false},
	{"", "http://", NULL, false},
	{"", "http://board", NULL, false},
	{"board:", "http://board", NULL, false},
	{"board, evil.example", "http://board", NULL, false},
	{"board", NULL, "cross-site", false},
	{"board", NULL, "same-site", false},
	{"board", NULL, "", false},
	{"board", NULL, "Same-Origin", false},
	{"board", NULL, "same-origin, cross-site", false},
	{"board", NULL, "none, none", false},
	{"board", NULL, "something new", false},
	{"board", "http://board", "cross-site", false},
	{"board", "http://evil.example", "same-origin", false},
	{"board", "null", "none", false},
};

static void table(const struct head *heads, size_t n, bool good)
{
	for (size_t i = 0; i < n; i++) {
		const struct head *h = &heads[i];
		const struct origin o = {.host = h->host, .origin = h->origin, .fetch_site = h->site, .secure = h->secure};
		struct err e = {.verdict = VERDICT_SYSTEM};
		enum decision got = origin_check(&o, &e);

		if (got != (good ? ACCEPTED : REFUSED))
			fail_msg("Host %s, Origin %s, Sec-Fetch-Site %s: %s", h->host ? h->host : "-", h->origin ? h->origin : "-",
				 h->site ? h->site : "-", e.message);
		if (good)
			continue;
		assert_string_equal(verdict_word(e.verdict), "cross-site");
		assert_int_equal(verdict_status(e.verdict), STATUS_NOT_AUTHENTIC);
		assert_non_null(strstr(e.message, "send it from the board's own page"));
		for (const char *p = e.message; *p; p++)
			assert_true(*p >= 0x20 && *p <= 0x7e);
	}
}

static void the_boards_own_page_and_tools_pass(void **state)
{
	(void)state;
	table(own, sizeof own / sizeof *own, true);
}

static void everything_else_is_refused(void **state)
{
	(void)state;
	table(foreign, sizeof foreign / sizeof *foreign, false);
}

static void long_values_are_cut_in_the_message(void **state)
{
	char *text = malloc(70000);
	struct origin o = {.host = "board", .origin = text};
	struct err e = {.verdict = VERDICT_SYSTEM};

	(void)state;
	assert_non_null(text);
	memset(text, 'a', 69999);
	text[69999] = '\0';
	memcpy(text, "http://", 7);
	assert_int_equal(origin_check(&o, &e), REFUSED);
	o.host = text + 7; /* and as the host */
	assert_int_equal(origin_check(&o, &e), ACCEPTED);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_boards_own_page_and_tools_pass),
		cmocka_unit_test(everything_else_is_refused),
		cmocka_unit_test(long_values_are_cut_in_the_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
