/* SPDX-License-Identifier: ISC */
/* Targets as text, and flash with bad and worn blocks: a flash in memory that behaves as the kernel's does, and worse. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/raw_image.h"
#include "verifier/mtd.h"

enum { ERASE = 4096, PAGE = 512, BLOCKS = 8 };

/* A NAND flash. A page may be written once between erasures, in order, as on the real ones. */
struct fake {
	struct mtd base;
	unsigned char bytes[BLOCKS * ERASE];
	bool bad[BLOCKS], worn_at_erase[BLOCKS], worn_at_write[BLOCKS], rots[BLOCKS], cannot_mark;
	unsigned erased[BLOCKS];
	size_t next_page[BLOCKS];
	int writes_left;       /* until the power goes; -1: it stays */
	int open;
};
static struct fake flash;

static int fake_is_bad(struct mtd *m, uint64_t at, bool *bad)
{
	*bad = ((struct fake *)m)->bad[at / ERASE];
	return 0;
}

static int fake_mark_bad(struct mtd *m, uint64_t at)
{
	struct fake *f = (struct fake *)m;

	if (f->cannot_mark) {
		errno = EOPNOTSUPP;
		return -1;
	}
	f->bad[at / ERASE] = true;
	return 0;
}

static int fake_erase(struct mtd *m, uint64_t at)
{
	struct fake *f = (struct fake *)m;

	assert_int_equal(at % ERASE, 0);
	assert_false(f->bad[at / ERASE]); /* never touch the factory's marks */
	f->erased[at / ERASE]++;
	if (f->worn_at_erase[at / ERASE]) {
		errno = EIO;
		return -1;
	}
	memset(f->bytes + at, 0xff, ERASE);
	f->next_page[at / ERASE] = 0;
	return 0;
}

static int fake_write(struct mtd *m, uint64_t at, const unsigned char *data, size_t len)
{
	struct fake *f = (struct fake *)m;
	size_t block = at / ERASE, page = at % ERASE / PAGE;

	assert_int_equal(at % PAGE, 0);
	assert_int_equal(len, PAGE);
	assert_false(f->bad[block]);
	assert_true(page >= f->next_page[block]); /* in order, and each once */
	f->next_page[block] = page + 1;
	if (f->writes_left == 0) { /* torn */
		memcpy(f->bytes + at, data, len / 2);
		errno = ENODEV;
		return -1;
	}
	f->writes_left -= f->writes_left > 0;
	if (f->worn_at_write[block] && page == 2) {
		errno = EIO;
		return -1;
	}
	memcpy(f->bytes + at, data, len);
	if (f->rots[block])
		f->bytes[at] ^= 1;
	return 0;
}

static int fake_read(struct mtd *m, uint64_t at, unsigned char *buf, size_t len)
{
	memcpy(buf, ((struct fake *)m)->bytes + at, len);
	return 0;
}

static void fake_close(struct mtd *m)
{
	((struct fake *)m)->open--;
}

static int fresh_flash(void **state)
{
	(void)state;
	memset(&flash, 0, sizeof flash);
	memset(flash.bytes, 0x5a, sizeof flash.bytes); /* an older image */
	flash.base = (struct mtd){.size = sizeof flash.bytes, .erase = ERASE, .page = PAGE, .nand = true, .is_bad = fake_is_bad,
				  .mark_bad = fake_mark_bad, .erase_block = fake_erase, .write = fake_write, .read = fake_read, .close = fake_close};
	flash.writes_left = -1;
	return 0;
}

static struct copy region(uint64_t offset, uint64_t length)
{
	return (struct copy){.kind = COPY_MTD, .text = "mtd:/dev/mtd0", .path = "/dev/mtd0", .offset = offset, .length = length};
}

static int open_region(struct raw **r, uint64_t offset, uint64_t length, struct err *e)
{
	struct copy c = region(offset, length);

	*e = (struct err){0};
	flash.open++;
	return raw_mtd_on(r, &flash.base, &c, e);
}

static unsigned char image[BLOCKS * ERASE];

static void an_image_fills_its_region_and_no_more(void **state)
{
	struct raw *r = NULL;
	struct err e;

	(void)state;
	make_image(image, sizeof image);
	assert_int_equal(open_region(&r, ERASE, 4 * ERASE, &e), 0);
	assert_int_equal(r->capacity, 4 * ERASE);
	assert_int_equal(write_image(r, image, ERASE + 1000, &e), 0);
	raw_close(&r);
	assert_int_equal(flash.open, 0);
	assert_memory_equal(flash.bytes + ERASE, image, ERASE + 1000);
	assert_int_equal(flash.bytes[0], 0x5a);                 /* before the region */
	assert_int_equal(flash.bytes[5 * ERASE], 0x5a);         /* and behind it */
	for (size_t i = 2 * ERASE + 1000; i < 5 * ERASE; i++)
		assert_int_equal(flash.bytes[i], 0xff);         /* nothing is left of the older one */
}

