/* SPDX-License-Identifier: ISC */
/* Patience with clients: who is slow and honest is waited for, who is as good as dead is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "verifier/upload.h"

static int ends[2];

static int open_pipe(void **state)
{
	(void)state;
	return pipe(ends);
}

static int close_pipe(void **state)
{
	(void)state;
	close(ends[0]);
	if (ends[1] >= 0)
		close(ends[1]);
	return 0;
}

static void say(const char *text)
{
	assert_int_equal(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
}

/* Reads once: the verdict. */
static enum verdict hear(struct upload *u, size_t *got)
{
	struct err e = {.verdict = VERDICT_OK};
	char buf[64];

	(void)u->base.read(&u->base, buf, sizeof buf, got, &e);
	return e.verdict;
}

static void no_more_than_was_promised_is_read(void **state)
{
	struct upload u;
	size_t got;

	(void)state;
	upload_init(&u, ends[0], 5, 1, 10);
	say("hello and more");
	assert_int_equal(hear(&u, &got), VERDICT_OK);
	assert_int_equal(got, 5);
	assert_int_equal(hear(&u, &got), VERDICT_OK); /* the end, and no wait for it */
	assert_int_equal(got, 0);
}

static void hanging_up_is_no_end(void **state)
{
	struct upload u;
	size_t got;

	(void)state;
	upload_init(&u, ends[0], 6, 1, 10);
	say("hello");
	close(ends[1]);
	ends[1] = -1;
	assert_int_equal(hear(&u, &got), VERDICT_OK);
	assert_int_equal(hear(&u, &got), VERDICT_TRUNCATED);
	assert_true(u.gone);
}

/* Two windows of 50 ms in which a byte comes, of 10 that are due: the second is cut short. */
static void below_the_floor_is_dropped(void **state)
{
	struct upload u;
	size_t got;

	(void)state;
	upload_init(&u, ends[0], 1000, 1, 10);
	u.window_ms = 50;
	u.due = 10;
	say("a");
	assert_int_equal(hear(&u, &got), VERDICT_OK);
	assert_int_equal(hear(&u, &got), VERDICT_TRUNCATED); /* nothing comes */
	assert_true(u.gone);
	upload_init(&u, ends[0], 1000, 1, 10);
	u.window_ms = 50;
	u.due = 10;
	u.waited_ms = 49;
	say("0123456789");
	assert_int_equal(hear(&u, &got), VERDICT_OK); /* what is due renews the window */
	assert_int_equal(u.waited_ms, 0);
}

static void beyond_the_ceiling_is_dropped(void **state)
{
	struct upload u;
	size_t got;

	(void)state;
	upload_init(&u, ends[0], 1000, 0, 1);
	u.left_ms = 30;
	say("a");
	assert_int_equal(hear(&u, &got), VERDICT_OK);
	assert_int_equal(hear(&u, &got), VERDICT_TRUNCATED);
	assert_true(u.gone);
	assert_true(u.left_ms <= 0);
}

static void draining_is_bounded(void **state)
{
	struct upload u;

	(void)state;
	upload_init(&u, ends[0], 1000, 1, 10);
	say("0123456789");
	upload_drain(&u, 4, 1000);
	assert_true(u.base.left == 996);
	upload_drain(&u, 1000, 20); /* in time, too: nobody hangs up here */
	assert_true(u.base.left == 990);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_more_than_was_promised_is_read, open_pipe, close_pipe),
		cmocka_unit_test_setup_teardown(hanging_up_is_no_end, open_pipe, close_pipe),
		cmocka_unit_test_setup_teardown(below_the_floor_is_dropped, open_pipe, close_pipe),
		cmocka_unit_test_setup_teardown(beyond_the_ceiling_is_dropped, open_pipe, close_pipe),
		cmocka_unit_test_setup_teardown(draining_is_bounded, open_pipe, close_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
