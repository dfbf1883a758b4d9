/* SPDX-License-Identifier: ISC */
/* The simulator's own arithmetic: MD5, Digest, the cut of an upload, shared images, behaviours dealt out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "simulator/behaviour.h"
#include "simulator/digest.h"
#include "simulator/form.h"
#include "simulator/images.h"
#include "core/md5.h"
#include "simulator/request.h"

static struct span text(const char *s)
{
	return (struct span){s, strlen(s)};
}

static void md5_is_that_of_rfc_1321(void **state)
{
	static const struct {
		const char *in, *hex;
	} cases[] = {
		{"", "d41d8cd98f00b204e9800998ecf8427e"},
		{"a", "0cc175b9c0f1b6a831c399e269772661"},
		{"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
		{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"},
		{"12345678901234567890123456789012345678901234567890123456789012345678901234567890", "57edf4a22be3c955ac49da2e2107b67a"},
		{"root:antMiner Configuration:root", "23c2a2d78c0d20ec069097d7d20c4392"}, /* as stock images store it */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned char raw[MD5_SIZE];
		char hex[2 * MD5_SIZE + 1];

		md5_buffer(raw, cases[i].in, strlen(cases[i].in));
		for (size_t k = 0; k < MD5_SIZE; k++)
			snprintf(hex + 2 * k, 3, "%02x", raw[k]);
		assert_string_equal(hex, cases[i].hex);
	}
}

