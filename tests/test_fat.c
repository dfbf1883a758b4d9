/* SPDX-License-Identifier: ISC */
/* FAT by the letter: names, aliases, sums, times, geometry, the MBR, and a card's note. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "flasher/card_note.h"
#include "flasher/fat_dir.h"
#include "flasher/fat_layout.h"
#include "flasher/fat_name.h"
#include "flasher/mbr.h"

static const char *decode(struct fat_name *out, const char *text)
{
	return fat_name_decode(out, text, strlen(text));
}

static void names_that_cannot_be(void **state)
{
	static const char *const bad[] = {"", "a:b", "a*", "a?", "a\"", "a<b", "a>b", "a|b", "a\\b", "a/b", "a\x01", "a\x7f", "a.", "a ",
					  "\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82", "\xf0\x9f\x97\xbf"};
	struct fat_name name;
	char longest[FAT_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_non_null(decode(&name, bad[i]));
	memset(longest, 'x', sizeof longest);
	longest[FAT_NAME_MAX + 1] = '\0';
	assert_non_null(decode(&name, longest));
	longest[FAT_NAME_MAX] = '\0';
	assert_null(decode(&name, longest));
	assert_int_equal(name.n, FAT_NAME_MAX);
}

static void names_that_are_one(void **state)
{
	static const char *const pairs[][2] = {{"ReadMe", "rEADmE"},         {"\xc3\x84", "\xc3\xa4"}, {"\xc5\x90", "\xc5\x91"},
					       {"\xd0\x96", "\xd0\xb6"},     {"\xd0\x81", "\xd1\x91"}, {"\xce\xa3", "\xcf\x83"},
					       {"\xce\xa3", "\xcf\x82"},     {"\xce\x86", "\xce\xac"}, {"\xd5\x80", "\xd5\xb0"}};
	static const char *const apart[][2] = {{"a", "b"}, {"\xc3\x97", "\xc3\xb7"}, {"[", "{"}, {"@", "`"}};
	struct fat_name a, b;

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		assert_null(decode(&a, pairs[i][0]));
		assert_null(decode(&b, pairs[i][1]));
		fat_name_fold(&a);
		fat_name_fold(&b);
		assert_int_equal(a.n, b.n);
		assert_memory_equal(a.units, b.units, a.n * sizeof *a.units);
	}
	for (size_t i = 0; i < sizeof apart / sizeof *apart; i++) {
		assert_null(decode(&a, apart[i][0]));
		assert_null(decode(&b, apart[i][1]));
		fat_name_fold(&a);
		fat_name_fold(&b);
		assert_memory_not_equal(a.units, b.units, sizeof *a.units);
	}
}

static void aliases(void **state)
{
	static const struct {
		const char *name, *alias;
		bool fits, exact;
	} cases[] = {
		{"BOOT.BIN", "BOOT    BIN", true, true},     {"boot.bin", "BOOT    BIN", true, false}, {"MLO", "MLO        ", true, true},
		{"12345678.123", "12345678123", true, true}, {"123456789", "123456~1   ", false, true}, {".hidden", "HIDDEN~1   ", false, true},
		{"a.b.c", "AB~1    C  ", false, true},       {"two words.text", "TWOWOR~1TEX", false, true},
		{"a+b", "A_B~1      ", false, true},
	};
	unsigned char alias[FAT_ALIAS_SIZE];
	struct fat_name name;
	bool exact;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_null(decode(&name, cases[i].name));
		assert_int_equal(fat_name_short(alias, &exact, &name), cases[i].fits);
		if (cases[i].fits)
			assert_int_equal(exact, cases[i].exact);
		else
			fat_name_alias(alias, &name, 0);
		assert_memory_equal(alias, cases[i].alias, FAT_ALIAS_SIZE);
	}
	/* The sum that Microsoft's text gives the C of, for its own example. */
	assert_int_equal(fat_name_sum((const unsigned char *)"THEQUI~1FOX"), 0x07);
}

static void times(void **state)
{
	(void)state;
	assert_int_equal(fat_time_of(0).date, 0x0021);           /* nothing before 1980-01-01 */
	assert_int_equal(fat_time_of(315532800).date, 0x0021);
	assert_int_equal(fat_time_of(1700000000).date, (2023 - 1980) << 9 | 11 << 5 | 14);
	assert_int_equal(fat_time_of(1700000000).time, 22 << 11 | 13 << 5 | 10);
	assert_int_equal(fat_time_of(1709164800).date, (2024 - 1980) << 9 | 2 << 5 | 29);
	assert_int_equal(fat_time_of(UINT64_MAX).date, 127 << 9 | 12 << 5 | 31);
}

