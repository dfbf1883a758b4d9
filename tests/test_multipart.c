/* SPDX-License-Identifier: ISC */
/* The body of an upload: what is taken for the file, and what is not taken at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verifier/multipart.h"

#define HEAD "--XbX\r\nContent-Disposition: form-data; name=\"datafile\"; filename=\"f\"\r\n\r\n"
#define END "\r\n--XbX--\r\n"

/* A body that comes STEP bytes at a time, and then fails or ends. */
struct bytes {
	struct body base;
	const char *at;
	size_t step;
	size_t fail_at; /* bytes left at which reading fails; SIZE_MAX: never */
};

static int read_bytes(struct body *b, void *buf, size_t len, size_t *got, struct err *e)
{
	struct bytes *s = (struct bytes *)b;

	assert_true(len > 0);
	if (s->base.left <= s->fail_at && s->fail_at != SIZE_MAX)
		return err_set(e, VERDICT_TRUNCATED, "the client fell silent");
	*got = s->step < len ? s->step : len;
	if (*got > s->base.left)
		*got = (size_t)s->base.left;
	memcpy(buf, s->at, *got);
	s->at += *got;
	s->base.left -= *got;
	return 0;
}

struct taken {
	enum verdict verdict;
	size_t len;
	char file[200000];
};

/* Reads a whole upload, STEP bytes of body at a time, ASK bytes of file at a time. */
static void take(struct taken *out, const char *body, size_t len, size_t step, size_t ask)
{
	struct bytes source = {.base = {.read = read_bytes, .left = len}, .at = body, .step = step, .fail_at = SIZE_MAX};
	struct multipart *m = malloc(sizeof *m);
	struct err e = {.verdict = VERDICT_OK};
	size_t got = 1;

	assert_non_null(m);
	out->len = 0;
	if (multipart_open(m, &source.base, "XbX", &e) == 0) {
		while (got > 0 && m->base.read(&m->base, out->file + out->len, ask, &got, &e) == 0)
			out->len += got;
		if (e.verdict == VERDICT_OK)
			IGNORE(multipart_close(m, &e));
	}
	out->verdict = e.verdict;
	free(m);
}

static void assert_file(const char *body, size_t len, const char *file, size_t file_len)
{
	static const size_t steps[] = {1, 2, 3, 5, 7, 11, 64, 4096, MULTIPART_BUFFER, 1 << 20};
	static struct taken t;

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		for (size_t k = 0; k < sizeof steps / sizeof *steps - 2; k++) {
			take(&t, body, len, steps[i], steps[k]);
			if (t.verdict != VERDICT_OK)
				fail_msg("%zu at a time: %s", steps[i], verdict_word(t.verdict));
			assert_int_equal(t.len, file_len);
			assert_memory_equal(t.file, file, file_len);
		}
	}
}

static void the_file_is_what_was_sent_however_it_comes(void **state)
{
	/* All that looks like a delimiter and is none; lines that end in every way; nothing at all. */
	static const char *const files[] = {
		"", "x", "\r", "\n", "\r\n", "\r\n-", "\r\n--", "\r\n--Xb", "\r\n--XbY", "--XbX", "\r--XbX", "\n--XbX", "\r\r\n--XbY",
		"\r\n\r\n\r\n", "\r\n--\r\n--X\r\n--Xb\r\n", "end\r", "end\r\n", "end\r\n--Xb",
	};
	char body[256];

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(body, sizeof body, HEAD "%s" END, files[i]);
		assert_file(body, strlen(body), files[i], strlen(files[i]));
		body[strlen(body) - 2] = '\0'; /* the last CRLF may be missing */
		assert_file(body, strlen(body), files[i], strlen(files[i]));
	}
}

/* A delimiter across the buffer's end, at every offset. */
static void a_delimiter_may_lie_anywhere(void **state)
{
	static char body[2 * MULTIPART_BUFFER + 256], file[2 * MULTIPART_BUFFER];
	static struct taken t;
	const size_t head = strlen(HEAD), end = strlen(END);

	(void)state;
	for (size_t i = 0; i < sizeof file; i++)
		file[i] = "\r\n--XbY"[i % 7];
	memcpy(body, HEAD, head);
	for (size_t len = MULTIPART_BUFFER - head - end - 4; len < MULTIPART_BUFFER - head + 4; len++) {
		memcpy(body + head, file, len);
		memcpy(body + head + len, END, end);
		take(&t, body, head + len + end, SIZE_MAX, 4096);
		assert_int_equal(t.verdict, VERDICT_OK);
		assert_int_equal(t.len, len);
		assert_memory_equal(t.file, file, len);
	}
}

