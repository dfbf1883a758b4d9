/* SPDX-License-Identifier: ISC */
/* What a build is told and what it writes down: arguments, manifest, attachments. */
#define _GNU_SOURCE
#include "tests/packing.h"

#include "packer/attach.h"
#include "packer/bundle_write.h"
#include "packer/manifest_write.h"

/* --- manifest, attachments --- */

static void manifest_passes_the_readers_parser(void **state)
{
	struct build_options o = {.product = "p", .version = "1.0", .counter = 7, .nboards = 1, .chunk_size = CHUNK_SIZE_MIN};
	struct attachments a = {.n = 0};
	const char *const files[] = {"zeta.json", "alpha 1.txt"};
	struct manifest *m;
	struct tree *t;
	struct payload p;
	struct err e = {.verdict = VERDICT_OK};
	int fd = spool();
	size_t len;
	char *text;

	(void)state;
	plant();
	put_text("t/name with % and \xff", "x");
	put_text("zeta.json", "{}");
	put_text("alpha 1.txt", "");
	o.boards[0] = (struct manifest_board){.id = "b", .low = 0, .high = INT64_MAX};
	t = read_tree(&plain_rules);
	assert_int_equal(attach_open(&a, files, 2, NULL, &e), 0);
	assert_int_equal(payload_pack(&p, t, fd, &small_chunks, NULL, &e), 0);
	assert_int_equal(manifest_write_text(&text, &len, &o, 1700000000, 0, t, &p, &a, &e), 0);
	if (manifest_parse(&m, text, len, &e) != 0)
		fail_msg("%s", e.message);
	assert_int_equal(manifest_head(m)->nentries, t->n);
	assert_int_equal(manifest_head(m)->nattach, 2);
	assert_true(manifest_find(m, "name with % and \xff") >= 0);
	manifest_free(&m);
	payload_clear(&p);
	attach_close(&a);
	tree_free(&t);
	close(fd);
}

static void attachments_have_names_of_their_own(void **state)
{
	static const char *const bad[][2] = {
		{"manifest", NULL}, {"payload.tar.gz", NULL}, {"keyring.4", NULL}, {"new\nline", NULL}, {"t", NULL},
		{"t/twice", "twice"},
	};
	struct attachments a;
	struct err e;

	(void)state;
	put_text("t/twice", "");
	put_text("twice", "");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (strcmp(bad[i][0], "t") != 0)
			put_text(bad[i][0], "");
		assert_int_equal(attach_open(&a, bad[i], bad[i][1] ? 2 : 1, NULL, &e), -1);
		assert_int_equal(e.verdict, VERDICT_USAGE);
	}
}

static void an_attachment_that_changes_leaves_no_bundle(void **state)
{
	struct attachments a;
	const char *const files[] = {"note"};
	struct bundle_parts parts = {.manifest = {"m", 1}, .signatures = {"s", 1}, .attachments = &a};
	uint64_t size;
	struct err e;

	(void)state;
	put_text("note", "one");
	parts.payload = spool();
	assert_int_equal(attach_open(&a, files, 1, NULL, &e), 0);
	put_text("note", "two");
	assert_int_equal(bundle_write("out", &parts, &size, &e), -1);
	assert_int_equal(e.verdict, VERDICT_SYSTEM);
	assert_int_equal(access("out", F_OK), -1);
	attach_close(&a);
	close(parts.payload);
}

/* --- arguments --- */

static int parse(struct build_options *o, struct err *e, const char *const *more, size_t n)
{
	const char *argv[40] = {"build", "tree", "--product", "p", "--version", "1", "--counter", "1", "--key", "k", "-o", "out"};
	size_t argc = 12;

	for (size_t i = 0; i < n; i++)
		argv[argc++] = more[i];
	argv[argc] = NULL;
	return options_parse(o, (int)argc, (char **)argv, NULL, e);
}

