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
	static const char *const good[] = {"02:AA:bb:0C:dd:ee", "02-aa-BB-0c-dd-ee", "02.aa.bb.0c.dd.ee", "02aa.bb0c.DDEE", "02aabb0cddee"};
	static const char *const bad[] = {"", "02:aa:bb:0c:dd", "02:aa-bb:0c:dd:ee", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff",
					  "01:00:5e:00:00:01", "02:aa:bb:0c:dd:eg", "02aabb0cddeeff", "02:aa:bb:0c:dd:ee ", "02aa-bb0c-ddee", "02aa.bb0cd.dee"};
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
		inventory_csv_head(out, &inv->extras);
	for (size_t i = 0; i < inv->n; i++)
		(json ? inventory_json_board : inventory_csv_board)(out, &inv->boards[i], &inv->extras);
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

/* TEXT as UTF-16 with a mark. The caller frees it. */
static char *utf16(const char *text, bool big, size_t *len)
{
	char *out = calloc(2, strlen(text) + 1);
	size_t n = 0;

	out[n++] = big ? '\xfe' : '\xff';
	out[n++] = big ? '\xff' : '\xfe';
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		unsigned c = *p < 0x80 ? *p : (*p & 0x1fU) << 6 | (p[1] & 0x3fU);

		p += *p >= 0x80;
		out[n++] = (char)(big ? c >> 8 : c & 255);
		out[n++] = (char)(big ? c & 255 : c >> 8);
	}
	*len = n;
	return out;
}

static void expect_hall(const char *text, size_t len)
{
	struct inventory inv;
	struct err e = {0};

	if (inventory_parse(&inv, "inv", text, len, &e))
		fail_msg("%s: %s", e.message, text);
	assert_int_equal(inv.n, 2);
	assert_string_equal(inv.boards[0].mac, "02:00:00:00:08:01");
	assert_string_equal(inv.boards[0].address.origin, "http://10.0.0.1:80");
	assert_string_equal(inv.boards[0].site, "Зал 1");
	assert_string_equal(inv.boards[1].rack, "r2");
	inventory_free(&inv);
}

static void spreadsheets_write_what_they_like(void **state)
{
	static const char *const forms[] = {
		"mac,address,site,rack\r\n02:00:00:00:08:01,10.0.0.1,Зал 1,r1\r\n02:00:00:00:08:02,10.0.0.2,Зал 1,r2\r\n",
		"mac;address;site;rack\r\n02:00:00:00:08:01;10.0.0.1;Зал 1;r1\r\n02:00:00:00:08:02;10.0.0.2;Зал 1;r2\r\n",
		"mac\taddress\tsite\track\n02:00:00:00:08:01\t10.0.0.1\tЗал 1\tr1\n02:00:00:00:08:02\t10.0.0.2\tЗал 1\tr2",
		"\xef\xbb\xbf" "mac;address;site;rack\r02:00:00:00:08:01;10.0.0.1;Зал 1;r1\r02:00:00:00:08:02;10.0.0.2;Зал 1;r2\r",
		"sep=;\r\nФерма 1;;;\r\n;;;\r\nСтойка;ЗАЛ; IP-адрес ;MAC-адрес\r\nr1;Зал 1;10.0.0.1;0200.0000.0801\r\nr2; Зал 1;10.0.0.2;02-00-00-00-08-02\r\n;;;\r\n",
		"Rack,Site,\"IP\naddress\",Mac,,\r\nr1,\"Зал 1\",10.0.0.1,02.00.00.00.08.01\r\nr2,\xc2\xa0Зал 1,10.0.0.2,020000000802,,\r\n,,,,,\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		expect_hall(forms[i], strlen(forms[i]));
		for (int big = 0; big < 2 && i != 3; big++) {
			size_t len;
			char *text = utf16(forms[i], big, &len);

			expect_hall(text, len);
			free(text);
		}
	}
}

/* Columns of the user's own, with whatever is in them, come through both notations; and a line feed in a cell does not end its line. */
static void writing_back_loses_nothing(void **state)
{
	static const char in[] = "Note;mac;address;note;;=head;Note\r\n"
				 "\"loud; \"\"fan\"\"\r\nsee Ivan\";02:00:00:00:00:01;10.0.0.1; b ;;=1+1;c\r\n"
				 ";02:00:00:00:00:02;10.0.0.2;;kept;'=1+1\r\n";
	static const char *const names[] = {"Note", "note", "=head", "Note 2", "column 5"};
	static const char *const first[] = {"loud; \"fan\"\r\nsee Ivan", " b ", "=1+1", "c", ""};
	static const char *const second[] = {"", "", "=1+1", "", "kept"};
	struct inventory inv[3];
	char *text[2];

	(void)state;
	assert_int_equal(inventory_parse(&inv[0], "inv", in, sizeof in - 1, NULL), 0);
	text[0] = written(&inv[0], false);
	assert_int_equal(inventory_parse(&inv[1], "csv", text[0], strlen(text[0]), NULL), 0);
	text[1] = written(&inv[1], true);
	assert_int_equal(inventory_parse(&inv[2], "json", text[1], strlen(text[1]), NULL), 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(inv[i].extras.nnames, 5);
		for (size_t k = 0; k < 5; k++) {
			assert_string_equal(inv[i].extras.names[k], names[k]);
			assert_string_equal(extras_value(&inv[i].extras, inv[i].boards[0].extra, k), first[k]);
			assert_string_equal(extras_value(&inv[i].extras, inv[i].boards[1].extra, k), second[k]);
		}
		inventory_free(&inv[i]);
	}
	assert_non_null(strstr(text[0], ",'=1+1,"));
	free(text[0]);
	free(text[1]);
}