static void bad_blocks_are_skipped_and_counted(void **state)
{
	unsigned char hash[HASH_SIZE], found[HASH_SIZE];
	struct raw *r = NULL;
	struct err e;

	(void)state;
	make_image(image, sizeof image);
	flash.bad[0] = flash.bad[2] = true;
	assert_int_equal(open_region(&r, 0, 4 * ERASE, &e), 0);
	assert_int_equal(r->capacity, 2 * ERASE);
	assert_int_equal(raw_begin(r, 2 * ERASE + 1, &e), -1);
	assert_int_equal(e.verdict, VERDICT_TOO_LARGE);
	for (size_t i = 0; i < BLOCKS; i++)
		assert_int_equal(flash.erased[i], 0);           /* refused before anything was erased */
	assert_int_equal(write_image(r, image, 2 * ERASE, &e), 0);
	raw_close(&r);
	assert_memory_equal(flash.bytes + ERASE, image, ERASE);
	assert_memory_equal(flash.bytes + 3 * ERASE, image + ERASE, ERASE);
	assert_int_equal(flash.bytes[0], 0x5a);
	assert_int_equal(flash.bytes[2 * ERASE], 0x5a);
	assert_int_equal(open_region(&r, 0, 4 * ERASE, &e), 0); /* who reads later finds the same */
	hash_buffer(hash, image, 2 * ERASE);
	assert_int_equal(raw_hash(r, 2 * ERASE, found, &e), 0);
	assert_memory_equal(hash, found, HASH_SIZE);
	raw_close(&r);
}

static void a_worn_block_is_marked_and_passed_over(void **state)
{
	struct raw *r = NULL;
	struct err e;

	(void)state;
	make_image(image, sizeof image);
	flash.worn_at_erase[0] = flash.worn_at_write[2] = flash.worn_at_erase[5] = true;
	assert_int_equal(open_region(&r, 0, 0, &e), 0);
	assert_int_equal(write_image(r, image, 2 * ERASE + 10, &e), 0);
	raw_close(&r);
	assert_true(flash.bad[0] && flash.bad[2] && flash.bad[5]);
	assert_memory_equal(flash.bytes + ERASE, image, ERASE);
	assert_memory_equal(flash.bytes + 3 * ERASE, image + ERASE, ERASE);
	assert_memory_equal(flash.bytes + 4 * ERASE, image + 2 * ERASE, 10);
}

/* What stood behind the worn block has moved up; nothing may be left of it at the end of the list, which is erased behind an image. */
static void a_worn_block_leaves_the_last_one_to_the_image(void **state)
{
	struct raw *r = NULL;
	struct err e;

	(void)state;
	make_image(image, sizeof image);
	flash.worn_at_erase[1] = true;
	assert_int_equal(open_region(&r, 0, 4 * ERASE, &e), 0);
	assert_int_equal(write_image(r, image, 3 * ERASE, &e), 0);
	assert_int_equal(r->capacity, 3 * ERASE);
	raw_close(&r);
	assert_memory_equal(flash.bytes + 2 * ERASE, image + ERASE, 2 * ERASE);
	assert_int_equal(flash.erased[3], 1);
	fresh_flash(NULL);
	flash.worn_at_erase[3] = true;                          /* behind the image: nobody asks for it again */
	assert_int_equal(open_region(&r, 0, 4 * ERASE, &e), 0);
	assert_int_equal(write_image(r, image, 3 * ERASE, &e), 0);
	raw_close(&r);
	assert_true(flash.bad[3]);
	assert_int_equal(flash.erased[3], 1);
}

static void too_many_worn_blocks_are_told(void **state)
{
	struct raw *r = NULL;
	struct err e;

	(void)state;
	make_image(image, sizeof image);
	flash.worn_at_write[1] = true;
	assert_int_equal(open_region(&r, 0, 2 * ERASE, &e), 0);
	assert_int_equal(write_image(r, image, 2 * ERASE, &e), -1);
	assert_int_equal(e.verdict, VERDICT_SYSTEM);
	assert_non_null(strstr(e.message, "worn"));
	raw_close(&r);
	assert_int_equal(flash.bytes[2 * ERASE], 0x5a);         /* what lies behind is another's */
	fresh_flash(NULL);
	flash.worn_at_write[0] = flash.cannot_mark = true;
	assert_int_equal(open_region(&r, 0, 2 * ERASE, &e), 0);
	assert_int_equal(write_image(r, image, 10 + 2 * PAGE, &e), -1);
	assert_int_equal(e.verdict, VERDICT_SYSTEM);
	raw_close(&r);
}

static void what_reads_back_otherwise_is_told(void **state)
{
	struct raw *r = NULL;
	struct err e;

	(void)state;
	make_image(image, sizeof image);
	flash.rots[1] = true;
	assert_int_equal(open_region(&r, 0, 0, &e), 0);
	assert_int_equal(write_image(r, image, ERASE, &e), 0);
	assert_int_equal(write_image(r, image, ERASE + 1, &e), -1);
	assert_int_equal(e.verdict, VERDICT_SYSTEM);
	assert_non_null(strstr(e.message, "reads back"));
	raw_close(&r);
}

