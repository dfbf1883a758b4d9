/* SPDX-License-Identifier: ISC */
/* The payload: any number of threads, the format's bytes, and content that changes while it is packed. */
#define _GNU_SOURCE
#include "tests/packing.h"

#include "core/deflate.h"
#include "core/ustar.h"
#include "packer/content.h"

static void any_number_of_threads_gives_the_same(void **state)
{
	static const unsigned threads[] = {1, 2, 3, 7, 64};
	struct payload_options options = small_chunks;
	char *first = NULL, *other;
	size_t first_len = 0;
	struct err e;

	(void)state;
	plant();
	for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
		struct tree *t = read_tree(&plain_rules);
		struct payload p;
		int fd = spool();

		options.threads = threads[i];
		assert_int_equal(payload_pack(&p, t, fd, &options, NULL, &e), 0);
		assert_int_equal(p.nchunks, (p.bytes - 1) / CHUNK_SIZE_MIN + 1);
		other = slurp(fd, (size_t)p.packed);
		if (first) {
			assert_int_equal(p.packed, first_len);
			assert_memory_equal(other, first, first_len);
			free(other);
		} else {
			first = other;
			first_len = (size_t)p.packed;
		}
		payload_clear(&p);
		tree_free(&t);
		close(fd);
	}
	free(first);
}

/* Expands the payload and compares it with what the specification says of the tree. */
static void stream_is_what_the_format_says(void **state)
{
	static const unsigned char zeros[USTAR_END];
	unsigned char *stream, header[USTAR_BLOCK], hash[HASH_SIZE], *at;
	struct inflater *f = inflater_new();
	struct tree *t;
	struct payload p;
	struct err e;
	int fd = spool();
	char *packed, *next;

	(void)state;
	plant();
	t = read_tree(&plain_rules);
	assert_int_equal(payload_pack(&p, t, fd, &small_chunks, NULL, &e), 0);
	next = packed = slurp(fd, (size_t)p.packed);
	at = stream = malloc((size_t)p.bytes);
	assert_non_null(stream);
	for (uint32_t i = 0; i < p.nchunks; i++) {
		size_t left = (size_t)p.bytes - (size_t)i * CHUNK_SIZE_MIN, n = left < CHUNK_SIZE_MIN ? left : CHUNK_SIZE_MIN;

		hash_buffer(hash, next, p.chunks[i].packed);
		assert_memory_equal(hash, p.chunks[i].hash, HASH_SIZE);
		assert_int_equal(inflater_run(f, at, n, next, p.chunks[i].packed, &e), 0);
		next += p.chunks[i].packed;
		at += n;
	}
	at = stream;
	for (size_t i = 0; i < t->n; i++) {
		struct manifest_entry entry = {.type = t->entries[i].type, .mode = t->entries[i].mode, .size = t->entries[i].size};

		strcpy(entry.path, t->entries[i].path);
		strcpy(entry.target, t->entries[i].target);
		manifest_entry_header(header, &entry, 1700000000);
		assert_memory_equal(at, header, USTAR_BLOCK);
		at += USTAR_BLOCK;
		if (entry.type != ENTRY_FILE)
			continue;
		hash_buffer(hash, at, (size_t)entry.size);
		assert_memory_equal(hash, t->entries[i].hash, HASH_SIZE);
		at += entry.size + ustar_padding(entry.size);
	}
	assert_memory_equal(at, zeros, USTAR_END);
	assert_ptr_equal(at + USTAR_END, stream + p.bytes);
	inflater_free(&f);
	free(stream);
	free(packed);
	payload_clear(&p);
	tree_free(&t);
	close(fd);
}

static void an_empty_tree_is_two_blocks(void **state)
{
	struct tree *t = read_tree(&plain_rules);
	struct payload p;
	struct err e;
	int fd = spool();

	(void)state;
	assert_int_equal(payload_pack(&p, t, fd, &small_chunks, NULL, &e), 0);
	assert_int_equal(p.bytes, USTAR_END);
	assert_int_equal(p.nchunks, 1);
	payload_clear(&p);
	tree_free(&t);
	close(fd);
}

/* --- what changes while it is packed --- */

struct meddler {
	struct watch base;
	void (*act)(void);
	bool done;
};

