/* SPDX-License-Identifier: ISC */
/* Writing cards: interrupted at each write, failing, lying, changed, slow; on cards made of memory. */
#define _GNU_SOURCE /* memfd_create */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <semaphore.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "core/io.h"
#include "flasher/burn.h"

enum { SIZE = 32 << 20, USED = (9 << 20) + 1536, BOOT = 4 << 20, NEVER = 1000000 };

static unsigned char *content; /* of the image */
static struct burn_image image = {-1, USED, BOOT};

/* A card. */
struct fake {
	struct burn_device base;
	unsigned char *bytes;   /* TRUE_SIZE of them */
	uint64_t true_size;     /* less than it says: addresses wrap */
	bool drops;             /* or what lies beyond is thrown away */
	unsigned writes, fail_at; /* the write that fails, and all after it */
	uint64_t rots;          /* this byte reads back otherwise; 0: none */
	bool changed;           /* it is another card now */
	bool dirty;             /* written since the last flush */
	bool head_early;        /* an MBR or a boot sector was written while something else was not flushed */
	sem_t *wait, *post;     /* waits before its first write; posts when its MBR is there */
};

static int fake_begin(struct burn_device *d, struct err *e)
{
	return ((struct fake *)d)->changed ? err_set(e, VERDICT_UNSAFE_TARGET, "changed") : 0;
}

static bool holds(const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i])
			return true;
	return false;
}

static int fake_write(struct burn_device *d, uint64_t at, const void *bytes, size_t len, struct err *e)
{
	struct fake *f = (struct fake *)d;
	struct timespec end;

	if (at % BURN_ALIGN || len % BURN_ALIGN || (uintptr_t)bytes % BURN_ALIGN || at + len > d->size)
		return err_set(e, VERDICT_USAGE, "out of line");
	if (f->wait && f->writes == 0) {
		clock_gettime(CLOCK_REALTIME, &end);
		end.tv_sec += 20;
		if (sem_timedwait(f->wait, &end))
			return err_set(e, VERDICT_BUSY, "the other card was held up");
	}
	if (f->writes++ >= f->fail_at)
		return err_set(e, VERDICT_SYSTEM, "pulled out");
	if (((at == 0 && holds(bytes, 512)) || (at <= BOOT && at + len > BOOT && holds((const unsigned char *)bytes + (BOOT - at), 512))) &&
	    f->dirty)
		f->head_early = true;
	f->dirty = true;
	for (size_t i = 0; i < len; i += BURN_ALIGN)
		if (at + i < f->true_size || !f->drops)
			memcpy(f->bytes + (at + i) % f->true_size, (const unsigned char *)bytes + i, BURN_ALIGN);
	if (f->post && at == 0 && holds(bytes, 512))
		sem_post(f->post);
	return 0;
}

static int fake_read(struct burn_device *d, uint64_t at, void *buf, size_t len, struct err *e)
{
	struct fake *f = (struct fake *)d;

	if (at % BURN_ALIGN || len % BURN_ALIGN || at + len > d->size)
		return err_set(e, VERDICT_USAGE, "out of line");
	for (size_t i = 0; i < len; i += BURN_ALIGN) {
		if (at + i < f->true_size || !f->drops)
			memcpy((unsigned char *)buf + i, f->bytes + (at + i) % f->true_size, BURN_ALIGN);
		else
			memset((unsigned char *)buf + i, 0xff, BURN_ALIGN);
	}
	if (f->rots >= at && f->rots < at + len && f->rots)
		((unsigned char *)buf)[f->rots - at] ^= 1;
	return 0;
}

static int fake_flush(struct burn_device *d, struct err *e)
{
	(void)e;
	((struct fake *)d)->dirty = false;
	return 0;
}

/* A card full of something else, which starts a board. */
static struct fake fake_new(void)
{
	struct fake f = {.base = {SIZE, fake_begin, fake_write, fake_read, fake_flush},
			 .bytes = malloc(SIZE),
			 .true_size = SIZE,
			 .fail_at = NEVER};

	assert_non_null(f.bytes);
	memset(f.bytes, 0xa5, SIZE);
	return f;
}

static int make_image(void **state)
{
	uint32_t x = 1;

	(void)state;
	content = calloc(1, SIZE);
	image.fd = memfd_create("image", MFD_CLOEXEC);
	if (!content || image.fd < 0)
		return -1;
	for (size_t i = 0; i < USED; i++) {
		x = x * 1664525 + 1013904223;
		content[i] = (unsigned char)(x >> 24 | 1);
	}
	return io_write_all(image.fd, content, SIZE);
}

static int drop_image(void **state)
{
	(void)state;
	free(content);
	return close(image.fd);
}

static int burn(struct fake *f, struct err *e)
{
	struct burn b = {.device = &f->base};
	int rc = burn_one(&b, &image, e);

	if (rc == 0)
		assert_int_equal(b.done, burn_work(&image));
	return rc;
}

static void a_card_is_written(void **state)
{
	struct fake f = fake_new();
	struct err e = {0};

	(void)state;
	assert_int_equal(burn(&f, &e), 0);
	assert_memory_equal(f.bytes, content, USED);
	assert_false(f.head_early);
	assert_int_equal(f.bytes[SIZE - BURN_ALIGN - 1], 0xa5); /* unused space is left as it was ... */
	assert_false(holds(f.bytes + SIZE - BURN_ALIGN, BURN_ALIGN)); /* but for the end, where a second partition table may be */
	free(f.bytes);
}

