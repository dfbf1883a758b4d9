/* SPDX-License-Identifier: ISC */
/* Files that appear whole or not at all, and never in the place of something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"

/* Every test works in a fresh directory, which is the current one. */
static int enter(void **state)
{
	static char name[64];

	memcpy(name, "/tmp/firmseal-io.XXXXXX", sizeof "/tmp/firmseal-io.XXXXXX");
	*state = name;
	return mkdtemp(name) && chdir(name) == 0 ? 0 : -1;
}

static int leave(void **state)
{
	static const char *const made[] = {"file", "link", "other", "fifo", "dir"};

	for (size_t i = 0; i < sizeof made / sizeof *made; i++)
		(void)remove(made[i]);
	return chdir("/") == 0 && rmdir(*state) == 0 ? 0 : -1; /* which fails when anything else was left behind */
}

static void expect_content(const char *name, const char *want)
{
	char *text = NULL;
	size_t len = 0;

	assert_int_equal(io_read_file(&text, &len, name, 1000, NULL), 0);
	assert_int_equal(len, strlen(want));
	assert_string_equal(text, want);
	free(text);
}

static void a_file_is_made_and_replaced(void **state)
{
	struct stat st;

	(void)state;
	umask(022);
	assert_int_equal(io_write_new("file", "one", 3, 0666, true, NULL), 0);
	expect_content("file", "one");
	assert_int_equal(stat("file", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(io_write_new("./file", "second", 6, 0600, false, NULL), 0);
	expect_content("file", "second");
	assert_int_equal(stat("file", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void another_is_kept_when_asked(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(io_write_new("file", "one", 3, 0644, true, NULL), 0);
	assert_int_equal(io_write_new("file", "two", 3, 0644, true, &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
	expect_content("file", "one");
}

static void what_is_discarded_was_never_there(void **state)
{
	struct io_new f;

	(void)state;
	assert_int_equal(io_new_open(&f, "file", 0644, NULL), 0);
	assert_int_equal(io_write_all(f.fd, "half", 4), 0);
	assert_int_equal(access("file", F_OK), -1);
	io_new_discard(&f);
	io_new_discard(&f);
	assert_int_equal(access("file", F_OK), -1);
}

/* A rename would replace each of these, too: root's /dev/null among them. */
static void only_files_are_replaced(void **state)
{
	static const char *const others[] = {"link", "fifo", "dir", "/dev/null"};
	struct stat before, after;
	struct err e = {0};

	(void)state;
	assert_int_equal(io_write_new("other", "one", 3, 0644, true, NULL), 0);
	assert_int_equal(symlink("other", "link"), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(mkdir("dir", 0700), 0);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		struct io_new f;

		assert_int_equal(lstat(others[i], &before), 0);
		assert_int_equal(io_new_open(&f, others[i], 0644, &e), -1);
		assert_int_equal(e.verdict, VERDICT_USAGE);
		assert_int_equal(lstat(others[i], &after), 0);
		assert_true(before.st_ino == after.st_ino && before.st_mode == after.st_mode);
	}
	expect_content("other", "one");
}

static void names_that_name_no_file(void **state)
{
	static const char *const bad[] = {"", ".", "..", "dir/", "/", "dir/.."};
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(io_write_new(bad[i], "x", 1, 0644, false, &e), -1);
		assert_int_equal(e.verdict, VERDICT_USAGE);
	}
	assert_int_equal(io_write_new("nowhere/file", "x", 1, 0644, false, &e), -1);
	assert_int_equal(e.verdict, VERDICT_SYSTEM);
}

static void a_private_file_is_its_owners(void **state)
{
	static const struct {
		mode_t mode;
		int rc;
	} rows[] = {{0600, 0}, {0400, 0}, {0700, 0}, {0640, -1}, {0620, -1}, {0610, -1}, {0604, -1}, {0602, -1}, {0601, -1}, {0644, -1}};
	struct err e;
	int fd;

	(void)state;
	assert_int_equal(io_write_new("file", "secret", 6, 0600, true, NULL), 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(chmod("file", rows[i].mode), 0);
		e = (struct err){VERDICT_OK, ""};
		fd = io_open_private("file", IO_NOT_OWNERS, &e);
		assert_int_equal(fd < 0 ? -1 : 0, rows[i].rc);
		if (fd >= 0) {
			close(fd);
			continue;
		}
		assert_int_equal(e.verdict, VERDICT_USAGE);
		assert_non_null(strstr(e.message, "chmod 600 file"));
	}
	assert_int_equal(chmod("file", 0440), 0); /* as systemd gives a service's user leave */
	fd = io_open_private("file", 037, &e);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(io_open_private("fifo", IO_NOT_OWNERS, &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
	assert_int_equal(io_open_private("nowhere", IO_NOT_OWNERS, &e), -1);
	assert_int_equal(e.verdict, VERDICT_SYSTEM);
	if (geteuid() != 0)
		return; /* only root can give a file away */
	assert_int_equal(chmod("file", 0600), 0);
	assert_int_equal(chown("file", 12345, (gid_t)-1), 0);
	assert_int_equal(io_open_private("file", IO_NOT_OWNERS, &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
	assert_non_null(strstr(e.message, "uid 12345"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_is_made_and_replaced, enter, leave),
		cmocka_unit_test_setup_teardown(another_is_kept_when_asked, enter, leave),
		cmocka_unit_test_setup_teardown(what_is_discarded_was_never_there, enter, leave),
		cmocka_unit_test_setup_teardown(only_files_are_replaced, enter, leave),
		cmocka_unit_test_setup_teardown(names_that_name_no_file, enter, leave),
		cmocka_unit_test_setup_teardown(a_private_file_is_its_owners, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