static void responses_are_those_of_rfc_7616(void **state)
{
	struct digest_door door = {.realm = "http-auth@example.org", .user = "Mufasa", .password = "Circle of Life"};
	const struct span nonce = text("7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"), nc = text("00000001"),
			  cnonce = text("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");
	char out[DIGEST_HEX_MAX];

	(void)state;
	digest_response(out, &door, "GET", text("/dir/index.html"), nonce, nc, cnonce);
	assert_string_equal(out, "8ca523f5e9506fed4657c9700eebdbec");
	door.sha256 = true;
	digest_response(out, &door, "GET", text("/dir/index.html"), nonce, nc, cnonce);
	assert_string_equal(out, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
}

static const unsigned char secret[DIGEST_SECRET_SIZE] = {1, 2, 3};

/* Logs in with the nonce of CHALLENGE and the counter NC. */
static enum digest_result login(const struct digest_door *door, const char *challenge, const char *nc, const char *more, uint64_t now)
{
	char field[1024], response[DIGEST_HEX_MAX];
	const char *nonce = strstr(challenge, "nonce=\"") + 7;
	struct span n = {nonce, strcspn(nonce, "\"")};

	digest_response(response, door, "GET", text("/"), n, text(nc), text("c"));
	snprintf(field, sizeof field, "Digest username=\"root\", realm=\"r\", nonce=\"%.*s\", uri=\"/\", response=\"%s\"%s%s%s%s", (int)n.len, n.at,
		 response, door->no_qop ? "" : ", qop=auth, cnonce=\"c\", nc=", door->no_qop ? "" : nc,
		 door->sha256 ? ", algorithm=SHA-256" : "", more);
	return digest_check(door, "GET", text("/"), text(field), now);
}

static void nonces_are_good_stale_or_foreign(void **state)
{
	struct digest_door door = {.realm = "r", .user = "root", .password = "p", .secret = secret, .board = 5};
	char first[DIGEST_CHALLENGE_MAX], next[DIGEST_CHALLENGE_MAX];

	(void)state;
	digest_challenge(first, &door, false, 1000);
	digest_challenge(next, &door, true, 1000);
	assert_non_null(strstr(next, "stale=true"));
	assert_int_equal(login(&door, first, "00000001", "", 2000), DIGEST_GOOD);
	assert_int_equal(login(&door, first, "00000002", "", 2000), DIGEST_GOOD);
	assert_int_equal(login(&door, first, "00000001", ", nonce=\"x\"", 2000), DIGEST_NONE); /* twice */
	door.once = true;
	assert_int_equal(login(&door, first, "00000001", "", 2000), DIGEST_GOOD);
	assert_int_equal(login(&door, first, "00000002", "", 2000), DIGEST_STALE);
	door.once = false;
	door.stale_first = true;
	assert_int_equal(login(&door, first, "00000001", "", 2000), DIGEST_STALE);
	assert_int_equal(login(&door, next, "00000001", "", 2000), DIGEST_GOOD);
	door.stale_first = false;
	door.life_ms = 500;
	assert_int_equal(login(&door, first, "00000001", "", 1500), DIGEST_GOOD);
	assert_int_equal(login(&door, first, "00000001", "", 1501), DIGEST_STALE);
	door.life_ms = 0;
	door.board = 6; /* another board's nonce */
	assert_int_equal(login(&door, first, "00000001", "", 2000), DIGEST_WRONG);
	door.board = 5;
	door.no_qop = true;
	assert_int_equal(login(&door, first, "00000001", "", 2000), DIGEST_GOOD);
	door.no_qop = false;
	door.sha256 = true;
	assert_int_equal(login(&door, first, "00000001", "", 2000), DIGEST_GOOD);
}

static void other_fields_are_no_login(void **state)
{
	static const char *const none[] = {"", "Basic cm9vdDpyb290", "Digest", "Digest username", "Digest username=", "Digest username=\"root",
					   "Digest username=\"a\\\"b\"", "Digest ,", "Digest a=b c=d"};
	const struct digest_door door = {.realm = "r", .user = "root", .password = "p", .secret = secret};

	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_int_equal(digest_check(&door, "GET", text("/"), text(none[i]), 0), DIGEST_NONE);
	assert_int_equal(digest_check(&door, "GET", text("/"), text("Digest username=\"root\""), 0), DIGEST_WRONG);
}

/* Feeds BODY in pieces of STEP bytes. Returns 0 or -1; the file is gathered in OUT. */
static int feed(struct form *f, const char *body, size_t len, size_t step, bool several, char *out, size_t *n)
{
	*n = 0;
	form_begin(f, len, several);
	for (size_t at = 0; at < len; at += step) {
		size_t piece = len - at < step ? len - at : step;
		struct span file;

		if (form_take(f, body + at, piece, &file))
			return -1;
		memcpy(out + *n, file.at, file.len);
		*n += file.len;
	}
	return 0;
}

static void the_cut_is_that_of_stock_pages(void **state)
{
	static const struct {
		const char *body, *file;
		bool several, exact;
	} cases[] = {
		{"--x\r\nA: b\r\n\r\nfile\r\n--x--\r\n", "file", false, true},
		{"--x\r\nA: b\r\n\r\n\r\n--x--\r\n", "", false, true},
		{"--x\r\n\r\nfile\r\n--x--\r\n", "file", false, true},
		{"--x\nA: b\n\nfile\r\n--x--\r\n", "file", false, true},
		/* what the arithmetic does not foresee: it cuts all the same */
		{"--x\r\nA: b\r\n\r\nfile\r\n--x--", "fi", false, false},
		{"--x\r\nA: b\r\n\r\nfile\r\n--x--\r\nbye", "file\r\n-", false, false},
		{"--x\r\nA: b\r\n\r\none\r\n--x\r\n\r\ntwo\r\n--x--\r\n", "one\r\n--x\r\n\r\ntwo", false, true},
		/* the token API: a field before the file */
		{"--x\r\nD: name=\"k\"\r\n\r\ntrue\r\n--x\r\nD: name=\"f\"; filename=\"f\"\r\n\r\nfile\r\n--x--\r\n", "file", true, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t step = 1; step < 80; step += 13) {
			struct form f;
			char out[256];
			size_t n;

			assert_int_equal(feed(&f, cases[i].body, strlen(cases[i].body), step, cases[i].several, out, &n), 0);
			assert_int_equal(n, strlen(cases[i].file));
			assert_memory_equal(out, cases[i].file, n);
			assert_int_equal(form_exact(&f), cases[i].exact);
		}
	}
}

static void bodies_without_a_file_are_none(void **state)
{
	static const char *const bad[] = {"--x\r\nA: b\r\n\r\n--x--", "--x\r\nA: b", "x", "\r\n\r\nfile\r\n--x--\r\n", "--x\r\n\r\n\r\n--x"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct form f;
		char out[64];
		size_t n;

		assert_int_equal(feed(&f, bad[i], strlen(bad[i]), 64, false, out, &n), -1);
	}
}

static void heads_are_read_strictly(void **state)
{
	static const struct {
		const char *head;
		int status;
	} cases[] = {
		{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 0},
		{"POST /a?b HTTP/1.0\r\ncontent-LENGTH: 12\r\n\r\n", 0},
		{"GET / HTTP/2\r\n\r\n", 505},
		{"GET  / HTTP/1.1\r\n\r\n", 400},
		{"GET http://x/ HTTP/1.1\r\n\r\n", 400},
		{"GET / HTTP/1.1\nHost: x\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411},
		{"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400},
	};
	struct request r;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(request_parse(&r, cases[i].head, strlen(cases[i].head)), cases[i].status);
	assert_int_equal(request_parse(&r, cases[1].head, strlen(cases[1].head)), 0);
	assert_string_equal(r.path, "/a");
	assert_int_equal(r.length, 12);
	assert_int_equal(request_head_length("GET / HTTP/1.1\r\n\r\nrest", 22), 18);
	assert_int_equal(request_head_length("GET / HTTP/1.1\r\n\r", 17), 0);
}

static void commands_are_found(void **state)
{
	char out[REQUEST_COMMAND_MAX + 1];

	(void)state;
	assert_int_equal(request_member(out, sizeof out, "\"command\"", "{\"command\":\"version\"}", 21), 0);
	assert_string_equal(out, "version");
	assert_int_equal(request_member(out, sizeof out, "\"command\"", "{\"command\" : \"a\"", 16), 0);
	assert_string_equal(out, "a");
	assert_int_equal(request_member(out, sizeof out, "\"command\"", "{\"command\":\"versi", 17), -1);
	assert_int_equal(request_member(out, sizeof out, "\"command\"", "version", 7), -1);
	assert_int_equal(request_member(out, sizeof out, "\"pw\"", "{\"pw\":\"a\\u0022\\\\\\\"b\"}", 21), 0);
	assert_string_equal(out, "a\"\\\"b");
	assert_int_equal(request_member(out, sizeof out, "\"pw\"", "{\"pw\":\"a\\u00", 13), -1);
	assert_int_equal(request_member(out, 4, "\"pw\"", "{\"pw\":\"abcd\"}", 13), -1);
}

static unsigned count(const struct images *s)
{
	unsigned n = 0;

	for (const struct sim_image *i = s->first; i; i = i->next)
		n++;
	return n;
}

static void the_same_image_is_kept_once(void **state)
{
	struct images s = {.first = NULL};
	struct taking a, b, c;
	const struct sim_image *first;

	(void)state;
	assert_int_equal(images_begin(&s, &a, 8), 0);
	assert_int_equal(images_begin(&s, &b, 8), 0);
	assert_int_equal(images_begin(&s, &c, 8), 0);
	assert_int_equal(images_take(&s, &a, "abc", 3), 0);
	assert_int_equal(images_take(&s, &b, "abcdefgh", 8), 0); /* further than the first */
	assert_int_equal(images_take(&s, &a, "defgh", 5), 0);
	assert_int_equal(count(&s), 1);
	assert_int_equal(images_take(&s, &c, "abcdXfgh", 8), 0); /* parts from them */
	assert_int_equal(count(&s), 2);
	first = images_end(&s, &a);
	assert_ptr_equal(first, images_end(&s, &b));
	assert_ptr_not_equal(first, images_end(&s, &c));
	assert_memory_equal(images_end(&s, &c)->bytes, "abcdXfgh", 8);
	assert_memory_equal(first->bytes, "abcdefgh", 8);
	assert_int_equal(first->look.kind, LOOK_OTHER);
	images_drop(&s, &a);
	images_drop(&s, &b);
	images_drop(&s, &c);
	assert_int_equal(images_begin(&s, &a, 4), 0);
	assert_int_equal(images_take(&s, &a, "ab", 2), 0);
	images_drop(&s, &a); /* given up half way: gone with the next one */
	assert_int_equal(images_begin(&s, &a, 8), 0);
	assert_int_equal(count(&s), 2);
	images_drop(&s, &a);
	assert_int_equal(images_begin(&s, &a, 0), -1);
	images_free(&s);
}

static void shares_are_exact_and_exclusive(void **state)
{
	struct scenario s = {.n = 0};
	struct behaves boards[200] = {{0}}, again[200] = {{0}}, other[200] = {{0}};
	size_t lost = 0, reset = 0, slow = 0;
	struct err e = {0};

	(void)state;
	assert_int_equal(scenario_add(&s, "lost:2.5%", &e), 0);
	assert_int_equal(scenario_add(&s, "reset:7:2", &e), 0);
	assert_int_equal(scenario_add(&s, "slow:50%:1000", &e), 0);
	assert_int_equal(scenario_deal(&s, 1, boards, 200, &e), 0);
	assert_int_equal(scenario_deal(&s, 1, again, 200, &e), 0);
	assert_int_equal(scenario_deal(&s, 2, other, 200, &e), 0);
	for (size_t i = 0; i < 200; i++) {
		lost += behaves_as(&boards[i], BEHAVE_LOST);
		reset += behaves_as(&boards[i], BEHAVE_RESET);
		slow += behaves_as(&boards[i], BEHAVE_SLOW);
		assert_false(behaves_as(&boards[i], BEHAVE_LOST) && behaves_as(&boards[i], BEHAVE_RESET));
		assert_int_equal(boards[i].value, behaves_as(&boards[i], BEHAVE_RESET) ? 2 : 0);
		assert_int_equal(boards[i].rate, behaves_as(&boards[i], BEHAVE_SLOW) ? 1000 : 0);
	}
	assert_int_equal(lost, 5);
	assert_int_equal(reset, 7);
	assert_int_equal(slow, 100);
	assert_memory_equal(boards, again, sizeof boards);
	assert_memory_not_equal(boards, other, sizeof boards);
	assert_int_equal(scenario_add(&s, "nothing:189", &e), 0);
	assert_int_equal(scenario_deal(&s, 1, boards, 200, &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
}

static void bad_rules_are_refused(void **state)
{
	static const char *const bad[] = {"", "lost", "lost:", "lost:x", "lost:101%", "lost:2.%", "lost:2.555%", "lost:100.01%", "lost:1:0",
					  "lost:1:x", "slow:1", "mad:1", ":1", "lost:-1"};
	struct scenario s = {.n = 0};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (scenario_add(&s, bad[i], NULL) == 0)
			fail_msg("\"%s\" was taken", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(md5_is_that_of_rfc_1321),
		cmocka_unit_test(responses_are_those_of_rfc_7616),
		cmocka_unit_test(nonces_are_good_stale_or_foreign),
		cmocka_unit_test(other_fields_are_no_login),
		cmocka_unit_test(the_cut_is_that_of_stock_pages),
		cmocka_unit_test(bodies_without_a_file_are_none),
		cmocka_unit_test(heads_are_read_strictly),
		cmocka_unit_test(commands_are_found),
		cmocka_unit_test(the_same_image_is_kept_once),
		cmocka_unit_test(shares_are_exact_and_exclusive),
		cmocka_unit_test(bad_rules_are_refused),
	};

	return crypto_init_verify(NULL) ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
