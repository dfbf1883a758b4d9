/* SPDX-License-Identifier: ISC */
/* Ranges of addresses, and the lists that hold them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flasher/targets.h"

#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

static struct span text(const char *s)
{
	return (struct span){s, strlen(s)};
}

static void each_form_gives_its_addresses(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		uint32_t first, last;
	} cases[] = {
		{"10.0.3.17", 1, IP(10, 0, 3, 17), IP(10, 0, 3, 17)},
		{"10.0.3.0/24", 254, IP(10, 0, 3, 1), IP(10, 0, 3, 254)},
		{"10.0.3.4/30", 2, IP(10, 0, 3, 5), IP(10, 0, 3, 6)},
		{"10.0.3.4/31", 2, IP(10, 0, 3, 4), IP(10, 0, 3, 5)},
		{"10.0.3.4/32", 1, IP(10, 0, 3, 4), IP(10, 0, 3, 4)},
		{"10.0.3.250-10.0.4.3", 10, IP(10, 0, 3, 250), IP(10, 0, 4, 3)},
		{"10.0.3.7-10.0.3.7", 1, IP(10, 0, 3, 7), IP(10, 0, 3, 7)},
		{"10.0.1-3.1-254", 762, IP(10, 0, 1, 1), IP(10, 0, 3, 254)},
		{"10.0-1.0.5", 2, IP(10, 0, 0, 5), IP(10, 1, 0, 5)},
		{"223.255.255.255", 1, IP(223, 255, 255, 255), IP(223, 255, 255, 255)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ranges r = {.limit = RANGES_DEFAULT_MAX};
		struct err e = {0};

		if (ranges_add(&r, text(cases[i].text), 7, &e))
			fail_msg("%s: %s", cases[i].text, e.message);
		ranges_finish(&r);
		assert_int_equal(r.n, cases[i].n);
		assert_int_equal(r.at[0].address, cases[i].first);
		assert_int_equal(r.at[r.n - 1].address, cases[i].last);
		assert_int_equal(r.at[0].note, 7);
		ranges_free(&r);
	}
}

static void what_is_no_range_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "10", "10.0.3", "10.0.3.256", "10.0.3.4.5", "10.0.3.04", "10.0.3.-4", "10.0.3.4 ", " 10.0.3.4", "10.0.3.4/0", "10.0.3.4/33",
		"10.0.3.4/24", "10.0.3.4/", "10.0.3.4-", "10.0.3.4-10.0.3.3", "10.0.3.4-3", "10.0.3.3-", "10.0.3.*", "farm.example",
		"0.0.0.0", "224.0.0.1", "239.0.0.1-240.0.0.1", "10.0.0.0-240.0.0.0", "255.255.255.255", "0-255.0-255.0-255.0-255",
		"10.0.0.0/8", "0.0.0.0/0", "10.0.3.4,10.0.3.5", "10.0.3.4/24/24", "10.0.3.4-10.0.3.5-10.0.3.6", "::1", "0x0a.0.0.1",
		"10.0.3.99999999999999999999", "1.1.1.1-255.255.255.255", "10.0.1-3.1-254-255",
		"10.0.0.1111111111111111111111111111111111111111111111111111111111111",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct ranges r = {.limit = RANGES_DEFAULT_MAX};
		struct err e = {0};

		if (ranges_add(&r, text(bad[i]), 0, &e) == 0)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_int_equal(e.verdict, VERDICT_USAGE);
		assert_int_equal(r.n, 0);
		ranges_free(&r);
	}
}

static void the_limit_counts_all_of_them(void **state)
{
	struct ranges r = {.limit = 300};
	struct err e = {0};

	(void)state;
	assert_int_equal(ranges_add(&r, text("10.0.0.0/24"), 0, &e), 0);
	assert_int_equal(ranges_add(&r, text("10.0.1.1-10.0.1.46"), 0, &e), 0);
	assert_int_equal(r.n, 300);
	assert_int_equal(ranges_add(&r, text("10.0.2.1"), 0, &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
	assert_non_null(strstr(e.message, "300"));
	ranges_free(&r);
}

static void an_address_is_kept_once_as_it_was_named_first(void **state)
{
	struct ranges r = {.limit = 100};

	(void)state;
	assert_int_equal(ranges_add(&r, text("10.0.0.5"), 1, NULL), 0);
	assert_int_equal(ranges_add(&r, text("10.0.0.1-10.0.0.9"), 2, NULL), 0);
	ranges_finish(&r);
	assert_int_equal(r.n, 9);
	for (size_t i = 0; i < r.n; i++)
		assert_int_equal(r.at[i].note, r.at[i].address == IP(10, 0, 0, 5) ? 1 : 2);
	ranges_free(&r);
}

/* Parses a list, which must be right. */
static void list(struct targets *t, const char *lines)
{
	struct err e = {0};

	*t = (struct targets){.ranges.limit = 1000};
	if (targets_parse(t, "list", lines, strlen(lines), &e))
		fail_msg("%s", e.message);
	ranges_finish(&t->ranges);
}

