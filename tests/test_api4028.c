/* SPDX-License-Identifier: ISC */
/* Questions to port 4028, answered by a socket of this program's own, well and badly. */
#define _GNU_SOURCE /* accept4 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "flasher/api4028.h"

static struct loop *loop;
static struct gate gate;
static struct err e;
static struct api *api;
static struct loop_watch listening, peer;
static uint16_t port;
static char question[128], got[API_ANSWER_MAX + 1], refusal[128];
static size_t got_len, told_times;
static const char *answer;
static size_t answer_len;
static size_t flood;

static void on_question(void *owner, unsigned events)
{
	char block[4096];
	ssize_t n = recv(peer.fd, question, sizeof question - 1, 0);

	(void)owner;
	(void)events;
	memset(block, 'x', sizeof block);
	question[n > 0 ? n : 0] = '\0';
	loop_unwatch(loop, &peer);
	for (size_t i = 0; i < flood; i++)
		(void)send(peer.fd, block, sizeof block, MSG_NOSIGNAL);
	if (answer) {
		assert_int_equal(send(peer.fd, answer, answer_len, MSG_NOSIGNAL), (ssize_t)answer_len);
		close(peer.fd);
	}
}

static void on_connection(void *owner, unsigned events)
{
	(void)owner;
	(void)events;
	peer = (struct loop_watch){on_question, NULL, accept4(listening.fd, NULL, NULL, SOCK_CLOEXEC), false};
	assert_true(peer.fd >= 0);
	loop_unwatch(loop, &listening);
	assert_int_equal(loop_watch(loop, &peer, LOOP_READ, &e), 0);
}

static int begin(void **state)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;

	(void)state;
	told_times = got_len = flood = 0;
	refusal[0] = '\0';
	listening = (struct loop_watch){on_connection, NULL, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), false};
	if (loop_open(&loop, LOOP_MONOTONIC, &e) || bind(listening.fd, (struct sockaddr *)&a, sizeof a) ||
	    listen(listening.fd, 4) || getsockname(listening.fd, (struct sockaddr *)&a, &len))
		return -1;
	port = ntohs(a.sin_port);
	gate_init(&gate, loop, 1);
	return loop_watch(loop, &listening, LOOP_READ, &e);
}

static int end(void **state)
{
	(void)state;
	close(listening.fd);
	gate_close(&gate);
	loop_free(&loop);
	return 0;
}

static void on_told(void *owner, const char *text, size_t len, const char *why)
{
	assert_ptr_equal(owner, &api);
	told_times++;
	api = NULL;
	if (text) {
		memcpy(got, text, len);
		got_len = len;
	} else {
		strncpy(refusal, why, sizeof refusal - 1);
	}
}

static void ask(const char *text, size_t len, uint64_t timeout_ms)
{
	answer = text;
	answer_len = len;
	assert_int_equal(api_ask(&api, &gate, "127.0.0.1", port, "summary", timeout_ms, on_told, &api, &e), 0);
	assert_int_equal(loop_run(loop, &e), 0);
	assert_int_equal(told_times, 1);
}

static void an_answer_ends_at_its_nul(void **state)
{
	static const char text[] = "{\"a\":1}\0rubbish";

	(void)state;
	ask(text, sizeof text, 5000);
	assert_string_equal(question, "{\"command\":\"summary\"}");
	assert_int_equal(got_len, 7);
	assert_memory_equal(got, text, 7);
}

static void or_with_the_connection(void **state)
{
	(void)state;
	ask("{\"a\":1}", 7, 5000);
	assert_int_equal(got_len, 7);
}

static void an_empty_answer_is_none(void **state)
{
	(void)state;
	ask("", 0, 5000);
	assert_int_equal(got_len, 0);
	assert_true(refusal[0]); /* "an empty answer", or a reset */
}

static void an_endless_answer_is_cut_off(void **state)
{
	(void)state;
	flood = API_ANSWER_MAX / 4096 + 1;
	ask("x", 1, 5000);
	assert_string_equal(refusal, "the answer is too long");
}

static void silence_ends(void **state)
{
	(void)state;
	ask(NULL, 0, 50);
	assert_string_equal(refusal, "no answer in time");
	close(peer.fd);
}

static void nobody_there_is_told(void **state)
{
	(void)state;
	loop_unwatch(loop, &listening);
	close(listening.fd);
	listening.fd = -1;
	if (api_ask(&api, &gate, "127.0.0.1", port, "version", 5000, on_told, &api, &e) == 0)
		assert_int_equal(loop_run(loop, &e), 0);
	assert_true(told_times == 0 || refusal[0]);
	assert_int_equal(got_len, 0);
}

static void names_and_odd_commands_are_refused(void **state)
{
	static const char *const bad[] = {"", "quit!", "switch|0", "averyveryverylongcommand"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(api_ask(&api, &gate, "127.0.0.1", port, bad[i], 1, on_told, &api, &e), -1);
		assert_int_equal(e.verdict, VERDICT_USAGE);
	}
	assert_int_equal(api_ask(&api, &gate, "localhost", port, "stats", 1, on_told, &api, &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
	assert_null(api);
}

static void give_up_first(void *owner)
{
	gate_leave(&gate, owner);
}

/* The clock runs from the moment that the question is asked, not from when somebody wanted to ask it. */
static void who_waits_at_the_gate_is_not_late(void **state)
{
	struct gate_pass first = {.enter = give_up_first, .owner = &first};
	struct loop_timer later = {.fire = give_up_first, .owner = &first};

	(void)state;
	answer = "{}";
	answer_len = 3;
	assert_true(gate_ask(&gate, &first));
	assert_int_equal(loop_arm(loop, &later, 200, &e), 0);
	assert_int_equal(api_ask(&api, &gate, "127.0.0.1", port, "summary", 100, on_told, &api, &e), 0);
	assert_int_equal(loop_run(loop, &e), 0);
	assert_string_equal(refusal, "");
	assert_int_equal(got_len, 2);
}

static void who_cancels_hears_nothing(void **state)
{
	(void)state;
	assert_int_equal(api_ask(&api, &gate, "127.0.0.1", port, "stats", 1000, on_told, &api, &e), 0);
	api_cancel(&api);
	api_cancel(&api);
	loop_unwatch(loop, &listening);
	assert_int_equal(loop_run(loop, &e), 0);
	assert_int_equal(told_times, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_answer_ends_at_its_nul, begin, end),
		cmocka_unit_test_setup_teardown(or_with_the_connection, begin, end),
		cmocka_unit_test_setup_teardown(an_empty_answer_is_none, begin, end),
		cmocka_unit_test_setup_teardown(an_endless_answer_is_cut_off, begin, end),
		cmocka_unit_test_setup_teardown(silence_ends, begin, end),
		cmocka_unit_test_setup_teardown(nobody_there_is_told, begin, end),
		cmocka_unit_test_setup_teardown(names_and_odd_commands_are_refused, begin, end),
		cmocka_unit_test_setup_teardown(who_waits_at_the_gate_is_not_late, begin, end),
		cmocka_unit_test_setup_teardown(who_cancels_hears_nothing, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