static void nothing_begins(struct watch *w, const char *what, uint64_t total)
{
	(void)w;
	(void)what;
	assert_true(total > 0);
}

static void meddle(struct watch *w, uint64_t done)
{
	struct meddler *m = (struct meddler *)w;

	(void)done;
	if (!m->done)
		m->act();
	m->done = true;
}

static void nothing_ends(struct watch *w)
{
	(void)w;
}

/* Packs one file of a megabyte. BEFORE happens between the look at the tree and the reading, DURING in the middle of it. */
static void assert_change_fails(void (*before)(void), void (*during)(void), const char *message)
{
	struct meddler m = {.base = {nothing_begins, meddle, nothing_ends}, .act = during, .done = !during};
	struct tree *t;
	struct payload p;
	struct err e = {.verdict = VERDICT_OK};
	int fd = spool();

	put_noise("t/file", 1 << 20);
	t = read_tree(&plain_rules);
	if (before)
		before();
	assert_int_equal(payload_pack(&p, t, fd, &small_chunks, &m.base, &e), -1);
	assert_int_equal(e.verdict, VERDICT_SYSTEM);
	if (!strstr(e.message, message))
		fail_msg("\"%s\" is not in \"%s\"", message, e.message);
	tree_free(&t);
	close(fd);
}

static void grow(void)
{
	assert_int_equal(truncate("t/file", (1 << 20) + 1), 0);
}

static void shrink(void)
{
	assert_int_equal(truncate("t/file", 100000), 0);
}

static void rewrite(void)
{
	struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

	assert_int_equal(utimensat(AT_FDCWD, "t/file", times, 0), 0);
}

static void make_fifo(void)
{
	assert_int_equal(unlink("t/file"), 0);
	assert_int_equal(mkfifo("t/file", 0600), 0);
}

static void make_link(void)
{
	assert_int_equal(rename("t/file", "moved"), 0);
	assert_int_equal(symlink("../moved", "t/file"), 0);
}

static void take_away(void)
{
	assert_int_equal(unlink("t/file"), 0);
}

static void a_changing_file_fails_the_build(void **state)
{
	static const struct {
		void (*before)(void), (*during)(void);
		const char *message;
	} cases[] = {
		{grow, NULL, "changed its size"}, {shrink, NULL, "changed its size"}, {make_fifo, NULL, "was replaced"},
		{make_link, NULL, "went away"}, {take_away, NULL, "went away"}, {NULL, grow, "changed while"},
		{NULL, shrink, "became shorter"}, {NULL, rewrite, "changed while"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(fresh(state), 0);
		assert_change_fails(cases[i].before, cases[i].during, cases[i].message);
	}
}

/* A full disk: the spool takes no more than the limit says. */
static void a_failing_spool_fails_the_build(void **state)
{
	struct tree *t;
	struct payload p;
	struct err e;
	int fd = open("/dev/full", O_RDWR);

	(void)state;
	assert_true(fd >= 0);
	plant();
	t = read_tree(&plain_rules);
	assert_int_equal(payload_pack(&p, t, fd, &small_chunks, NULL, &e), -1);
	assert_int_equal(e.verdict, VERDICT_SYSTEM);
	tree_free(&t);
	close(fd);
}

static void too_many_chunks_are_refused_at_once(void **state)
{
	struct tree *t = tree_new(&plain_rules);
	struct tree_found found = {.type = ENTRY_FILE, .path = "huge", .size = USTAR_SIZE_MAX};
	struct payload p;
	struct err e;

	(void)state;
	assert_int_equal(tree_add(t, &found, &e), 1);
	assert_int_equal(payload_pack(&p, t, -1, &small_chunks, NULL, &e), -1);
	assert_int_equal(e.verdict, VERDICT_TOO_LARGE);
	tree_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(any_number_of_threads_gives_the_same, fresh),
		cmocka_unit_test_setup(stream_is_what_the_format_says, fresh),
		cmocka_unit_test_setup(an_empty_tree_is_two_blocks, fresh),
		cmocka_unit_test(a_changing_file_fails_the_build),
		cmocka_unit_test_setup(a_failing_spool_fails_the_build, fresh),
		cmocka_unit_test(too_many_chunks_are_refused_at_once),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
