/* SPDX-License-Identifier: ISC */
/* The rules of an exchange: what is taken from an answer, how much, how often, and how slowly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "flasher/exchange.h"

static struct exchange x;
static struct image image = {.fd = -1, .size = 10000, .name = "p-1.firm.tar"};
static struct post post;

static void begin(bool upload, const char *realm)
{
	post_init(&post, &image, "file");
	exchange_begin(&x, upload ? &post : NULL, realm, 1000);
}

static int head(const char *line)
{
	return exchange_head(&x, line, strlen(line));
}

static void an_answer_is_taken(void **state)
{
	(void)state;
	begin(true, "");
	assert_int_equal(head("HTTP/1.1 100 Continue\r\n"), 0);
	assert_int_equal(head("\r\n"), 0);
	assert_int_equal(x.answer.status, 0);
	assert_int_equal(head("HTTP/1.1 200 OK\r\n"), 0);
	assert_int_equal(head("firmseal-verdict:\t wrong-board \r\n"), 0);
	assert_int_equal(head("Firmseal-Verdicts: ok\r\n"), 0);
	assert_int_equal(head("\r\n"), 0);
	assert_int_equal(exchange_body(&x, "abc", 3), 0);
	assert_int_equal(exchange_body(&x, "de", 2), 0);
	assert_int_equal(x.answer.status, 200);
	assert_string_equal(x.answer.word, "wrong-board");
	assert_int_equal(x.answer.len, 5);
	assert_memory_equal(x.answer.body, "abcde", 5);
}

static void odd_verdict_words_spoil_it(void **state)
{
	static const char *const odd[] = {"Firmseal-Verdict: ok\r\n", "Firmseal-Verdict:\r\n",
					  "Firmseal-Verdict:   \r\n",
					  "Firmseal-Verdict: 123456789012345678901234567890123\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		begin(true, "");
		assert_int_equal(head("HTTP/1.1 200 OK\r\n"), 0);
		if (i == 0)
			assert_int_equal(head("Firmseal-Verdict: ok\r\n"), 0);
		assert_int_equal(head(odd[i]), 0);
		assert_string_equal(x.answer.word, "?");
	}
}

static void a_later_answer_replaces_the_one_before(void **state)
{
	(void)state;
	begin(false, "r");
	assert_int_equal(head("HTTP/1.1 401 Unauthorized\r\n"), 0);
	assert_int_equal(head("Firmseal-Verdict: ok\r\n"), 0);
	assert_int_equal(head("WWW-Authenticate: Digest realm=\"r\"\r\n"), 0);
	assert_int_equal(head("\r\n"), 0);
	assert_int_equal(exchange_body(&x, "who?", 4), 0);
	assert_true(x.challenge.digest);
	assert_int_equal(head("HTTP/1.0 404\r\n"), 0);
	assert_int_equal(head("\r\n"), 0);
	assert_int_equal(x.answer.status, 404);
	assert_string_equal(x.answer.word, "");
	assert_int_equal(x.answer.len, 0);
	assert_false(x.challenge.digest);
	assert_int_equal(x.answers, 2);
}

static void an_upload_is_not_begun_again(void **state)
{
	(void)state;
	begin(true, "");
	assert_int_equal(head("HTTP/1.1 401 Unauthorized\r\n"), -1);
	assert_int_equal(x.answer.status, 401);
	assert_non_null(x.halted);
}

/* A challenge, whole. */
static void asked(const char *challenge)
{
	assert_int_equal(head("HTTP/1.1 401 Unauthorized\r\n"), 0);
	assert_int_equal(head(challenge), 0);
	assert_int_equal(head("\r\n"), 0);
}

static struct secret *password(void)
{
	struct secret *s = NULL;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "p\n", 2), 2);
	assert_int_equal(secret_read(&s, NULL, ends[0], NULL), 0);
	close(ends[0]);
	close(ends[1]);
	return s;
}

#define STALE "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", stale=true\r\n"

static void challenges_are_counted(void **state)
{
	struct login l = {.user = NULL};
	struct secret *s = password();

	(void)state;
	login_set(&l, "root", s, "r");
	begin(false, "r");
	for (int i = 1; i < LOGIN_ANSWERS_MAX; i++) {
		asked(STALE);
		assert_true(exchange_again(&x, &l));
		assert_int_equal(x.answer.status, 0);
		x.tried = true;
	}
	asked(STALE);
	assert_false(exchange_again(&x, &l));
	assert_non_null(x.halted);
	begin(false, "r"); /* a fresh one is kept, and not answered */
	x.tried = x.keep_challenge = true;
	asked(STALE);
	assert_false(exchange_again(&x, &l));
	assert_null(x.halted);
	assert_true(login_ready(&l));
	begin(false, "r"); /* nobody logs in */
	login_set(&l, NULL, NULL, "");
	asked(STALE);
	assert_false(exchange_again(&x, &l));
	assert_null(x.halted);
	secret_free(&s);
}

static void another_realm_gets_no_answer(void **state)
{
	struct login l = {.user = NULL};
	struct secret *s = password();

	(void)state;
	login_set(&l, "root", s, "antMiner Configuration");
	begin(false, "antMiner Configuration");
	asked("WWW-Authenticate: Digest realm=\"router\", nonce=\"n\"\r\n");
	assert_true(x.foreign);
	assert_false(exchange_again(&x, &l));
	begin(false, "antMiner Configuration");
	asked("WWW-Authenticate: Digest realm=\"antMiner Configuration\", nonce=\"n\"\r\n");
	assert_false(x.foreign);
	assert_true(exchange_again(&x, &l));
	secret_free(&s);
}

