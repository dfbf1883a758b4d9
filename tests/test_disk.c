/* SPDX-License-Identifier: ISC */
/* flasher/disk and flasher/sysfs: what is no disk, what a confirmation takes, attributes and their oddities. Trees like the kernel's are the
 * matter of tests/disks.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flasher/disk.h"
#include "flasher/sysfs.h"

static int enter(void **state)
{
	static char dir[] = "/tmp/firmseal-test.XXXXXX";

	*state = mkdtemp(dir);
	return *state && chdir(dir) == 0 ? 0 : -1;
}

static int leave(void **state)
{
	(void)state;
	return unlink("attribute") == 0 && chdir("/") == 0 && rmdir(*state) == 0 ? 0 : -1;
}

static void put(const char *text)
{
	FILE *f = fopen("attribute", "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void attributes_are_one_printable_line(void **state)
{
	char out[16];

	(void)state;
	put("  USB \x1b[31mDISK  \nmore\n");
	assert_int_equal(sysfs_text(AT_FDCWD, "attribute", out, sizeof out), 0);
	assert_string_equal(out, "USB ?[31mDISK");
	put("a text that is longer than that\n");
	assert_int_equal(sysfs_text(AT_FDCWD, "attribute", out, sizeof out), 0);
	assert_string_equal(out, "a text that is");
	put("");
	assert_int_equal(sysfs_text(AT_FDCWD, "attribute", out, sizeof out), 0);
	assert_string_equal(out, "");
	assert_int_equal(sysfs_text(AT_FDCWD, "missing", out, sizeof out), -1);
}

static void numbers_are_numbers(void **state)
{
	static const char *const bad[] = {"", "-1", "0x10", "1 2", "99999999999999999999", "x"};
	uint64_t n;

	(void)state;
	put("31116288\n");
	assert_int_equal(sysfs_number(AT_FDCWD, "attribute", &n), 0);
	assert_int_equal(n, 31116288);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		put(bad[i]);
		assert_int_equal(sysfs_number(AT_FDCWD, "attribute", &n), -1);
		assert_int_equal(errno, EINVAL);
	}
}

static void a_name_is_no_path(void **state)
{
	(void)state;
	assert_int_equal(sysfs_block("/sys", "../../etc"), -1);
	assert_int_equal(sysfs_block("/sys", "."), -1);
	assert_int_equal(sysfs_block("/sys", ""), -1);
}

static void what_is_no_disk_is_not_opened(void **state)
{
	struct err e = {0};
	struct disk d;

	(void)state;
	put("");
	assert_false(disk_is_device("attribute"));
	assert_false(disk_is_device("not-there-yet.img"));
	assert_true(disk_is_device("/dev/not-there"));
	assert_true(disk_is_device("/dev/null"));
	assert_true(disk_is_device("/tmp"));
	assert_int_equal(disk_open(&d, "/dev/null", DISK_MOST_DEFAULT, -1, &e), -1);
	assert_int_equal(e.verdict, VERDICT_UNSAFE_TARGET);
	assert_int_equal(disk_open(&d, "/dev/firmseal-not-there", DISK_MOST_DEFAULT, -1, &e), -1);
	assert_int_equal(e.verdict, VERDICT_UNSAFE_TARGET);
	assert_int_equal(verdict_status(e.verdict), STATUS_UNSAFE_TARGET);
}

static void only_the_whole_serial_confirms(void **state)
{
	struct disk d = {.name = "sdx", .serial = "000000264001", .fd = -1};
	struct err e = {0};

	(void)state;
	assert_int_equal(disk_confirm(&d, "000000264001", &e), 0);
	assert_int_equal(disk_confirm(&d, "4001", &e), -1);
	assert_int_equal(e.verdict, VERDICT_UNSAFE_TARGET);
	assert_int_equal(disk_confirm(&d, "", &e), -1);
	assert_int_equal(disk_confirm(&d, "000000264001 ", &e), -1);
}

static void a_descriptor_of_something_else_is_not_the_disk(void **state)
{
	struct disk d = {.name = "sdx", .major = 8, .minor = 16, .fd = open("/dev/null", O_RDWR | O_CLOEXEC)};
	struct err e = {0};

	(void)state;
	assert_true(d.fd >= 0);
	assert_int_equal(disk_same(&d, &e), -1);
	assert_int_equal(e.verdict, VERDICT_UNSAFE_TARGET);
	disk_close(&d);
	assert_int_equal(d.fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes_are_one_printable_line),
		cmocka_unit_test(numbers_are_numbers),
		cmocka_unit_test(a_name_is_no_path),
		cmocka_unit_test(what_is_no_disk_is_not_opened),
		cmocka_unit_test(only_the_whole_serial_confirms),
		cmocka_unit_test(a_descriptor_of_something_else_is_not_the_disk),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
