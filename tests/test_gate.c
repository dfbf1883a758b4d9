/* SPDX-License-Identifier: ISC */
/* Who is let in, when, and in which order; on a clock that jumps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flasher/gate.h"

enum { ALL = 12 };

static struct loop *loop;
static struct gate gate;
static struct gate_pass passes[ALL];
static bool met[ALL];
static size_t order[ALL], entered;
static uint64_t when[ALL];
static struct loop_timer later;

static size_t number(const void *owner)
{
	return (size_t)((const struct gate_pass *)owner - passes);
}

static void on_enter(void *owner)
{
	when[number(owner)] = loop_now(loop);
	order[entered++] = number(owner);
}

static bool has_met(const void *owner)
{
	return met[number(owner)];
}

static int set_up(void **state)
{
	(void)state;
	memset(met, 0, sizeof met);
	entered = 0;
	if (loop_open(&loop, LOOP_VIRTUAL, NULL))
		return -1;
	gate_init(&gate, loop, 3);
	for (size_t i = 0; i < ALL; i++)
		passes[i] = (struct gate_pass){.enter = on_enter, .met = has_met, .owner = &passes[i]};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	gate_close(&gate);
	loop_disarm(loop, &later);
	loop_free(&loop);
	return 0;
}

/* Runs the loop for MS of its time. */
static void stop(void *owner)
{
	loop_stop(owner);
}

static void run(uint64_t ms)
{
	struct err e = {0};

	later = (struct loop_timer){.fire = stop, .owner = loop};
	assert_int_equal(loop_arm(loop, &later, ms, &e), 0);
	assert_int_equal(loop_run(loop, &e), 0);
}

static void as_many_as_there_are_places_and_then_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(gate_ask(&gate, &passes[i]), i < 3);
	run(10);
	assert_int_equal(entered, 0);
	gate_leave(&gate, &passes[1]);
	assert_int_equal(entered, 0); /* from the loop, never from within the call */
	run(1);
	assert_int_equal(entered, 1);
	assert_int_equal(order[0], 3);
	gate_leave(&gate, &passes[0]);
	assert_false(gate_ask(&gate, &passes[0])); /* a place is free, but others were here before */
	gate_leave(&gate, &passes[2]);
	gate_leave(&gate, &passes[3]);
	run(1);
	assert_int_equal(entered, 4);
	assert_int_equal(order[1], 4);
	assert_int_equal(order[2], 5);
	assert_int_equal(order[3], 0);
}

static void who_gives_up_outside_is_not_called(void **state)
{
	(void)state;
	for (size_t i = 0; i < 5; i++)
		(void)gate_ask(&gate, &passes[i]);
	gate_leave(&gate, &passes[3]);
	gate_leave(&gate, &passes[3]);
	gate_leave(&gate, &passes[0]);
	run(1);
	assert_int_equal(entered, 1);
	assert_int_equal(order[0], 4);
}

static void the_silent_keep_nobody_out(void **state)
{
	(void)state;
	met[1] = met[3] = met[4] = true; /* somebody picked up there, and says nothing */
	for (size_t i = 0; i < 7; i++)
		(void)gate_ask(&gate, &passes[i]);
	run(GATE_DEAF_MS - 1);
	assert_int_equal(entered, 0);
	run(GATE_DEAF_MS);
	assert_int_equal(entered, 2); /* in the places of 0 and 2 */
	assert_int_equal(passes[1].where, GATE_INSIDE);
	assert_int_equal(passes[0].where, GATE_EXCUSED);
	gate_leave(&gate, &passes[0]); /* its place is another's: leaving must not free it twice */
	run(1);
	assert_int_equal(entered, 2);
	run(GATE_LOAN_MS - 2 * GATE_DEAF_MS + 1);
	assert_int_equal(entered, 3);
	assert_int_equal(passes[1].where, GATE_EXCUSED);
	assert_in_range(when[5], GATE_LOAN_MS - GATE_DEAF_MS, GATE_LOAN_MS + GATE_DEAF_MS);
}

static void a_gate_that_nobody_waits_at_keeps_no_loop_busy(void **state)
{
	struct err e = {0};

	(void)state;
	assert_true(gate_ask(&gate, &passes[0]));
	assert_int_equal(loop_run(loop, &e), 0); /* returns: there is nothing to wait for */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(as_many_as_there_are_places_and_then_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_gives_up_outside_is_not_called, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_silent_keep_nobody_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_gate_that_nobody_waits_at_keeps_no_loop_busy, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
