/* SPDX-License-Identifier: ISC */
/* Timers in order, descriptors while they are watched, signals as calls, and a clock that jumps. */
#define _GNU_SOURCE /* pipe2 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "flasher/loop.h"

static struct loop *loop;
static struct err e;
static char log_text[4096];

struct item {
	struct loop_timer timer;
	struct loop_watch watch;
	int other; /* the end that is not watched */
	char name;
	struct item *victim;
};

static void note(char c)
{
	size_t n = strlen(log_text);

	assert_true(n + 1 < sizeof log_text);
	log_text[n] = c;
	log_text[n + 1] = '\0';
}

static void on_fire(void *owner)
{
	note(((struct item *)owner)->name);
}

static struct item named(char name)
{
	return (struct item){.name = name};
}

static void arm(struct item *i, uint64_t delay_ms)
{
	i->timer.fire = on_fire;
	i->timer.owner = i;
	assert_int_equal(loop_arm(loop, &i->timer, delay_ms, &e), 0);
}

static int begin(void **state)
{
	(void)state;
	log_text[0] = '\0';
	return loop_open(&loop, LOOP_VIRTUAL, &e);
}

static int end(void **state)
{
	(void)state;
	loop_free(&loop);
	return 0;
}

static void timers_fire_by_time_then_order(void **state)
{
	struct item a = named('a'), b = named('b'), c = named('c'), d = named('d');

	(void)state;
	arm(&a, 50);
	arm(&b, 10);
	arm(&c, 50);
	arm(&d, 10);
	assert_int_equal(loop_run(loop, &e), 0);
	assert_string_equal(log_text, "bdac");
	assert_int_equal(loop_now(loop), 50);
}

static void armed_ones_move_and_disarmed_ones_stay_away(void **state)
{
	struct item a = named('a'), b = named('b'), c = named('c');

	(void)state;
	arm(&a, 1);
	arm(&b, 2);
	arm(&c, 3);
	arm(&a, 9);
	loop_disarm(loop, &b.timer);
	loop_disarm(loop, &b.timer);
	assert_true(loop_armed(&a.timer));
	assert_false(loop_armed(&b.timer));
	assert_int_equal(loop_run(loop, &e), 0);
	assert_string_equal(log_text, "ca");
	assert_false(loop_armed(&a.timer));
}

static uint64_t last_due;
static size_t fired;

static void on_ordered(void *owner)
{
	(void)owner;
	assert_true(loop_now(loop) >= last_due);
	last_due = loop_now(loop);
	fired++;
}

static void thousands_in_order_whatever_is_taken_out(void **state)
{
	enum { MANY = 5000 };
	static struct loop_timer timers[MANY];
	size_t out = 0;

	(void)state;
	last_due = fired = 0;
	srand(7);
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < MANY; i++) {
			timers[i].fire = on_ordered;
			assert_int_equal(loop_arm(loop, &timers[i], (uint64_t)(rand() % 700), &e), 0);
		}
	for (size_t i = 0; i < MANY; i += (size_t)(1 + rand() % 3), out++)
		loop_disarm(loop, &timers[i]);
	assert_int_equal(loop_run(loop, &e), 0);
	assert_int_equal(fired + out, MANY);
}

static void again(void *owner)
{
	struct item *i = owner;

	note(i->name);
	if (strlen(log_text) < 5)
		assert_int_equal(loop_arm(loop, &i->timer, 0, &e), 0);
	else
		loop_stop(loop);
}

static void a_timer_may_arm_itself_for_now(void **state)
{
	struct item a = named('a'), b = named('b');

	(void)state;
	arm(&b, 1000);
	a.timer = (struct loop_timer){.fire = again, .owner = &a};
	assert_int_equal(loop_arm(loop, &a.timer, 0, &e), 0);
	assert_int_equal(loop_run(loop, &e), 0);
	assert_string_equal(log_text, "aaaaa");
	assert_int_equal(loop_now(loop), 0); /* stopped before the other */
}

static void take_byte(void *owner, unsigned events)
{
	struct item *i = owner;
	char c;

	assert_true(events & LOOP_READ);
	if (read(i->watch.fd, &c, 1) == 1)
		note(c);
	else
		loop_unwatch(loop, &i->watch);
	if (i->victim)
		loop_unwatch(loop, &i->victim->watch);
}