static void all_else_is_refused(void **state)
{
	static const struct {
		const char *body;
		enum verdict verdict;
	} bad[] = {
		{"", VERDICT_TRUNCATED},
		{"--XbX", VERDICT_TRUNCATED},
		{"--XbX\r\nContent-Type: x\r\n", VERDICT_TRUNCATED},
		{HEAD, VERDICT_TRUNCATED},
		{HEAD "x", VERDICT_TRUNCATED},
		{HEAD "x\r\n--Xb", VERDICT_TRUNCATED},
		{HEAD "x\r\n--XbX", VERDICT_TRUNCATED},
		{HEAD "x\r\n--XbX-", VERDICT_TRUNCATED},
		{HEAD "x\r\n--XbX--\r", VERDICT_TRUNCATED},
		{"x" HEAD "x" END, VERDICT_MALFORMED_HEADER},          /* a preamble */
		{"\r\n" HEAD "x" END, VERDICT_MALFORMED_HEADER},
		{"--XbY\r\n\r\nx" END, VERDICT_MALFORMED_HEADER},
		{"--XbX \r\n\r\nx" END, VERDICT_MALFORMED_HEADER},
		{"--XbX--\r\n", VERDICT_MALFORMED_HEADER},             /* no part */
		{"--XbX\r\nA: b\n\r\nx" END, VERDICT_MALFORMED_HEADER},/* LF alone */
		{"--XbX\r\nA: b\r\rx" END, VERDICT_MALFORMED_HEADER},  /* CR alone */
		{HEAD "x" END "y", VERDICT_TRAILING_DATA},             /* an epilogue */
		{HEAD "x\r\n--XbX\r\n\r\ny" END, VERDICT_TRAILING_DATA}, /* a second part */
		{HEAD "x\r\n--XbX \r\n", VERDICT_TRAILING_DATA},
		{HEAD "x\r\n--XbXz", VERDICT_TRAILING_DATA},
		{HEAD "x\r\n--XbX--\n\n", VERDICT_TRAILING_DATA},
	};
	static struct taken t;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		for (size_t step = 1; step < 12; step++) {
			take(&t, bad[i].body, strlen(bad[i].body), step, 3);
			if (t.verdict != bad[i].verdict)
				fail_msg("case %zu, %zu at a time: %s", i, step, verdict_word(t.verdict));
		}
	take(&t, "--XbX\r\nA: \0\r\n\r\nx" END, sizeof "--XbX\r\nA: \0\r\n\r\nx" END - 1, 5, 3);
	assert_int_equal(t.verdict, VERDICT_MALFORMED_HEADER);
}

static void headers_are_bounded(void **state)
{
	static char body[MULTIPART_HEAD_MAX + 64];
	static struct taken t;
	size_t filler = MULTIPART_HEAD_MAX - strlen("--XbX\r\n\r\n\r\n");

	(void)state;
	for (size_t over = 0; over < 2; over++) {
		size_t n = (size_t)snprintf(body, sizeof body, "--XbX\r\n");

		memset(body + n, 'h', filler + over);
		n += filler + over;
		snprintf(body + n, sizeof body - n, "\r\n\r\nx" END);
		take(&t, body, strlen(body), 4096, 64);
		assert_int_equal(t.verdict, over ? VERDICT_TOO_LARGE : VERDICT_OK);
	}
	memset(body, 'h', sizeof body); /* a head without an end: refused within the bound, however long it is */
	memcpy(body, "--XbX\r\n", 7);
	take(&t, body, sizeof body, 4096, 64);
	assert_int_equal(t.verdict, VERDICT_TOO_LARGE);
}