static void a_torn_write_is_no_worn_block(void **state)
{
	struct raw *r = NULL;
	struct err e;

	(void)state;
	make_image(image, sizeof image);
	for (int n = 0; n < 12; n++) {
		fresh_flash(NULL);
		flash.writes_left = n;
		assert_int_equal(open_region(&r, 0, 2 * ERASE, &e), 0);
		assert_int_equal(write_image(r, image, 2 * ERASE, &e), -1);
		assert_int_equal(e.verdict, VERDICT_SYSTEM);
		raw_close(&r);
		for (size_t i = 0; i < BLOCKS; i++)
			assert_false(flash.bad[i]);
		flash.writes_left = -1;
		assert_int_equal(open_region(&r, 0, 2 * ERASE, &e), 0); /* and again */
		assert_int_equal(write_image(r, image, 2 * ERASE, &e), 0);
		raw_close(&r);
	}
}

static void pages_of_nothing_stay_erased(void **state)
{
	struct raw *r = NULL;
	struct err e;

	(void)state;
	make_image(image, sizeof image);
	memset(image + 6 * PAGE, 0xff, 2 * PAGE);
	assert_int_equal(open_region(&r, 0, 0, &e), 0);
	assert_int_equal(write_image(r, image, ERASE, &e), 0);
	assert_int_equal(flash.next_page[0], 6);
	raw_close(&r);
}

static void odd_regions_are_refused(void **state)
{
	struct raw *r = NULL;
	struct err e;

	(void)state;
	assert_int_equal(open_region(&r, 100, ERASE, &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
	assert_int_equal(open_region(&r, 0, ERASE + PAGE, &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
	assert_int_equal(open_region(&r, sizeof flash.bytes, ERASE, &e), -1);
	assert_int_equal(e.verdict, VERDICT_WRONG_BOARD);
	assert_int_equal(open_region(&r, 4 * ERASE, 5 * ERASE, &e), -1);
	assert_int_equal(e.verdict, VERDICT_WRONG_BOARD);
	assert_int_equal(open_region(&r, ERASE, UINT64_MAX - 100, &e), -1);
	assert_int_equal(e.verdict, VERDICT_WRONG_BOARD);
	assert_int_equal(flash.open, 0);
}

static void targets_are_read_and_all_else_is_refused(void **state)
{
	static const char *const good[] = {"dir:/a", "file:/a@b", "block:/dev/a", "block:/dev/a@0+1", "mtd:/dev/mtd0@0x20000+0x800000",
					   "ubi:/dev/ubi0_1", "mtd:/dev/mtd0@0+131072,mtd:/dev/mtd0@131072+131072,block:/d"};
	static const char *const bad[] = {
		"", ",", "dir", "dir:a", "dir:/", "tape:/a", "block:/a,", ",block:/a", "block:/a,,block:/b", "dir:/a,dir:/b", "file:/a,file:/b",
		"block:/a,file:/b", "block:/a@", "block:/a@1", "block:/a@1+", "block:/a@1+0", "block:/a@-1+1", "block:/a@1+1x", "block:/a@0x+1",
		"block:/a@0xG+1", "block:/a@1234567890123456+1", "block:/@0+1", "mtd:/a@1+2,mtd:/a@"};
	const char *at = "mtd:/dev/mtd0@0x10+0x20,block:/b";
	struct copy c;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (copy_fault(good[i]))
			fail_msg("%s: %s", good[i], copy_fault(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (!copy_fault(bad[i]))
			fail_msg("accepted: %s", bad[i]);
	assert_true(copy_next(&c, &at));
	assert_int_equal(c.kind, COPY_MTD);
	assert_string_equal(c.path, "/dev/mtd0");
	assert_string_equal(c.text, "mtd:/dev/mtd0@0x10+0x20");
	assert_int_equal(c.offset, 16);
	assert_int_equal(c.length, 32);
	assert_true(copy_next(&c, &at));
	assert_int_equal(c.kind, COPY_BLOCK);
	assert_int_equal(c.length, 0);
	assert_false(copy_next(&c, &at));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_are_read_and_all_else_is_refused),
		cmocka_unit_test_setup(an_image_fills_its_region_and_no_more, fresh_flash),
		cmocka_unit_test_setup(bad_blocks_are_skipped_and_counted, fresh_flash),
		cmocka_unit_test_setup(a_worn_block_is_marked_and_passed_over, fresh_flash),
		cmocka_unit_test_setup(a_worn_block_leaves_the_last_one_to_the_image, fresh_flash),
		cmocka_unit_test_setup(too_many_worn_blocks_are_told, fresh_flash),
		cmocka_unit_test_setup(what_reads_back_otherwise_is_told, fresh_flash),
		cmocka_unit_test_setup(a_torn_write_is_no_worn_block, fresh_flash),
		cmocka_unit_test_setup(pages_of_nothing_stay_erased, fresh_flash),
		cmocka_unit_test_setup(odd_regions_are_refused, fresh_flash),
	};
	struct err e = {0};

	if (crypto_init_verify(&e) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
