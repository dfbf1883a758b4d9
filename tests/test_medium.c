/* SPDX-License-Identifier: ISC */
/* Pieces that are gathered: the same bytes on the medium, in fewer writes, and no failure lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flasher/medium.h"

enum { SIZE = 8 << 20, NEVER = 1000000 };

/* A medium in memory. Zeros that are never written are 0xee, so that forgetting them is seen. */
struct fake {
	struct medium base;
	unsigned char *bytes;
	unsigned writes, zeros, fail_at; /* the write that fails, and all after it */
};

static int fake_put(struct fake *f, uint64_t at, const void *bytes, uint64_t len, struct err *e)
{
	if (f->writes + f->zeros > f->fail_at)
		return err_set(e, VERDICT_SYSTEM, "full");
	assert_true(at <= SIZE && len <= SIZE - at);
	if (bytes)
		memcpy(f->bytes + at, bytes, (size_t)len);
	else
		memset(f->bytes + at, 0, (size_t)len);
	return 0;
}

static int fake_write(struct medium *m, uint64_t at, const void *bytes, size_t len, struct err *e)
{
	((struct fake *)m)->writes++;
	return fake_put((struct fake *)m, at, bytes, len, e);
}

static int fake_zero(struct medium *m, uint64_t at, uint64_t len, struct err *e)
{
	((struct fake *)m)->zeros++;
	return fake_put((struct fake *)m, at, NULL, len, e);
}

static void fake_init(struct fake *f)
{
	*f = (struct fake){.base = {fake_write, fake_zero}, .bytes = malloc(SIZE), .fail_at = NEVER};
	assert_non_null(f->bytes);
	memset(f->bytes, 0xee, SIZE);
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Runs of pieces of all lengths, bytes and zeros, with a gap or a step back now and then. */
static void pieces(struct medium *m, struct medium *other)
{
	unsigned char *content = malloc(1 << 20);
	uint32_t state = 1;

	assert_non_null(content);
	for (size_t i = 0; i < 1 << 20; i++)
		content[i] = (unsigned char)(i * 2654435761U >> 21);
	for (uint64_t at = 1000; at < SIZE - (2 << 20);) {
		uint32_t kind = next_random(&state) % 16;
		uint64_t len = next_random(&state) % (kind == 0 ? 400000 : kind < 4 ? 70000 : 5000);

		at += kind == 5 ? 512 : 0;
		if (kind % 3 == 0) {
			assert_int_equal(m->zero(m, at, len, NULL), 0);
			assert_int_equal(other->zero(other, at, len, NULL), 0);
		} else {
			assert_int_equal(m->write(m, at, content + kind, (size_t)len, NULL), 0);
			assert_int_equal(other->write(other, at, content + kind, (size_t)len, NULL), 0);
		}
		at += kind == 6 && at > 9000 ? 0 : len; /* written once more: the later one counts */
	}
	free(content);
}

static void gathered_bytes_are_the_same(void **state)
{
	struct fake straight, gathered;
	struct medium_gather g;

	(void)state;
	fake_init(&straight);
	fake_init(&gathered);
	assert_int_equal(medium_gather_init(&g, &gathered.base, NULL), 0);
	pieces(&g.base, &straight.base);
	assert_int_equal(medium_gather_flush(&g, NULL), 0);
	assert_memory_equal(straight.bytes, gathered.bytes, SIZE);
	assert_true(gathered.writes + gathered.zeros < (straight.writes + straight.zeros) / 3);
	assert_int_equal(medium_gather_flush(&g, NULL), 0); /* nothing is written a second time */
	medium_gather_free(&g);
	free(straight.bytes);
	free(gathered.bytes);
}

/* Small neighbours are one write, with the zeros between them. */
static void neighbours_are_one_write(void **state)
{
	struct fake f;
	struct medium_gather g;

	(void)state;
	fake_init(&f);
	assert_int_equal(medium_gather_init(&g, &f.base, NULL), 0);
	for (uint64_t at = 0; at < 40 * 512; at += 512) {
		assert_int_equal(g.base.write(&g.base, at, "some", 4, NULL), 0);
		assert_int_equal(g.base.zero(&g.base, at + 4, 508, NULL), 0);
	}
	assert_int_equal(f.writes + f.zeros, 0);
	assert_int_equal(medium_gather_flush(&g, NULL), 0);
	assert_int_equal(f.writes, 1);
	assert_int_equal(f.zeros, 0);
	assert_memory_equal(f.bytes + 512 * 39, "some\0\0", 6);
	assert_int_equal(f.bytes[512 * 40], 0xee);
	medium_gather_free(&g);
	free(f.bytes);
}

/* Whichever write fails: the piece that drives it out, or the flush, says so. */
static void no_failure_is_lost(void **state)
{
	static unsigned char large[300 << 10];

	(void)state;
	for (unsigned fail_at = 0; fail_at < 8; fail_at++) {
		struct fake f;
		struct medium_gather g;
		struct err e = {.verdict = VERDICT_OK};
		bool failed = false;

		fake_init(&f);
		f.fail_at = fail_at;
		assert_int_equal(medium_gather_init(&g, &f.base, NULL), 0);
		for (uint64_t at = 0; at < 4 << 20 && !failed; at += 1 << 20)
			failed = g.base.write(&g.base, at, "some", 4, &e) || g.base.write(&g.base, at + 4, large, sizeof large, &e) ||
				 g.base.zero(&g.base, at + (700 << 10), 4, &e);
		failed = failed || medium_gather_flush(&g, &e);
		/* Four times: the small one, the large one; the zeros go with the next small one, or with the flush. */
		assert_true(failed);
		assert_int_equal(e.verdict, VERDICT_SYSTEM);
		medium_gather_free(&g);
		free(f.bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gathered_bytes_are_the_same),
		cmocka_unit_test(neighbours_are_one_write),
		cmocka_unit_test(no_failure_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
