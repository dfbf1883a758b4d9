/* SPDX-License-Identifier: ISC */
/* The request body, read in pieces of every size, and cut as stock boards cut it. */
#define _GNU_SOURCE /* memfd_create */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "flasher/post.h"

static struct image make_image(const void *bytes, size_t len)
{
	struct image image = {.fd = memfd_create("test", MFD_CLOEXEC), .size = len, .name = "p-1.firm.tar"};

	assert_true(image.fd >= 0);
	assert_int_equal(write(image.fd, bytes, len), (ssize_t)len);
	hash_buffer(image.hash, bytes, len);
	return image;
}

/* The whole body, read STEP bytes at a time. */
static size_t read_all(char *out, size_t room, const struct image *image, size_t step)
{
	struct post post;
	size_t len = 0;
	ssize_t n;

	post_init(&post, image, "datafile");
	assert_true(post_size(&post) <= room);
	while ((n = post_read(&post, out + len, step)) > 0)
		len += (size_t)n;
	assert_int_equal(n, 0);
	assert_int_equal(len, post_size(&post));
	assert_int_equal(post_read(&post, out, step), 0);
	return len;
}

static void every_step_gives_the_same_bytes(void **state)
{
	static const char content[] = "\r\n--firmseal-\r\n\r\nsome\0content\r\n";
	struct image image = make_image(content, sizeof content);
	char body[1024], again[1024];
	size_t len = read_all(body, sizeof body, &image, sizeof body);

	(void)state;
	for (size_t step = 1; step < 80; step++) {
		assert_int_equal(read_all(again, sizeof again, &image, step), len);
		assert_memory_equal(again, body, len);
	}
	image_close(&image);
}

static void a_field_may_come_before_the_image(void **state)
{
	struct image image = make_image("content", 7);
	char body[1024], want[1024];
	struct post post;
	size_t len = 0;
	ssize_t n;

	(void)state;
	post_init(&post, &image, "file");
	post_add_field(&post, "keep_settings", "true");
	while ((n = post_read(&post, body + len, 7)) > 0)
		len += (size_t)n;
	snprintf(want, sizeof want,
		 "--%s\r\nContent-Disposition: form-data; name=\"keep_settings\"\r\n\r\ntrue\r\n"
		 "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"p-1.firm.tar\"\r\n"
		 "Content-Type: application/octet-stream\r\n\r\ncontent\r\n--%s--\r\n",
		 post.boundary, post.boundary, post.boundary);
	assert_int_equal(len, strlen(want));
	assert_memory_equal(body, want, len);
	image_close(&image);
}

static void a_password_is_an_object_of_one_member(void **state)
{
	char body[256], value[2048];
	struct post post;
	ssize_t n;

	(void)state;
	assert_int_equal(post_init_json(&post, "pw", "a\"b\\c\001"), 0);
	assert_string_equal(post_type(&post), "application/json");
	n = post_read(&post, body, sizeof body);
	assert_int_equal(n, post_size(&post));
	assert_memory_equal(body, "{\"pw\":\"a\\u0022b\\u005cc\\u0001\"}", (size_t)n);
	assert_int_equal(post_read(&post, body, sizeof body), 0);
	memset(value, '"', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	assert_int_equal(post_init_json(&post, "pw", value), -1);
}

/* First line, headers to the empty line, and from the end the first line's length and six. */
static void stock_arithmetic_gives_the_image(void **state)
{
	static const char content[] = "image\r\n\r\n--more--\r\n";
	struct image image = make_image(content, sizeof content - 1);
	char body[1024], *file, *end;
	size_t len = read_all(body, sizeof body - 1, &image, 7), line;

	(void)state;
	body[len] = '\0';
	line = strcspn(body, "\r");
	assert_memory_equal(body, "--firmseal-", 11);
	file = strstr(body, "\r\n\r\n") + 4;
	end = body + len - line - 6;
	assert_int_equal(end - file, sizeof content - 1);
	assert_memory_equal(file, content, sizeof content - 1);
	assert_memory_equal(end, "\r\n", 2);
	assert_memory_equal(end + 2, body, line);
	assert_memory_equal(end + 2 + line, "--\r\n", 4);
	assert_non_null(
		strstr(body, "\r\nContent-Disposition: form-data; name=\"datafile\"; filename=\"p-1.firm.tar\"\r\n"));
	image_close(&image);
}

static void an_empty_image_has_a_body(void **state)
{
	struct image image = make_image("", 0);
	char body[1024];

	(void)state;
	assert_true(read_all(body, sizeof body, &image, 1) > 100);
	image_close(&image);
}

static void an_image_that_shrank_is_an_error(void **state)
{
	struct image image = make_image("12345678", 8);
	struct post post;
	char body[1024];

	(void)state;
	assert_int_equal(ftruncate(image.fd, 4), 0); /* real ones are sealed against this */
	post_init(&post, &image, "f");
	assert_int_equal(post_read(&post, body, sizeof body), (ssize_t)post.head_len);
	assert_int_equal(post_read(&post, body, sizeof body), 4);
	assert_int_equal(post_read(&post, body, sizeof body), -1);
	image_close(&image);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_step_gives_the_same_bytes),
		cmocka_unit_test(a_field_may_come_before_the_image),
		cmocka_unit_test(a_password_is_an_object_of_one_member),
		cmocka_unit_test(stock_arithmetic_gives_the_image),
		cmocka_unit_test(an_empty_image_has_a_body),
		cmocka_unit_test(an_image_that_shrank_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