/* However long: it is for people. */
static void the_page_of_a_401_is_passed_over(void **state)
{
	static const char block[1024];

	(void)state;
	begin(false, "");
	asked("WWW-Authenticate: Basic realm=\"r\"\r\n");
	for (int i = 0; i <= ANSWER_MAX / 1024; i++)
		assert_int_equal(exchange_body(&x, block, sizeof block), 0);
	assert_int_equal(x.answer.len, 0);
}

static void malformed_and_endless_heads_end_it(void **state)
{
	static const char *const bad[] = {"HTTP/1.1\r\n", "HTTP/1.1 \r\n", "HTTP/1.1 2\r\n", "HTTP/1.1 2x0 OK\r\n",
					  "HTTP/1.1  200\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		begin(false, "");
		assert_int_equal(head(bad[i]), -1);
	}
	begin(false, "");
	for (int i = 0; i < EXCHANGE_HEAD_MAX / 16; i++)
		assert_int_equal(head("X-Padding: 0123\n"), 0);
	assert_int_equal(head("X-Padding: 0123\n"), -1);
}

static void a_body_has_an_end(void **state)
{
	static const char block[1024];

	(void)state;
	begin(true, "");
	for (int i = 0; i < ANSWER_MAX / 1024; i++)
		assert_int_equal(exchange_body(&x, block, sizeof block), 0);
	assert_false(x.overflow);
	assert_int_equal(exchange_body(&x, block, 1), -1);
	assert_true(x.overflow);
	assert_int_equal(x.answer.len, ANSWER_MAX);
}

static void slowness_has_bounds(void **state)
{
	uint64_t all;

	(void)state;
	begin(true, "");
	all = post_size(&post);
	assert_int_equal(exchange_tick(&x, 0, 6000, 5000), 0);
	assert_int_equal(exchange_tick(&x, 5 * EXCHANGE_STALL_BYTES, 6000, 5000), 0);
	assert_int_equal(exchange_tick(&x, 5 * EXCHANGE_STALL_BYTES + 1, 11000, 5000), 0);
	assert_int_equal(exchange_tick(&x, 5 * EXCHANGE_STALL_BYTES + 2, 11001, 5000), -1);
	assert_string_equal(x.halted, "the board stopped taking bytes");
	begin(true, ""); /* one that takes its time, now and then a whole window of 5 KiB */
	for (uint64_t n = 1; n < 9; n++)
		assert_int_equal(exchange_tick(&x, n * 5 * EXCHANGE_STALL_BYTES, n * 6000, 5000), 0);
	begin(true, ""); /* and one that holds us, with less */
	assert_int_equal(exchange_tick(&x, 1 << 10, 3000, 5000), 0);
	assert_int_equal(exchange_tick(&x, 3 << 10, 5900, 5000), 0);
	assert_int_equal(exchange_tick(&x, 4 << 10, 6001, 5000), -1);
	begin(true, "");
	assert_int_equal(exchange_tick(&x, all - 1, 1000, 5000), 0);
	assert_int_equal(exchange_tick(&x, all, 2000, 5000), 0);
	assert_int_equal(exchange_tick(&x, all, 7000, 5000), 0);
	assert_int_equal(exchange_tick(&x, all, 7001, 5000), -1);
	assert_string_equal(x.halted, "no answer in time");
}

/* libcurl may hand over an empty body as a piece of no bytes, before there is any room. */
static void a_body_may_be_empty(void **state)
{
	(void)state;
	begin(false, "");
	assert_int_equal(head("HTTP/1.1 200 OK\r\n"), 0);
	assert_int_equal(head("\r\n"), 0);
	assert_int_equal(exchange_body(&x, "", 0), 0);
	assert_int_equal(x.answer.len, 0);
	assert_int_equal(exchange_body(&x, "a", 1), 0);
	assert_int_equal(exchange_body(&x, "", 0), 0);
	assert_int_equal(x.answer.len, 1);
}

static void an_unreadable_image_ends_it(void **state)
{
	char buf[1024];

	(void)state;
	begin(true, "");
	assert_true(exchange_upload(&x, buf, sizeof buf) > 0); /* the head */
	assert_int_equal(exchange_upload(&x, buf, sizeof buf), -1);
	assert_non_null(x.halted);
	begin(false, "");
	assert_int_equal(exchange_upload(&x, buf, sizeof buf), -1);
}

static int end(void **state)
{
	(void)state;
	exchange_end(&x);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_taken),
		cmocka_unit_test(odd_verdict_words_spoil_it),
		cmocka_unit_test(a_later_answer_replaces_the_one_before),
		cmocka_unit_test(an_upload_is_not_begun_again),
		cmocka_unit_test(challenges_are_counted),
		cmocka_unit_test(another_realm_gets_no_answer),
		cmocka_unit_test(the_page_of_a_401_is_passed_over),
		cmocka_unit_test(malformed_and_endless_heads_end_it),
		cmocka_unit_test(a_body_has_an_end),
		cmocka_unit_test(a_body_may_be_empty),
		cmocka_unit_test(slowness_has_bounds),
		cmocka_unit_test(an_unreadable_image_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