static void lists_of_ranges_are_read(void **state)
{
	struct targets t;

	(void)state;
	list(&t, "# hall one\n10.0.0.1\r\n\n10.0.0.4-10.0.0.5:8080\n10.0.0.9");
	assert_int_equal(t.ranges.n, 4);
	assert_int_equal(t.notes[t.ranges.at[0].note].port, 0);
	assert_int_equal(t.notes[t.ranges.at[1].note].port, 8080);
	targets_free(&t);
	list(&t, "");
	assert_int_equal(t.ranges.n, 0);
	targets_free(&t);
}

static void csv_says_more_of_a_place(void **state)
{
	const struct target_note *note;
	struct targets t;

	(void)state;
	list(&t, "# the farm\nmac,rack,address,tags,site,credential\n,r1,10.0.0.1-10.0.0.2,new hot,ekb,hall-1\n02:00:00:00:00:01,,10.0.0.3,,,\n");
	assert_int_equal(t.ranges.n, 3);
	note = &t.notes[t.ranges.at[1].note];
	assert_string_equal(note->site, "ekb");
	assert_string_equal(note->rack, "r1");
	assert_string_equal(note->credential, "hall-1");
	assert_int_equal(note->ntags, 2);
	assert_string_equal(note->tags[1], "hot");
	note = &t.notes[t.ranges.at[2].note];
	assert_string_equal(note->site, "");
	assert_int_equal(note->ntags, 0);
	targets_free(&t);
}

static void lists_come_from_spreadsheets_too(void **state)
{
	struct targets t;

	(void)state;
	list(&t, "\xef\xbb\xbf" "Ферма\r\n# all of it\r\nIP;Зал;Note\r\n10.0.0.1-10.0.0.2;Зал 1;\"loud;\nold\"\r\n10.0.0.3\r\n");
	assert_int_equal(t.ranges.n, 3);
	assert_string_equal(t.notes[t.ranges.at[1].note].site, "Зал 1");
	assert_string_equal(t.extras.names[0], "Note");
	assert_string_equal(extras_value(&t.extras, t.notes[t.ranges.at[1].note].extra, 0), "loud;\nold");
	assert_string_equal(extras_value(&t.extras, t.notes[t.ranges.at[2].note].extra, 0), "");
	targets_free(&t);
}

static void bad_lists_are_refused_with_the_line(void **state)
{
	static const struct {
		const char *lines, *says;
	} bad[] = {
		{"10.0.0.1\n10.0.0.300\n", "list:2"},
		{"10.0.0.1:0\n", "list:1"},
		{"10.0.0.1:65536\n", "list:1"},
		{"mac,site\n", "a head line with the column address"},
		{"10.0.0.1\naddress,site\n10.0.0.2,a\n", "list:2"},
		{"address,address\n", "columns 1 and 2 both name the address"},
		{"address,credental\n", "list:1: column 2: there is no column \"credental\"; expected: credential"},
		{"address,site\n10.0.0.1,a,b\n", "list:2: column 3: this line has more cells"},
		{"address,site\n10.0.0.1,*\n", "list:2: column 2 \"site\": found \"*\"; expected: one line"},
		{"address,tags\n10.0.0.1,a b c d e f g h i\n", "list:2: column 2 \"tags\": there are over 8 tags"},
		{"address,site\n,a\n", "list:2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct targets t = {.ranges.limit = 1000};
		struct err e = {0};

		if (targets_parse(&t, "list", bad[i].lines, strlen(bad[i].lines), &e) == 0)
			fail_msg("\"%s\" was taken", bad[i].lines);
		assert_int_equal(e.verdict, VERDICT_USAGE);
		if (!strstr(e.message, bad[i].says))
			fail_msg("message is \"%s\", wanted %s", e.message, bad[i].says);
		targets_free(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_gives_its_addresses),
		cmocka_unit_test(what_is_no_range_is_refused),
		cmocka_unit_test(the_limit_counts_all_of_them),
		cmocka_unit_test(an_address_is_kept_once_as_it_was_named_first),
		cmocka_unit_test(lists_of_ranges_are_read),
		cmocka_unit_test(csv_says_more_of_a_place),
		cmocka_unit_test(lists_come_from_spreadsheets_too),
		cmocka_unit_test(bad_lists_are_refused_with_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