static void make_pipe(struct item *i)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	*i = (struct item){.watch = {take_byte, i, ends[0], false}, .other = ends[1]};
	assert_int_equal(loop_watch(loop, &i->watch, LOOP_READ, &e), 0);
}

static void a_pipe_is_read_to_its_end(void **state)
{
	struct item p;

	(void)state;
	make_pipe(&p);
	assert_int_equal(write(p.other, "xyz", 3), 3);
	close(p.other);
	assert_int_equal(loop_run(loop, &e), 0);
	assert_string_equal(log_text, "xyz");
	close(p.watch.fd);
}

/* Both are ready in one batch; the one that is called first forgets the other. */
static void what_is_forgotten_is_not_called(void **state)
{
	struct item p, q;

	(void)state;
	make_pipe(&p);
	make_pipe(&q);
	p.victim = &q;
	q.victim = &p;
	assert_int_equal(write(p.other, "p", 1), 1);
	assert_int_equal(write(q.other, "q", 1), 1);
	close(p.other);
	close(q.other);
	assert_int_equal(loop_run(loop, &e), 0);
	assert_int_equal(strlen(log_text), 1);
	close(p.watch.fd);
	close(q.watch.fd);
}

static void descriptors_come_before_jumps(void **state)
{
	struct item p, t = named('t');

	(void)state;
	make_pipe(&p);
	arm(&t, 1);
	assert_int_equal(write(p.other, "ab", 2), 2);
	close(p.other);
	assert_int_equal(loop_run(loop, &e), 0);
	assert_string_equal(log_text, "abt");
	close(p.watch.fd);
}

static void waiting_for_nothing_is_an_error(void **state)
{
	struct item p;

	(void)state;
	make_pipe(&p);
	assert_int_equal(loop_run(loop, &e), -1);
	assert_int_equal(e.verdict, VERDICT_SYSTEM);
	close(p.watch.fd);
	close(p.other);
}

static void on_signal(void *owner, int number)
{
	(void)owner;
	note(number == SIGINT ? 'I' : number == SIGTERM ? 'T' : '?');
}

static void send_signals(void *owner)
{
	(void)owner;
	assert_int_equal(raise(SIGINT), 0);
	assert_int_equal(raise(SIGTERM), 0);
	assert_int_equal(raise(SIGPIPE), 0);
}

static void signals_are_calls(void **state)
{
	struct loop_timer first = {.fire = send_signals}, then = {.fire = on_fire};
	struct item t = named('.');
	sigset_t mask;

	(void)state;
	then.owner = &t;
	assert_int_equal(loop_signals(loop, on_signal, NULL, &e), 0);
	assert_int_equal(loop_arm(loop, &first, 5, &e), 0);
	assert_int_equal(loop_arm(loop, &then, 6, &e), 0);
	assert_int_equal(loop_run(loop, &e), 0); /* and it ends, although signals are still waited for */
	assert_string_equal(log_text, "IT.");
	loop_free(&loop);
	assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
	assert_false(sigismember(&mask, SIGINT));
}

static void real_time_passes(void **state)
{
	struct item a = named('a');
	uint64_t start;

	(void)state;
	loop_free(&loop);
	assert_int_equal(loop_open(&loop, LOOP_MONOTONIC, &e), 0);
	start = loop_now(loop);
	arm(&a, 20);
	assert_int_equal(loop_run(loop, &e), 0);
	assert_string_equal(log_text, "a");
	assert_true(loop_now(loop) - start >= 20);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(timers_fire_by_time_then_order, begin, end),
		cmocka_unit_test_setup_teardown(armed_ones_move_and_disarmed_ones_stay_away, begin, end),
		cmocka_unit_test_setup_teardown(thousands_in_order_whatever_is_taken_out, begin, end),
		cmocka_unit_test_setup_teardown(a_timer_may_arm_itself_for_now, begin, end),
		cmocka_unit_test_setup_teardown(a_pipe_is_read_to_its_end, begin, end),
		cmocka_unit_test_setup_teardown(what_is_forgotten_is_not_called, begin, end),
		cmocka_unit_test_setup_teardown(descriptors_come_before_jumps, begin, end),
		cmocka_unit_test_setup_teardown(waiting_for_nothing_is_an_error, begin, end),
		cmocka_unit_test_setup_teardown(signals_are_calls, begin, end),
		cmocka_unit_test_setup_teardown(real_time_passes, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
