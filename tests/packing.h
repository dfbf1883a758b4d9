/* SPDX-License-Identifier: ISC */
/* What the packer's tests stand on: a directory to play in, noise, trees read from it. */
#ifndef TESTS_PACKING_H
#define TESTS_PACKING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"
#include "packer/options.h"
#include "packer/payload.h"

static char home[64];

/* --- a directory to play in --- */

static inline int start(void **state)
{
	(void)state;
	if (sodium_init() < 0)
		return -1;
	umask(022);
	strcpy(home, "/tmp/firmseal-packer-XXXXXX");
	return mkdtemp(home) && chdir(home) == 0 ? 0 : -1;
}

static inline int stop(void **state)
{
	(void)state;
	return chdir("/") == 0 && beneath_remove(AT_FDCWD, home, NULL) == 0 ? 0 : -1;
}

/* Each test begins with an empty directory "t". */
static inline int fresh(void **state)
{
	(void)state;
	return beneath_remove(AT_FDCWD, "t", NULL) == 0 && mkdir("t", 0755) == 0 ? 0 : -1;
}

static inline void put(const char *name, const void *bytes, size_t len)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(io_write_all(fd, bytes, len), 0);
	close(fd);
}

static inline void put_text(const char *name, const char *text)
{
	put(name, text, strlen(text));
}

/* LEN bytes that do not deflate well, the same each time. */
static inline void put_noise(const char *name, size_t len)
{
	unsigned char *bytes = malloc(len + 1);
	uint32_t x = 1;

	assert_non_null(bytes);
	for (size_t i = 0; i < len; i++) {
		x = x * 1664525 + 1013904223;
		bytes[i] = (unsigned char)(i % 3000 < 1500 ? x >> 24 : i / 3000);
	}
	put(name, bytes, len);
	free(bytes);
}

static inline struct tree *read_tree(const struct tree_rules *rules)
{
	struct err e = {.verdict = VERDICT_OK};
	struct tree *t = tree_new(rules);
	int fd = open("t", O_RDONLY | O_DIRECTORY);

	assert_non_null(t);
	assert_true(fd >= 0);
	if (tree_read(t, fd, &e) != 0)
		fail_msg("%s", e.message);
	close(fd);
	return t;
}

static const struct tree_rules plain_rules;

static inline void assert_paths(const struct tree *t, const char *const *paths, size_t n)
{
	assert_int_equal(t->n, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(t->entries[i].path, paths[i]);
}

/* --- what the payload's tests need --- */

static const struct payload_options small_chunks = {.created = 1700000000, .chunk_size = CHUNK_SIZE_MIN, .level = 6, .threads = 2};

static inline int spool(void)
{
	struct err e;
	int fd = io_spool("spool", &e);

	assert_true(fd >= 0);
	return fd;
}

static inline char *slurp(int fd, size_t len)
{
	char *bytes = malloc(len + 1);

	assert_non_null(bytes);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(io_read_full(fd, bytes, len + 1), len);
	return bytes;
}

static inline void plant(void)
{
	char name[32];

	assert_int_equal(mkdir("t/d", 0755), 0);
	put_noise("t/large", 1000000);
	put_noise("t/d/chunk", CHUNK_SIZE_MIN);
	put_text("t/empty", "");
	assert_int_equal(symlink("d/chunk", "t/link"), 0);
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof name, "t/d/%02d", i);
		put_noise(name, (size_t)(i * 511));
	}
}

#endif
