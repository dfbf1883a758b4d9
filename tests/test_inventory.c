/* SPDX-License-Identifier: ISC */
/* The inventory: one spelling for a MAC, both notations say the same, and what is not meant is refused with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flasher/inventory.h"

static void macs_have_one_spelling(void **state)
{
	static const char *const good[] = {"02:AA:bb:0C:dd:ee", "02-aa-BB-0c-dd-ee", "02aabb0cddee"};
	static const char *const bad[] = {"", "02:aa:bb:0c:dd", "02:aa-bb:0c:dd:ee", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff",
					  "01:00:5e:00:00:01", "02:aa:bb:0c:dd:eg", "02aabb0cddeeff", "02:aa:bb:0c:dd:ee "};
	char mac[MAC_TEXT_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(mac_parse(mac, good[i], strlen(good[i])), 0);
		assert_string_equal(mac, "02:aa:bb:0c:dd:ee");
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(mac_parse(mac, bad[i], strlen(bad[i])), -1);
}

static const char csv[] = "address,mac,board,revision,model,site,rack,tags,credential\r\n"
			  "10.0.0.2,02:00:00:00:00:02,zynq-s9,0,\"Antminer \"\"S9\"\", i\",hall-1,r2,,\r\n"
			  "10.0.0.1,02:00:00:00:00:01,zynq-s9,3,Antminer S9,hall-1,r1,old loud,farm\n\n";

static char *written(const struct inventory *inv, bool json)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!json)
		inventory_csv_head(out);
	for (size_t i = 0; i < inv->n; i++)
		(json ? inventory_json_board : inventory_csv_board)(out, &inv->boards[i]);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void both_notations_say_the_same(void **state)
{
	struct inventory a, b, c;
	char *first, *second, *json;

	(void)state;
	assert_int_equal(inventory_parse(&a, "a", csv, sizeof csv - 1, NULL), 0);
	assert_int_equal(a.n, 2);
	assert_string_equal(a.boards[0].mac, "02:00:00:00:00:01");
	assert_string_equal(a.boards[1].model, "Antminer \"S9\", i");
	assert_true(a.boards[1].have_revision);
	assert_int_equal(a.boards[0].ntags, 2);
	assert_string_equal(a.boards[0].tags[1], "loud");
	first = written(&a, false);
	assert_int_equal(inventory_parse(&b, "b", first, strlen(first), NULL), 0);
	json = written(&b, true);
	assert_int_equal(inventory_parse(&c, "c", json, strlen(json), NULL), 0);
	second = written(&c, false);
	assert_string_equal(first, second);
	assert_non_null(inventory_find(&c, "02-00-00-00-00-02"));
	assert_null(inventory_find(&c, "02-00-00-00-00-03"));
	free(first);
	free(second);
	free(json);
	inventory_free(&a);
	inventory_free(&b);
	inventory_free(&c);
}

static void no_formula_comes_out(void **state)
{
	static const char in[] = "mac,address,model,subtype,version,hostname\n"
				 "02:00:00:00:00:01,10.0.0.1,=1+1,+1,-1,\"@SUM(1,1)\"\n"
				 "02:00:00:00:00:02,10.0.0.2,'=1,,2026.1,a-1\n";
	struct inventory inv, again;
	char *first, *second;

	(void)state;
	assert_int_equal(inventory_parse(&inv, "inv", in, sizeof in - 1, NULL), 0);
	first = written(&inv, false);
	assert_non_null(strstr(first, "10.0.0.1,,,'=1+1,'+1,'-1,\"'@SUM(1,1)\","));
	assert_non_null(strstr(first, "10.0.0.2,,,'=1,,2026.1,a-1,"));
	assert_int_equal(inventory_parse(&again, "again", first, strlen(first), NULL), 0);
	second = written(&again, false); /* the apostrophe comes once */
	assert_string_equal(first, second);
	free(first);
	free(second);
	inventory_free(&inv);
	inventory_free(&again);
}

static void all_else_is_refused(void **state)
{
	static const char *const rows[][2] = {
		{"", "inv:1: this is no inventory"},
		{"a password\n", "inv:1: this is no inventory"},
		{"mac\n02:00:00:00:00:01\n", "inv:1: the columns mac and address are wanted"},
		{"mac,address,credental\n", "inv:1: there is no column \"credental\""},
		{"mac,address,mac\n", "inv:1: column mac comes twice"},
		{"mac,address\n02:00:00:00:00:01,10.0.0.1\n02:00:00:00:00:02\n", "inv:3: this line has 1 fields"},
		{"mac,address\n02:00:00:00:00:01,10.0.0.1,x\n", "inv:2: this line has more fields"},
		{"mac,address\n02:00:00:00:00:01,\"10.0.0.1\n", "inv:2: a quote is not closed"},
		{"mac,address\n02:00:00:00:00:01,10\"0.0.1\n", "inv:2: a quote stands within"},
		{"mac,address\n02:00:00:00:00:01,\"10.0.0.1\"x\n", "inv:2: something stands behind"},
		{"mac,address\nx,10.0.0.1\n", "inv:2: the MAC is none of a single board"},
		{"mac,address,rack\n02:00:00:00:00:01,10.0.0.1,a/b\n", "inv:2: the rack wants"},
		{"mac,address,revision\n02:00:00:00:00:01,10.0.0.1,-1\n", "inv:2: the revision is no number"},
		{"mac,address\n02:00:00:00:00:01,10.0.0.1\n02:00:00:00:00:01,10.0.0.2\n", "inv: 02:00:00:00:00:01 comes twice"},
		{"mac,address\n02:00:00:00:00:01,10.0.0.1\n02:00:00:00:00:02,http://10.0.0.1:80\n", "both said to be at"},
		{"{\"mac\":\"02:00:00:00:00:01\"}\n", "inv:1: the members mac and address"},
		{"{\"mac\":\"02:00:00:00:00:01\",\"address\":\"a\",\"x\":1}\n", "inv:1: there is no member \"x\""},
		{"{\"mac\":1,\"address\":\"a\"}\n", "inv:1: mac is of the wrong type"},
		{"{\"mac\":\"02:00:00:00:00:01\",\"address\":\"a\",\"tags\":[\"a b\"]}\n", "inv:1: tags want an array"},
		{"{\"mac\"\n", "inv:1: no JSON object"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct inventory inv;
		struct err e = {0};

		assert_int_equal(inventory_parse(&inv, "inv", rows[i][0], strlen(rows[i][0]), &e), -1);
		assert_int_equal(e.verdict, VERDICT_USAGE);
		if (!strstr(e.message, rows[i][1]))
			fail_msg("row %zu: %s", i, e.message);
		inventory_free(&inv);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(macs_have_one_spelling),
		cmocka_unit_test(both_notations_say_the_same),
		cmocka_unit_test(no_formula_comes_out),
		cmocka_unit_test(all_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