static void geometry(void **state)
{
	static const struct {
		unsigned bits;
		uint64_t mib;
		uint32_t sectors; /* a cluster */
	} cases[] = {{16, 64, 4}, {16, 256, 8}, {16, 2048, 64}, {32, 64, 1}, {32, 260, 1}, {32, 512, 8}, {32, 8192, 8}, {32, 16384, 16}, {32, 2 << 20, 64}};
	struct err e = {0};
	struct fat_geometry g;
	struct fat_tree t;
	uint32_t node;

	(void)state;
	assert_int_equal(fat_tree_init(&t, &e), 0);
	assert_int_equal(fat_tree_add(&t, "dir/BOOT.BIN", false, 100000, &node, &e), 0);
	assert_int_equal(fat_tree_add(&t, "empty", false, 0, NULL, &e), 0);
	assert_int_equal(fat_dir_measure(&t, &e), 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(fat_layout(&g, &t, cases[i].bits, 8192, cases[i].mib << 20, &e), 0);
		assert_int_equal(g.cluster_sectors, cases[i].sectors);
		assert_int_equal((g.start + g.data) % FAT_ALIGN, 0);
		assert_true((uint64_t)g.fat_sectors * 512 * 8 / g.bits >= (uint64_t)g.clusters + 2);
		assert_true((uint64_t)g.data + (uint64_t)g.clusters * g.cluster_sectors <= g.total);
		assert_true(g.bits == 32 ? g.clusters >= 65525 : g.clusters >= 4085 && g.clusters < 65525);
		assert_int_equal(t.nodes[node].first, g.bits == 32 ? 3 : 2); /* behind the root, before its own directory */
	}
	assert_int_equal(fat_layout(&g, &t, 32, 8192, 30 << 20, &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
	assert_int_equal(fat_layout(&g, &t, 16, 8192, UINT64_C(4) << 30, &e), -1);
	assert_int_equal(e.verdict, VERDICT_TOO_LARGE);
	assert_int_equal(fat_tree_add(&t, "Empty", false, 0, NULL, &e), -1);
	assert_int_equal(e.verdict, VERDICT_UNSAFE_PATH);
	assert_int_equal(fat_tree_add(&t, "huge", false, FAT_FILE_MAX + 1, NULL, &e), -1);
	assert_int_equal(e.verdict, VERDICT_TOO_LARGE);
	fat_tree_free(&t);
}

static void expect_add(struct fat_tree *t, const char *path, bool dir, uint32_t parent, uint32_t wanted)
{
	uint32_t node = FAT_NONE;

	assert_int_equal(fat_tree_add(t, path, dir, 0, &node, NULL), 0);
	assert_int_equal(node, wanted);
	assert_int_equal(t->nodes[node].parent, parent);
}

/* Walks do not all begin at the root: what they skip must be what they would have gone through. */
static void paths_find_their_directories(void **state)
{
	static const char *const bad[] = {"a/b/C", "a/B/d", "A/b/c2", "a/b/c", "a/b/c/d", "a/b/", "a/b//e", "a"};
	struct err e = {0};
	struct fat_tree t;

	(void)state;
	assert_int_equal(fat_tree_init(&t, &e), 0);
	expect_add(&t, "a/b/c", false, 2, 3);
	expect_add(&t, "a/b/d", false, 2, 4);
	expect_add(&t, "a/bc/d", false, 5, 6);
	expect_add(&t, "a/b", true, 1, 2);
	expect_add(&t, "b", false, 0, 7);
	expect_add(&t, "a/b/deep/er/x", false, 9, 10);
	expect_add(&t, "a/b/deep/er", true, 8, 9);
	expect_add(&t, "a/b/deep/x", false, 8, 11);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(fat_tree_add(&t, bad[i], false, 0, NULL, &e), -1);
		assert_int_equal(e.verdict, VERDICT_UNSAFE_PATH);
	}
	fat_tree_free(&t);
}

static void the_mbr(void **state)
{
	unsigned char mbr[MBR_SIZE];
	uint32_t start;

	(void)state;
	mbr_build(mbr, 2048, 1046528, MBR_FAT32, 0x01020304);
	assert_true(mbr_start(&start, mbr));
	assert_int_equal(start, 2048);
	assert_int_equal(mbr[446], 0x80);
	assert_int_equal(mbr[450], 0x0c);
	assert_int_equal(bytes_le32(mbr + 458), 1046528);
	assert_memory_equal(mbr + 447, ((unsigned char[]){32, 33, 0}), 3); /* cylinder 0, head 32, sector 33: as fdisk says */
	mbr[511] = 0;
	assert_false(mbr_start(&start, mbr));
}

static void a_note(void **state)
{
	struct card_note note = {.board = "zynq-s9", .size = 1 << 29, .manifest = 5000, .manifest_at = 1 << 21, .signatures = 300, .signatures_at = 3 << 20, .bundle = 99999, .bundle_at = 4 << 20},
			 again;
	unsigned char bytes[CARD_NOTE_SIZE], spoilt[CARD_NOTE_SIZE];
	struct err e = {0};

	(void)state;
	memset(note.recipe, 7, sizeof note.recipe);
	card_note_put(bytes, &note);
	assert_int_equal(card_note_take(&again, bytes, &e), 0);
	assert_string_equal(again.board, note.board);
	assert_int_equal(again.bundle_at, note.bundle_at);
	/* Whatever is accepted has one spelling. */
	for (size_t i = 0; i < CARD_NOTE_SIZE; i++) {
		for (unsigned bit = 1; bit < 256; bit *= 2) {
			memcpy(spoilt, bytes, sizeof spoilt);
			spoilt[i] = (unsigned char)(spoilt[i] ^ bit);
			if (card_note_take(&again, spoilt, &e) == 0) {
				unsigned char put[CARD_NOTE_SIZE];

				card_note_put(put, &again);
				assert_memory_equal(put, spoilt, sizeof put);
			} else {
				assert_true(e.verdict == VERDICT_NOT_A_BUNDLE || e.verdict == VERDICT_TOO_LARGE);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_cannot_be), cmocka_unit_test(names_that_are_one), cmocka_unit_test(aliases),
		cmocka_unit_test(times),                cmocka_unit_test(geometry),           cmocka_unit_test(paths_find_their_directories), cmocka_unit_test(the_mbr),
		cmocka_unit_test(a_note),
	};

	return cmocka_run_group_tests_name("fat", tests, NULL, NULL);
}