/* Once reading has failed, what is in the buffer is nobody's file. */
static void a_failure_is_not_an_end(void **state)
{
	static const char body[] = HEAD "some of it" END;
	struct multipart *m = malloc(sizeof *m);
	char buf[64];

	(void)state;
	assert_non_null(m);
	for (size_t left = 1; left < sizeof END + 8; left++) {
		struct bytes source = {.base = {.read = read_bytes, .left = sizeof body - 1}, .at = body, .step = 1, .fail_at = left};
		struct err e = {.verdict = VERDICT_OK};
		size_t got = 1;

		assert_int_equal(multipart_open(m, &source.base, "XbX", &e), 0);
		while (got > 0 && m->base.read(&m->base, buf, sizeof buf, &got, &e) == 0)
			;
		assert_int_equal(e.verdict, VERDICT_TRUNCATED);
		assert_int_equal(m->base.read(&m->base, buf, sizeof buf, &got, &e), -1);
		assert_int_equal(got, 0);
		assert_int_equal(multipart_close(m, &e), -1);
	}
	free(m);
}

/* What follows the file is looked at even by one who stops reading at the file's last byte. */
static void closing_wants_the_end(void **state)
{
	static const char body[] = HEAD "abc" END;
	struct bytes source = {.base = {.read = read_bytes, .left = sizeof body - 1}, .at = body, .step = 4, .fail_at = SIZE_MAX};
	struct multipart *m = malloc(sizeof *m);
	struct err e = {.verdict = VERDICT_OK};
	char buf[2];
	size_t got;

	(void)state;
	assert_non_null(m);
	assert_int_equal(multipart_open(m, &source.base, "XbX", &e), 0);
	assert_int_equal(m->base.read(&m->base, buf, 2, &got, &e), 0);
	assert_int_equal(got, 2);
	assert_int_equal(multipart_close(m, &e), -1);
	assert_int_equal(e.verdict, VERDICT_TRAILING_DATA); /* "c" */
	free(m);
}

static void boundaries(void **state)
{
	static const char *const good[][2] = {
		{"multipart/form-data; boundary=abc", "abc"},
		{"multipart/form-data;boundary=abc", "abc"},
		{"Multipart/Form-Data; BOUNDARY=abc", "abc"},
		{"multipart/form-data; charset=utf-8; boundary=\"a b:c\"", "a b:c"},
		{"multipart/form-data; boundary=a'()+_,-./:=?z ; x=y", "a'()+_,-./:=?z"},
	};
	static const char *const bad[] = {
		NULL, "", "text/plain", "multipart/form-data", "multipart/form-data; boundary", "multipart/form-data; boundary=",
		"multipart/form-data; boundary=\"\"", "multipart/form-data; boundary=\"abc", "multipart/form-data; boundary=abc; boundary=abd",
		"multipart/form-data; boundary=a\rb", "multipart/form-data; boundary=a@b", "multipart/form-data; boundary=\"ends in blank \"",
		"multipart/form-data; boundary=\"a\\b\"", "multipart/form-dataX; boundary=abc", "multipart/form-data; =abc",
		"multipart/form-data boundary=abc", "application/x-www-form-urlencoded; boundary=abc",
	};
	char out[MULTIPART_BOUNDARY_MAX + 1], type[128];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct err e = {.verdict = VERDICT_OK};

		if (multipart_boundary(out, good[i][0], &e) != 0)
			fail_msg("%s: %s", good[i][0], e.message);
		assert_string_equal(out, good[i][1]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct err e = {.verdict = VERDICT_OK};

		if (multipart_boundary(out, bad[i], &e) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(e.verdict, VERDICT_MALFORMED_HEADER);
	}
	for (int n = MULTIPART_BOUNDARY_MAX; n <= MULTIPART_BOUNDARY_MAX + 1; n++) {
		struct err e = {.verdict = VERDICT_OK};

		snprintf(type, sizeof type, "multipart/form-data; boundary=%0*d", n, 0);
		assert_int_equal(multipart_boundary(out, type, &e), n == MULTIPART_BOUNDARY_MAX ? 0 : -1);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_file_is_what_was_sent_however_it_comes),
		cmocka_unit_test(a_delimiter_may_lie_anywhere),
		cmocka_unit_test(all_else_is_refused),
		cmocka_unit_test(headers_are_bounded),
		cmocka_unit_test(a_failure_is_not_an_end),
		cmocka_unit_test(closing_wants_the_end),
		cmocka_unit_test(boundaries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
