/* SPDX-License-Identifier: ISC */
/* The device file: what it may say, and that nothing else passes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "verifier/device.h"

#define HEAD "board zynq-s9 2\nproduct miner\nstate /var/lib/firmseal\n"
#define KEY "keyring /etc/release.pub\n"
#define SLOT "slot kernel file:/boot/uImage\n"
#define TREE "slot root dir:/srv/root\n"

static int keys_named;

static int count_key(struct device *d, const char *path, struct err *e)
{
	(void)d;
	(void)e;
	assert_string_equal(path, "/etc/release.pub");
	keys_named++;
	return 0;
}

static int parse(struct device *d, const char *text, struct err *e)
{
	*e = (struct err){0};
	return device_parse(d, "device", text, strlen(text), count_key, e);
}

static void a_whole_file_is_read(void **state)
{
	struct device d;
	struct err e;

	(void)state;
	keys_named = 0;
	assert_int_equal(parse(&d, "# comment\n\n" HEAD KEY SLOT "slot root dir:/srv/root\ndialect json\nhooks on\nboot none\n"
			       "max-upload 1000\nmin-rate 5\nmax-time 7\nsettings etc/a.conf\nsettings b\n"
			       "reboot /sbin/reboot -d 3", &e), 0);
	assert_string_equal(d.board, "zynq-s9");
	assert_int_equal(d.revision, 2);
	assert_string_equal(d.state, "/var/lib/firmseal");
	assert_int_equal(d.nslots, 2);
	assert_string_equal(d.slots[1].target[SIDE_A], "dir:/srv/root");
	assert_int_equal(d.dialect, DIALECT_JSON);
	assert_true(d.hooks);
	assert_int_equal(d.max_upload, 1000);
	assert_int_equal(d.min_rate, 5);
	assert_int_equal(d.max_time, 7);
	assert_int_equal(d.nsettings, 2);
	assert_string_equal(d.settings[0], "etc/a.conf");
	assert_string_equal(d.settings[1], "b");
	assert_int_equal(d.nreboot, 3);
	assert_memory_equal(d.reboot, "/sbin/reboot\0-d\0" "3", 18);
	assert_int_equal(keys_named, 1);
	assert_int_equal(parse(&d, HEAD KEY SLOT, &e), 0);
	assert_false(d.hooks); /* off unless asked for */
	assert_int_equal(d.dialect, DIALECT_HTML);
	assert_true(d.max_upload == DEVICE_UPLOAD_DEFAULT);
	assert_int_equal(d.nsettings, 0);
	assert_int_equal(d.nreboot, 0);
}

static void all_else_is_refused(void **state)
{
	static const char *const bad[] = {
		"", HEAD, HEAD KEY, HEAD SLOT, "board zynq-s9 2\nproduct miner\n" KEY SLOT,
		HEAD KEY SLOT "hooks maybe\n", HEAD KEY SLOT "hooks on\nhooks on\n", HEAD KEY SLOT "unknown x\n",
		HEAD KEY SLOT " dialect json\n", HEAD KEY SLOT "dialect  json\n", HEAD KEY SLOT "dialect xml\n",
		HEAD KEY SLOT "boot magic\n", HEAD KEY SLOT SLOT, HEAD KEY "slot k/x file:/a\n", HEAD KEY "slot k file:a\n",
		HEAD KEY "slot k file:/\n", HEAD KEY "slot k dir:/a/\n", HEAD KEY "slot k tape:/a\n", HEAD KEY "slot k\n",
		HEAD KEY "slot a dir:/a\nslot b dir:/b\n", HEAD KEY SLOT "max-upload lots\n", HEAD KEY SLOT "min-rate -1\n", HEAD KEY SLOT "max-time 0\n", HEAD KEY SLOT "dialect json\r\n",
		HEAD KEY SLOT "dialect js\ton\n", "board zynq-s9 two\nproduct miner\nstate /s\n" KEY SLOT,
		"board zynq-s9 2\nproduct miner\nstate s\n" KEY SLOT,
		HEAD KEY SLOT "settings a\n" /* no tree to carry it in */, HEAD KEY TREE "settings /etc/a\n", HEAD KEY TREE "settings ../a\n",
		HEAD KEY TREE "settings a/../b\n", HEAD KEY TREE "settings a//b\n", HEAD KEY TREE "settings a/\n",
		HEAD KEY TREE "settings .\n", HEAD KEY TREE "settings a b\n", HEAD KEY TREE "settings a\nsettings a\n",
		HEAD KEY TREE "settings\n", HEAD KEY SLOT "reboot\n", HEAD KEY SLOT "reboot reboot\n",
		HEAD KEY SLOT "reboot /r\nreboot /r\n", HEAD KEY SLOT "reboot /r 1 2 3 4 5 6 7 8\n",
	};
	struct device d;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (parse(&d, bad[i], &e) == 0 || e.verdict != VERDICT_USAGE)
			fail_msg("case %zu: %s: %s", i, verdict_word(e.verdict), e.message);
		assert_memory_equal(e.message, "device", 6); /* it says which file */
	}
}

static void no_more_settings_than_there_is_room_for(void **state)
{
	char text[2048] = HEAD KEY TREE;
	struct device d;
	struct err e;

	(void)state;
	for (int i = 0; i <= DEVICE_SETTINGS_MAX; i++) {
		assert_int_equal(parse(&d, text, &e), 0);
		snprintf(text + strlen(text), sizeof text - strlen(text), "settings s%d\n", i);
	}
	assert_int_equal(parse(&d, text, &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
}

/* "/r", the word, and a NUL each: 508 bytes fit, one more does not. */
static void words_of_reboot_fit_or_are_refused(void **state)
{
	char text[1024], word[DEVICE_TARGET_MAX];
	struct device d;
	struct err e;

	(void)state;
	for (size_t n = DEVICE_TARGET_MAX - 4; n < DEVICE_TARGET_MAX - 2; n++) {
		memset(word, 'x', n);
		word[n] = '\0';
		snprintf(text, sizeof text, HEAD KEY SLOT "reboot /r %s\n", word);
		assert_int_equal(parse(&d, text, &e), n == DEVICE_TARGET_MAX - 4 ? 0 : -1);
	}
	assert_int_equal(e.verdict, VERDICT_USAGE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_file_is_read),
		cmocka_unit_test(all_else_is_refused),
		cmocka_unit_test(no_more_settings_than_there_is_room_for),
		cmocka_unit_test(words_of_reboot_fit_or_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
