/* SPDX-License-Identifier: ISC */
/* A shared rate: kept over time, never exceeded, shared alike, and nobody waits for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flasher/bucket.h"

enum { MANY = 100 };

static struct loop *loop;
static struct bucket bucket;
static struct err e;

struct taker {
	struct bucket_waiter waiter;
	uint64_t got, turns, left, last_ms;
};

static struct taker takers[MANY];

static int begin(void **state)
{
	(void)state;
	memset(takers, 0, sizeof takers);
	return loop_open(&loop, LOOP_VIRTUAL, &e);
}

static int end(void **state)
{
	(void)state;
	bucket_close(&bucket);
	loop_free(&loop);
	return 0;
}

/* Takes until it must wait, or has all it wanted. */
static void take(void *owner)
{
	struct taker *t = owner;
	uint64_t n;

	t->turns++;
	t->last_ms = loop_now(loop);
	while (t->left && (n = bucket_take(&bucket, &t->waiter, t->left < 5000 ? t->left : 5000))) {
		t->got += n;
		t->left -= n;
	}
}

static void start(size_t n, uint64_t each)
{
	for (size_t i = 0; i < n; i++) {
		takers[i] = (struct taker){.waiter = {.turn = take, .owner = &takers[i]}, .left = each};
		take(&takers[i]);
	}
}

static void one_gets_the_rate(void **state)
{
	(void)state;
	bucket_init_bytes(&bucket, loop, 1000000);
	start(1, 10000000);
	assert_int_equal(loop_run(loop, &e), 0);
	assert_int_equal(takers[0].got, 10000000);
	assert_in_range(loop_now(loop), 9700, 10100); /* ten seconds, less what was saved up */
}

static void many_get_alike(void **state)
{
	(void)state;
	bucket_init_bytes(&bucket, loop, 1000000);
	start(MANY, 200000);
	assert_int_equal(loop_run(loop, &e), 0);
	assert_in_range(loop_now(loop), 19500, 20500);
	for (size_t i = 1; i < MANY; i++) { /* the first one had what was saved up */
		assert_int_equal(takers[i].got, 200000);
		assert_in_range(takers[i].last_ms, 15000, 20500);
	}
}

static void a_trickle_is_no_stop(void **state)
{
	(void)state;
	bucket_init_bytes(&bucket, loop, 100);
	start(3, 500);
	assert_int_equal(loop_run(loop, &e), 0);
	assert_in_range(loop_now(loop), 14000, 15500);
	assert_int_equal(takers[0].got + takers[1].got + takers[2].got, 1500);
}

static void acts_are_spaced(void **state)
{
	(void)state;
	bucket_init_acts(&bucket, loop, 30);
	for (size_t i = 0; i < 10; i++) {
		takers[i] = (struct taker){.waiter = {.turn = take, .owner = &takers[i]}, .left = 1};
		take(&takers[i]);
	}
	assert_int_equal(loop_run(loop, &e), 0);
	for (size_t i = 0; i < 10; i++) {
		assert_int_equal(takers[i].got, 1);
		assert_in_range(takers[i].last_ms, i * 2000, i * 2000 + 10);
	}
}

static void who_goes_leaves_its_share_to_others(void **state)
{
	(void)state;
	bucket_init_acts(&bucket, loop, 60);
	start(3, 1);
	bucket_forget(&bucket, &takers[1].waiter);
	bucket_forget(&bucket, &takers[1].waiter);
	assert_int_equal(loop_run(loop, &e), 0);
	assert_int_equal(takers[1].got, 0);
	assert_int_equal(takers[2].got, 1);
	assert_in_range(takers[2].last_ms, 1000, 1010);
}

static void without_a_rate_there_is_no_limit(void **state)
{
	struct bucket_waiter w = {.turn = take};

	(void)state;
	bucket_init_bytes(&bucket, loop, 0);
	assert_int_equal(bucket_take(&bucket, &w, 1 << 30), 1 << 30);
	assert_int_equal(bucket_take(NULL, &w, 7), 7);
	bucket_forget(NULL, &w);
}

static void long_rest_saves_no_more_than_the_burst(void **state)
{
	struct loop_timer t = {.fire = take, .owner = &takers[0]};

	(void)state;
	bucket_init_bytes(&bucket, loop, 1000000);
	start(1, 1);
	assert_int_equal(loop_arm(loop, &t, (uint64_t)30 * 24 * 3600 * 1000, &e), 0);
	takers[0].left = 150000;
	assert_int_equal(loop_run(loop, &e), 0);
	assert_int_equal(takers[0].got, 150001);
	assert_true(takers[0].last_ms >= (uint64_t)30 * 24 * 3600 * 1000 + 50 - 5);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_gets_the_rate, begin, end),
		cmocka_unit_test_setup_teardown(many_get_alike, begin, end),
		cmocka_unit_test_setup_teardown(a_trickle_is_no_stop, begin, end),
		cmocka_unit_test_setup_teardown(acts_are_spaced, begin, end),
		cmocka_unit_test_setup_teardown(who_goes_leaves_its_share_to_others, begin, end),
		cmocka_unit_test_setup_teardown(without_a_rate_there_is_no_limit, begin, end),
		cmocka_unit_test_setup_teardown(long_rest_saves_no_more_than_the_burst, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
