/* SPDX-License-Identifier: ISC */
/* Addresses: one spelling for each place, and nothing in them but a place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flasher/address.h"

static void places_have_one_spelling(void **state)
{
	static const char *const rows[][2] = {
		{"10.0.0.7", "http://10.0.0.7:80"},
		{"10.0.0.7:80", "http://10.0.0.7:80"},
		{"http://10.0.0.7", "http://10.0.0.7:80"},
		{"HTTP://Miner-7.Farm:8080", "http://miner-7.farm:8080"},
		{"https://miner_7", "https://miner_7:443"},
		{"[FE80::1]:8080", "http://[fe80::1]:8080"},
		{"[::1]", "http://[::1]:80"},
		{"[0:0::0:1]", "http://[::1]:80"},
		{"[::ffff:10.0.0.7]", "http://10.0.0.7:80"},
		{"[::FFFF:0a00:7]", "http://10.0.0.7:80"},
		{"[fe80::1%eth0]", "http://[fe80::1%25eth0]:80"},
		{"[FE80:0::1%25Wlan.1]:81", "http://[fe80::1%25Wlan.1]:81"},
		{"miner-7.farm.", "http://miner-7.farm:80"},
		{"7.farm", "http://7.farm:80"},
		{"0xbeef.farm", "http://0xbeef.farm:80"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct address a;

		assert_int_equal(address_parse(&a, rows[i][0], NULL), 0);
		assert_string_equal(a.text, rows[i][0]);
		assert_string_equal(a.origin, rows[i][1]);
	}
}

static void all_else_is_refused(void **state)
{
	static const char *const bad[] = {
		"", ":80", "host:", "host:0", "host:65536", "host:080", "host:+80", "host:80/", "host/", "host/path",
		"root:root@host", "root@host", "host?x", "host#x", "host path", "-host", ".host", "ho\nst", "ho%73t", "[]",
		"[:]", "[::1", "::1", "[::1]x", "[::1%eth0]", "ftp://host", "file:///etc/passwd", "http://",
		"http://http://host", "https:/host", "h\xc3\xb6st", "a..b", ".", "..",
		/* What inet_aton(3) takes, and what means another board to whoever writes it. */
		"10.0.3.010", "010.0.3.10", "127.1", "10.3", "2130706433", "0x7f000001", "0x7F.1", "10.0.0.0x7", "10.0.0.256", "1.2.3.4.5",
		"10.0.0.007", "00.0.0.1", "http://127.1:80", "0x", "a.1",
		"[fe80::1%]", "[fe80::1%eth0/x]", "[fe80::1%eth0%1]", "[fe80::1%a-name-that-is-too-long]", "[10.0.0.7]", "[::ffff:10.0.0.07]",
	};
	char long_name[400];
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct address a;

		if (address_parse(&a, bad[i], &e) == 0)
			fail_msg("%s was taken for %s", bad[i], a.origin);
		assert_int_equal(e.verdict, VERDICT_USAGE);
	}
	memset(long_name, 'a', sizeof long_name);
	long_name[sizeof long_name - 1] = '\0';
	assert_int_equal(address_parse(&(struct address){.text = ""}, long_name, &e), -1);
	long_name[ADDRESS_MAX] = '\0';
	assert_int_equal(address_parse(&(struct address){.text = ""}, long_name, &e), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_have_one_spelling),
		cmocka_unit_test(all_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