static void reads_boards(void **state)
{
	static const char *const more[] = {"--board", "z:3", "--board", "b:1-2", "--board", "m"};
	struct build_options o;
	struct err e;

	(void)state;
	assert_int_equal(parse(&o, &e, more, 6), 0);
	assert_string_equal(o.boards[0].id, "b");
	assert_int_equal(o.boards[0].low, 1);
	assert_int_equal(o.boards[0].high, 2);
	assert_string_equal(o.boards[1].id, "m");
	assert_int_equal(o.boards[1].low, 0);
	assert_true(o.boards[1].high == INT64_MAX);
	assert_int_equal(o.boards[2].low, 3);
	assert_int_equal(o.boards[2].high, 3);
}

static void reads_chunk_sizes(void **state)
{
	static const struct {
		const char *text;
		uint32_t size; /* 0: refused */
	} cases[] = {{"64K", 65536}, {"256K", 262144}, {"1M", 1 << 20}, {"4M", 4 << 20}, {"65536", 65536}, {"63K", 0}, {"96K", 0},
		     {"8M", 0}, {"", 0}, {"K", 0}, {"0x10000", 0}, {"4096M", 0}, {"1m", 0}, {"-1M", 0}};
	struct build_options o;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *const more[] = {"--board", "b", "--chunk-size", cases[i].text};

		assert_int_equal(parse(&o, &e, more, 4), cases[i].size ? 0 : -1);
		if (cases[i].size)
			assert_int_equal(o.chunk_size, cases[i].size);
		else
			assert_int_equal(e.verdict, VERDICT_USAGE);
	}
}

static void refuses_wrong_arguments(void **state)
{
	static const char *const cases[][4] = {
		{"--board", "b:2-1", NULL, NULL}, {"--board", "b:-1", NULL, NULL}, {"--board", "b:1-", NULL, NULL},
		{"--board", "b:", NULL, NULL}, {"--board", "", NULL, NULL}, {"--board", "a b", NULL, NULL},
		{"--board", "b:9223372036854775808", NULL, NULL}, {"--board", "b", "--board", "b:1"},
		{"--board", "b", "--level", "0"}, {"--board", "b", "--level", "10"}, {"--board", "b", "--threads", "0"},
		{"--board", "b", "--threads", "65"}, {"--board", "b", "--write", "f"}, {"--board", "b", "--write", "../f=s"},
		{"--board", "b", "--write", "f=s/t"}, {"--board", "b", "--write", "=s"}, {"--board", "b", "--run", "f=later"},
		{"--board", "b", "--counter", "-1"}, {"--board", "b", "--counter", "01"}, {"--board", "b", "--version", "1 0"},
		{"--board", "b", "--no-such", NULL}, {"--board", "b", "second-tree", NULL}, {"--board", NULL, NULL, NULL},
		{NULL, NULL, NULL, NULL},
	};
	struct build_options o;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = 0;

		while (n < 4 && cases[i][n])
			n++;
		if (parse(&o, &e, cases[i], n) != -1)
			fail_msg("case %zu is taken", i);
		assert_int_equal(e.verdict, VERDICT_USAGE);
	}
}

static void orders_actions(void **state)
{
	static const char *const more[] = {"--board", "b", "--run", "c=after", "--run", "b=before", "--run", "a=before",
					   "--write", "x=y=slot-z", "--write", "w=slot-a"};
	static const char *const twice[] = {"--board", "b", "--run", "c=after", "--run", "c=after"};
	struct build_options o;
	struct err e;

	(void)state;
	assert_int_equal(parse(&o, &e, more, 12), 0);
	assert_string_equal(o.runs[0].path, "b"); /* as given, within a stage */
	assert_string_equal(o.runs[1].path, "a");
	assert_string_equal(o.runs[2].path, "c");
	assert_string_equal(o.writes[0].slot, "slot-a");
	assert_string_equal(o.writes[1].path, "x=y");
	assert_int_equal(parse(&o, &e, twice, 6), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(manifest_passes_the_readers_parser, fresh),
		cmocka_unit_test_setup(attachments_have_names_of_their_own, fresh),
		cmocka_unit_test(an_attachment_that_changes_leaves_no_bundle),
		cmocka_unit_test(reads_boards),
		cmocka_unit_test(reads_chunk_sizes),
		cmocka_unit_test(refuses_wrong_arguments),
		cmocka_unit_test(orders_actions),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
