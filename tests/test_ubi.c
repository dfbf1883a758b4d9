/* SPDX-License-Identifier: ISC */
/* UBI volumes: one in memory that behaves as the kernel's does. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/raw_image.h"
#include "verifier/ubi.h"

/* A volume that is no volume any more until the last byte of an update has come. */
static struct volume {
	struct ubi base;
	unsigned char bytes[4 * 1000];
	uint64_t left, at;
	bool updating;
} volume;

static int volume_update(struct ubi *u, uint64_t size)
{
	(void)u;
	memset(volume.bytes, 0xff, sizeof volume.bytes);
	volume.left = size;
	volume.at = 0;
	volume.updating = size > 0;
	return 0;
}

static int volume_write(struct ubi *u, const unsigned char *data, size_t len)
{
	(void)u;
	assert_true(volume.updating && len <= volume.left);
	memcpy(volume.bytes + volume.at, data, len);
	volume.at += len;
	volume.left -= len;
	volume.updating = volume.left > 0;
	return 0;
}

static int volume_finish(struct ubi *u)
{
	(void)u;
	assert_false(volume.updating);
	return 0;
}

static int volume_read(struct ubi *u, uint64_t at, unsigned char *buf, size_t len)
{
	(void)u;
	if (volume.updating) {
		errno = EBADF;
		return -1;
	}
	memcpy(buf, volume.bytes + at, len);
	return 0;
}

static void volume_close(struct ubi *u)
{
	(void)u;
}

static void a_volume_is_updated_whole_or_told(void **state)
{
	static unsigned char image[5000];
	unsigned char hash[HASH_SIZE];
	struct raw *r = NULL;
	struct err e = {0};

	(void)state;
	make_image(image, sizeof image);
	volume.base = (struct ubi){.capacity = sizeof volume.bytes, .leb = 1000, .update = volume_update, .write = volume_write,
				   .finish = volume_finish, .read = volume_read, .close = volume_close};
	assert_int_equal(raw_ubi_on(&r, &volume.base, &e), 0);
	assert_int_equal(write_image(r, image, sizeof volume.bytes + 1, &e), -1);
	assert_int_equal(e.verdict, VERDICT_TOO_LARGE);
	assert_false(volume.updating);
	assert_int_equal(write_image(r, image, 2500, &e), 0);
	assert_memory_equal(volume.bytes, image, 2500);
	assert_int_equal(raw_begin(r, 2500, &e), 0); /* cut off */
	assert_int_equal(raw_put(r, image, 1500, &e), 0);
	assert_int_equal(raw_end(r, &e), -1);
	assert_int_equal(raw_hash(r, 2500, hash, &e), -1);
	assert_int_equal(e.verdict, VERDICT_SYSTEM);
	raw_close(&r);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_volume_is_updated_whole_or_told),
	};
	struct err e = {0};

	if (crypto_init_verify(&e) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
