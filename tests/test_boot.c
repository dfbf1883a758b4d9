/* SPDX-License-Identifier: ISC */
/* The boot record: what a boot loader may have written is understood, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "verifier/boot.h"

static void what_is_made_is_read(void **state)
{
	static const struct boot_state states[] = {
		{.side = SIDE_A}, {.side = SIDE_B, .trial = true}, {.side = SIDE_A, .trial = true, .tries = UINT32_MAX}};
	unsigned char bytes[BOOT_RECORD_SIZE];
	struct boot_state s;

	(void)state;
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		boot_record_make(bytes, &states[i]);
		assert_int_equal(boot_record_parse(&s, bytes), 0);
		assert_int_equal(s.side, states[i].side);
		assert_int_equal(s.trial, states[i].trial);
		assert_int_equal(s.tries, states[i].tries);
	}
}

/* Known from elsewhere: Python's zlib. */
static void the_checksum_is_the_usual_one(void **state)
{
	static const unsigned char crc[] = {0xa7, 0xe4, 0x57, 0xe1};
	unsigned char bytes[BOOT_RECORD_SIZE];

	(void)state;
	boot_record_make(bytes, &(struct boot_state){.side = SIDE_B, .trial = true, .tries = 2});
	assert_memory_equal(bytes + BOOT_RECORD_SIZE - 4, crc, 4);
}

static void no_bit_is_free(void **state)
{
	unsigned char bytes[BOOT_RECORD_SIZE];
	struct boot_state s;

	(void)state;
	boot_record_make(bytes, &(struct boot_state){.side = SIDE_B, .trial = true, .tries = 2});
	for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_int_equal(boot_record_parse(&s, bytes), -1);
		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	for (size_t n = 1; n < sizeof bytes; n++) { /* torn: the rest is of a blank sector */
		unsigned char torn[BOOT_RECORD_SIZE];

		memset(torn, 0xff, sizeof torn);
		memcpy(torn, bytes, n);
		assert_int_equal(boot_record_parse(&s, torn), -1);
	}
	memset(bytes, 0, sizeof bytes);
	assert_int_equal(boot_record_parse(&s, bytes), -1);
}

/* Which side runs, when nobody says: what starts next, unless it has not been started yet. */
static void what_runs_follows_from_the_record(void **state)
{
	struct device d = {.two_sided = true, .proc = "/nowhere", .state = "/nowhere"};

	(void)state;
	assert_int_equal(boot_running(&d, &(struct boot_state){.side = SIDE_B}), SIDE_B);
	assert_int_equal(boot_running(&d, &(struct boot_state){.side = SIDE_B, .trial = true}), SIDE_A);
	assert_int_equal(boot_running(&d, &(struct boot_state){.side = SIDE_B, .trial = true, .tries = 1}), SIDE_B);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_made_is_read),
		cmocka_unit_test(the_checksum_is_the_usual_one),
		cmocka_unit_test(no_bit_is_free),
		cmocka_unit_test(what_runs_follows_from_the_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
