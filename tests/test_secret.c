/* SPDX-License-Identifier: ISC */
/* Passwords: the first line and not a byte more; and the allocator that wipes. */
#define _GNU_SOURCE /* pipe2 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "flasher/secret.h"
#include "flasher/wipe.h"

/* A pipe that holds TEXT and then ends. */
static int pipe_with(const char *text, size_t len)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], text, len), (ssize_t)len);
	close(fds[1]);
	return fds[0];
}

static void the_first_line_is_taken(void **state)
{
	int fd = pipe_with("p a ss\xc3\xa9\nrest", 13);
	struct secret *s = NULL;
	struct err e = {0};
	char rest[8] = "";

	(void)state;
	assert_int_equal(secret_read(&s, NULL, fd, &e), 0);
	assert_string_equal(secret_text(s), "p a ss\xc3\xa9");
	assert_int_equal(read(fd, rest, sizeof rest), 4);
	assert_string_equal(rest, "rest");
	secret_free(&s);
	assert_null(s);
	secret_free(&s);
	close(fd);
	fd = pipe_with("no newline", 10);
	assert_int_equal(secret_read(&s, NULL, fd, &e), 0);
	assert_string_equal(secret_text(s), "no newline");
	secret_free(&s);
	close(fd);
}

static void other_lines_are_refused(void **state)
{
	static const struct {
		const char *text, *what;
	} bad[] = {{"", "empty"},
		   {"\n", "empty"},
		   {"\nsecond\n", "empty"},
		   {"win\r\n", "control byte"},
		   {"t\tab\n", "control byte"}};
	char long_line[SECRET_MAX + 2];
	struct secret *s = NULL;
	struct err e = {0};
	int fd;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		fd = pipe_with(bad[i].text, strlen(bad[i].text));
		assert_int_equal(secret_read(&s, NULL, fd, &e), -1);
		assert_null(s);
		assert_int_equal(e.verdict, VERDICT_USAGE);
		assert_non_null(strstr(e.message, bad[i].what));
		close(fd);
	}
	memset(long_line, 'x', sizeof long_line);
	fd = pipe_with(long_line, sizeof long_line);
	assert_int_equal(secret_read(&s, NULL, fd, &e), -1);
	assert_non_null(strstr(e.message, "over 1024 bytes"));
	assert_null(strstr(e.message, "xx"));
	close(fd);
	assert_int_equal(secret_read(&s, "/nonexistent/password", -1, &e), -1);
	assert_int_equal(e.verdict, VERDICT_SYSTEM);
	assert_int_equal(secret_read(&s, NULL, fd, &e), -1); /* closed */
	assert_int_equal(e.verdict, VERDICT_SYSTEM);
}

static void memory_behaves_as_usual(void **state)
{
	char *p = wipe_strdup("abc"), *q;
	unsigned char *z = wipe_calloc(3, 5);

	(void)state;
	assert_string_equal(p, "abc");
	assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
	for (int i = 0; i < 15; i++)
		assert_int_equal(z[i], 0);
	q = wipe_realloc(p, 100);
	assert_string_equal(q, "abc");
	q = wipe_realloc(q, 2);
	assert_memory_equal(q, "ab", 2);
	q = wipe_realloc(q, 1 << 20); /* from small to large, and back */
	assert_memory_equal(q, "ab", 2);
	assert_int_equal((uintptr_t)q % _Alignof(max_align_t), 0);
	memset(q + 2, 'x', (1 << 20) - 2);
	q = wipe_realloc(q, 300 << 10);
	assert_int_equal(q[(300 << 10) - 1], 'x');
	q = wipe_realloc(q, 3);
	assert_memory_equal(q, "abx", 3);
	wipe_free(q);
	wipe_free(z);
	wipe_free(NULL);
	q = wipe_realloc(NULL, 1);
	assert_non_null(q);
	wipe_free(q);
	assert_null(wipe_calloc(SIZE_MAX / 2, 3));
	assert_null(wipe_malloc(SIZE_MAX));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_line_is_taken),
		cmocka_unit_test(other_lines_are_refused),
		cmocka_unit_test(memory_behaves_as_usual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