static void one_that_was_pulled_out_starts_nothing(void **state)
{
	struct fake f = fake_new();
	struct err e = {0};
	unsigned all;

	(void)state;
	assert_int_equal(burn(&f, &e), 0);
	all = f.writes;
	assert_true(all > 6);
	for (unsigned n = 0; n < all; n++) {
		f.writes = 0;
		f.fail_at = n;
		memset(f.bytes, 0xa5, SIZE);
		assert_int_equal(burn(&f, &e), -1);
		assert_int_equal(e.verdict, VERDICT_SYSTEM);
		if (n == 0) { /* nothing was touched */
			assert_int_equal(f.bytes[0], 0xa5);
			continue;
		}
		assert_false(holds(f.bytes, 512)); /* no MBR, and no raw loader where there was one */
		assert_true(!holds(f.bytes + (128 << 10), 512) || memcmp(f.bytes + (128 << 10), content + (128 << 10), 512) == 0);
	}
	free(f.bytes);
}

static void one_that_lies_is_refused(void **state)
{
	struct err e = {0};

	(void)state;
	for (uint64_t real = SIZE / 2; real >= 2 << 20; real /= 2) {
		for (int drops = 0; drops < 2; drops++) {
			struct fake f = fake_new();

			f.true_size = real;
			f.drops = drops;
			assert_int_equal(burn(&f, &e), -1);
			assert_int_equal(e.verdict, VERDICT_UNSAFE_TARGET);
			assert_false(holds(f.bytes, 512));
			free(f.bytes);
		}
	}
}

static void one_that_forgets_is_refused(void **state)
{
	static const uint64_t places[] = {5, 4096, BOOT, BOOT + 600, USED - 1};
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		struct fake f = fake_new();

		f.rots = places[i];
		assert_int_equal(burn(&f, &e), -1);
		assert_int_equal(e.verdict, VERDICT_SYSTEM);
		assert_false(holds(f.bytes, 512));
		free(f.bytes);
	}
}

static void one_that_was_changed_is_not_touched(void **state)
{
	struct fake f = fake_new();
	struct err e = {0};

	(void)state;
	f.changed = true;
	assert_int_equal(burn(&f, &e), -1);
	assert_int_equal(e.verdict, VERDICT_UNSAFE_TARGET);
	assert_int_equal(f.writes, 0);
	f.changed = false;
	f.base.size = USED / 2;
	assert_int_equal(burn(&f, &e), -1);
	assert_int_equal(e.verdict, VERDICT_TOO_LARGE);
	assert_int_equal(f.writes, 0);
	free(f.bytes);
}

/* The first card does not begin before the second one has been finished. */
static void a_slow_one_holds_nobody_up(void **state)
{
	struct fake fakes[3] = {fake_new(), fake_new(), fake_new()};
	struct burn burns[3] = {{.device = &fakes[0].base}, {.device = &fakes[1].base}, {.device = &fakes[2].base}};
	sem_t done;

	(void)state;
	assert_int_equal(sem_init(&done, 0, 0), 0);
	fakes[0].wait = &done;
	fakes[1].post = &done;
	fakes[2].rots = 4096;
	assert_int_equal(burn_all(burns, 3, &image, NULL, NULL), 1);
	assert_int_equal(burns[0].rc, 0);
	assert_int_equal(burns[1].rc, 0);
	assert_int_equal(burns[2].rc, -1);
	assert_int_equal(burns[2].e.verdict, VERDICT_SYSTEM);
	for (int i = 0; i < 2; i++)
		assert_memory_equal(fakes[i].bytes, content, USED);
	for (int i = 0; i < 3; i++)
		free(fakes[i].bytes);
	sem_destroy(&done);
}

/* Says stop at once, and lets the card, which waits, begin when that has been heard. */
static bool halt(void *owner, uint64_t done)
{
	unsigned *calls = ((void **)owner)[0];

	(void)done;
	if (++*calls == 2)
		sem_post(((void **)owner)[1]);
	return false;
}

static void one_that_is_stopped_starts_nothing(void **state)
{
	struct fake f = fake_new();
	struct burn b = {.device = &f.base};
	unsigned calls = 0;
	sem_t go;

	(void)state;
	memset(f.bytes, 0xee, SIZE);
	assert_int_equal(sem_init(&go, 0, 0), 0);
	f.wait = &go;
	assert_int_equal(burn_all(&b, 1, &image, halt, (void *[]){&calls, &go}), 1);
	assert_int_equal(b.rc, -1);
	assert_int_equal(b.e.verdict, VERDICT_SYSTEM);
	assert_non_null(strstr(b.e.message, "stopped"));
	assert_false(holds(f.bytes, 512));
	assert_true(f.bytes[USED / 2] == 0xee); /* it did not go on to the end */
	free(f.bytes);
	sem_destroy(&go);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_card_is_written),
		cmocka_unit_test(one_that_was_pulled_out_starts_nothing),
		cmocka_unit_test(one_that_lies_is_refused),
		cmocka_unit_test(one_that_forgets_is_refused),
		cmocka_unit_test(one_that_was_changed_is_not_touched),
		cmocka_unit_test(a_slow_one_holds_nobody_up),
		cmocka_unit_test(one_that_is_stopped_starts_nothing),
	};

	return cmocka_run_group_tests_name("burn", tests, make_image, drop_image);
}
