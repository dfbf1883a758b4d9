/* SPDX-License-Identifier: ISC */
/* Extraction: what a good bundle leaves on disk, and what a bad one, or a hostile neighbour, does not. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/beneath.h"
#include "core/extract.h"
#include "tests/bundle.h"

static struct test_key key;
static struct trust trust;
static char home[64];

static int start(void **state)
{
	(void)state;
	if (sodium_init() < 0)
		return -1;
	test_key_make(&key, 1);
	trust.keys[0] = key.pub;
	trust.nkeys = 1;
	strcpy(home, "/tmp/firmseal-extract-XXXXXX");
	return mkdtemp(home) && chdir(home) == 0 ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	return chdir("/") == 0 && beneath_remove(AT_FDCWD, home, NULL) == 0 ? 0 : -1;
}

/* Names in a directory, "." and ".." not counted. */
static int count_names(const char *dir)
{
	DIR *d = opendir(dir);
	int n = -2;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* Something done in the middle: at the given item. */
struct meddling {
	int at;
	void (*act)(const struct extract *x);
};

static enum verdict extract(const struct test_bundle *b, const char *name, unsigned flags, const struct meddling *m)
{
	struct source_memory src;
	struct reader *r = NULL;
	struct reader_item item;
	struct extract *x = NULL;
	struct err e = {0};
	int rc, n = 0;

	source_memory_init(&src, b->out.at, b->out.len);
	rc = reader_open(&r, &src.base, &trust, &policy_none, 2, &e);
	if (rc == 0)
		rc = extract_begin(&x, name, flags, reader_manifest(r), &e);
	while (rc == 0 && (rc = reader_next(r, &item, &e)) == 1) {
		if (m && n++ == m->at)
			m->act(x);
		rc = extract_item(x, &item, &e);
	}
	if (rc == 0 && m && m->at < 0)
		m->act(x);
	if (rc == 0)
		rc = extract_finish(x, &e);
	if (rc == 0)
		rc = extract_commit(x, &e);
	extract_free(&x);
	reader_free(&r);
	return rc == 0 ? VERDICT_OK : e.verdict;
}

static void a_tree_appears_whole(void **state)
{
	struct test_bundle b = {0};
	struct stat st;
	char text[16] = "";
	int fd;

	(void)state;
	test_bundle_small(&b, &key);
	assert_int_equal(extract(&b, "good/", EXTRACT_DURABLE, NULL), VERDICT_OK);
	assert_int_equal(count_names("."), 1);
	assert_int_equal(count_names("good"), 2);
	fd = open("good/boot/uImage", O_RDONLY);
	assert_int_equal(read(fd, text, sizeof text), 6);
	assert_string_equal(text, "kernel");
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0644);
	assert_int_equal(st.st_mtime, 1700000000);
	close(fd);
	assert_int_equal(lstat("good/boot", &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0755);
	assert_int_equal(st.st_mtime, 1700000000);
	memset(text, 0, sizeof text);
	assert_int_equal(readlink("good/boot/current", text, sizeof text), 6);
	assert_string_equal(text, "uImage");
	/* Once more: the directory is there now, and not empty. */
	assert_int_equal(extract(&b, "good", 0, NULL), VERDICT_USAGE);
	assert_int_equal(count_names("."), 1);
	assert_int_equal(mkdir("empty", 0700), 0);
	assert_int_equal(extract(&b, "empty", 0, NULL), VERDICT_OK);
	assert_int_equal(count_names("empty"), 2);
	assert_int_equal(beneath_remove(AT_FDCWD, "empty", NULL), 0);
	assert_int_equal(beneath_remove(AT_FDCWD, "good", NULL), 0);
	test_bundle_free(&b);
}

static void nothing_stays_of_a_bad_one(void **state)
{
	struct test_bundle b = {0};

	(void)state;
	test_bundle_small(&b, &key);
	b.out.at[b.out.len - 1] = 1; /* found only after the last file has been written */
	assert_int_equal(extract(&b, "bad", 0, NULL), VERDICT_TRAILING_DATA);
	assert_int_equal(count_names("."), 0);
	test_bundle_free(&b);
}

static void plant_link_for_dir(const struct extract *x)
{
	char path[128];

	snprintf(path, sizeof path, "%s/boot", extract_staging(x));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(symlink(home, path), 0);
}

static void plant_link_for_file(const struct extract *x)
{
	char path[128];

	snprintf(path, sizeof path, "%s/boot/uImage", extract_staging(x));
	assert_int_equal(symlink("../../victim", path), 0);
}

static void a_planted_link_is_not_followed(void **state)
{
	/* Items: 0 boot, 1 boot/current, 2 boot/uImage, ... A directory is made a link before a file goes into it, and the
	 * name of a file is taken by a link. */
	static const struct meddling file = {2, plant_link_for_file}, dir = {2, plant_link_for_dir};
	struct test_bundle b = {0};

	(void)state;
	test_bundle_small(&b, &key);
	assert_int_equal(extract(&b, "out", 0, &file), VERDICT_UNSAFE_PATH);
	assert_int_equal(count_names("."), 0);
	assert_int_equal(extract(&b, "out", 0, &dir), VERDICT_UNSAFE_PATH);
	assert_int_equal(count_names("."), 0);
	test_bundle_free(&b);
}

static void removing_follows_no_link(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(mkdir("keep", 0700), 0);
	fd = open("keep/file", O_WRONLY | O_CREAT, 0600);
	close(fd);
	assert_int_equal(mkdir("gone", 0700), 0);
	assert_int_equal(mkdir("gone/deep", 0700), 0);
	assert_int_equal(symlink("../keep", "gone/link"), 0);
	assert_int_equal(chmod("gone/deep", 0), 0);
	assert_int_equal(beneath_remove(AT_FDCWD, "gone", NULL), 0);
	assert_int_equal(access("keep/file", F_OK), 0);
	assert_int_equal(beneath_remove(AT_FDCWD, "keep", NULL), 0);
	assert_int_equal(beneath_remove(AT_FDCWD, "never", NULL), 0);
	assert_int_equal(count_names("."), 0);
}

/* Deeper than any bundle's path, and at the place where what is too deep is moved to there are names already. */
static void removing_has_no_end_of_depth(void **state)
{
	enum { DEPTH = 1000 };
	int fd, next;

	(void)state;
	assert_int_equal(mkdir("pit", 0700), 0);
	fd = open("pit", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < DEPTH; i++) {
		assert_int_equal(mkdirat(fd, "d", 0700), 0);
		assert_int_equal(mkdirat(fd, "e", i % 2 ? 0700 : 0), 0);
		next = openat(fd, "d", O_RDONLY | O_DIRECTORY);
		close(fd);
		fd = next;
	}
	close(openat(fd, "file", O_WRONLY | O_CREAT, 0600));
	close(fd);
	close(open("pit/.firmseal-deep-0", O_WRONLY | O_CREAT, 0600));
	assert_int_equal(mkdir("pit/.firmseal-deep-1", 0700), 0);
	close(open("pit/.firmseal-deep-1/file", O_WRONLY | O_CREAT, 0600));
	assert_int_equal(beneath_remove(AT_FDCWD, "pit", NULL), 0);
	assert_int_equal(count_names("."), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_appears_whole),
		cmocka_unit_test(nothing_stays_of_a_bad_one),
		cmocka_unit_test(a_planted_link_is_not_followed),
		cmocka_unit_test(removing_follows_no_link),
		cmocka_unit_test(removing_has_no_end_of_depth),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