static void all_else_is_refused(void **state)
{
	static const char *const rows[][2] = {
		{"", "inv:1: this is not an inventory"},
		{"a password\n", "inv:1: this is not an inventory"},
		{"02:00:00:00:00:01,10.0.0.1\nmac,address\n", "inv:1: this is not an inventory"}, /* a board does not get lost as a title */
		{"Farm\nmac\n02:00:00:00:00:01\n", "inv:2: there is no column address; expected: the columns mac and address"},
		{"mac,address,credental\n", "inv:1: column 3: there is no column \"credental\"; expected: credential"},
		{"mac,address,mac\n", "inv:1: columns 1 and 3 both name the mac"},
		{"mac,address,Зал,Площадка\n", "inv:1: columns 3 and 4 both name the site"},
		{"mac,address\n02:00:00:00:00:01,10.0.0.1\n02:00:00:00:00:02\n", "inv:3: column 2 \"address\": \"\" is not an address"},
		{"mac,address\n02:00:00:00:00:01,10.0.0.1,x\n", "inv:2: column 3: this line has more cells than the head line"},
		{"mac,address\n02:00:00:00:00:01,\"10.0.0.1\n", "inv:2: column 2: the quote that opens this cell is not closed"},
		{"mac,address\n02:00:00:00:00:01,10\"0.0.1\n", "inv:2: column 2: a quote stands within"},
		{"mac,address\n02:00:00:00:00:01,\"10.0.0.1\"x\n", "inv:2: column 2: text stands behind a closing quote"},
		{"mac;address;note\n02:00:00:00:00:01;10.0.0.1;\"a\r\nb\"\nx;10.0.0.2;\n", "inv:4: column 1 \"mac\": found \"x\"; expected: the MAC of one board"},
		{"mac,address,rack\n02:00:00:00:00:01,10.0.0.1,\"a\nb\"\n", "inv:2: column 3 \"rack\": found \"a\\x0ab\"; expected: one line"},
		{"mac,address,rack\n02:00:00:00:00:01,10.0.0.1,*\n", "inv:2: column 3 \"rack\": found \"*\"; expected: one line"},
		{"mac,address,rack\n02:00:00:00:00:01,10.0.0.1,a\xe2\x80\xae\n", "column 3 \"rack\""},
		{"mac,address,credential\n02:00:00:00:00:01,10.0.0.1,pass word\n", "inv:2: column 3 \"credential\": not a name; expected: letters"},
		{"mac,address,revision\n02:00:00:00:00:01,10.0.0.1,-1\n", "inv:2: column 3 \"revision\": found \"-1\"; expected: a number"},
		{"mac,address\n02:00:00:00:00:01,10.0.0.1\n02:00:00:00:00:01,10.0.0.2\n", "inv:3: the MAC 02:00:00:00:00:01 comes twice, in line 2 too"},
		{"mac,address\n02:00:00:00:00:01,10.0.0.1\n02:00:00:00:00:02,http://10.0.0.1:80\n", "inv:3: two boards, 02:00:00:00:00:01 and 02:00:00:00:00:02, are both said to be at"},
		{"mac;address;tags\n02:00:00:00:00:01;10.0.0.1;\n;10.0.0.2;\n", "inv:3: the board at 10.0.0.2 has no MAC"},
		{"mac;address;tags\n;10.0.0.1;silent\n;10.0.0.1;login\n", "inv:3: two boards, one without a MAC and one without a MAC, are both said to be at"},
		{"mac,address,site\n02:00:00:00:00:01,10.0.0.1,\xc7\xe0\xeb\n", "inv:2: this line holds bytes that are not UTF-8"},
		{"{\"mac\":\"02:00:00:00:00:01\"}\n", "inv:1: the members mac and address"},
		{"{\"mac\":\"02:00:00:00:00:01\",\"address\":\"a\",\"x\":1}\n", "inv:1: member \"x\": expected"},
		{"{\"mac\":\"02:00:00:00:00:01\",\"address\":\"a\",\"IP\":\"b\"}\n", "inv:1: member address comes twice"},
		{"{\"mac\":\"02:00:00:00:00:01\",\"address\":\"a\",\"hostnam\":\"b\"}\n", "inv:1: there is no column \"hostnam\"; expected: hostname"},
		{"{\"mac\":1,\"address\":\"a\"}\n", "inv:1: member mac: it is of the wrong type; expected: a string"},
		{"{\"mac\":\"02:00:00:00:00:01\",\"address\":\"a\",\"tags\":[\"a b\"]}\n", "inv:1: member tags: expected: an array"},
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
		cmocka_unit_test(spreadsheets_write_what_they_like),
		cmocka_unit_test(writing_back_loses_nothing),
		cmocka_unit_test(all_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
