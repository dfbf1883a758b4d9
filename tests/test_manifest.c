/* SPDX-License-Identifier: ISC */
/* The manifest: read back line by line, and refused for each thing that can be wrong with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/manifest.h"
#include "core/policy.h"

#define H0 "0000000000000000000000000000000000000000000000000000000000000000"
#define H1 "1111111111111111111111111111111111111111111111111111111111111111"

/* Each line by itself, so that a test can take one out, change it, or put one in. */
static const char *const good[] = {
	"firmseal-manifest 1", "product antminer-s9", "version 2026.11.0", "counter 42", "created 1795392000",
	"board am335x-l3 0 0", "board zynq-s9 1 3", "payload 4096 65536 1", "chunk 402 " H1,
	"attach sbom.json 5 " H0, "dir 0755 0 0 a", "file 0644 1 2 3 " H0 " a-b", "link 0 0 a/%20 ../a-b",
	"rootlink 0 0 a/z /proc/mounts", "file 4755 0 0 0 " H1 " b", "write a-b kernel", "write b rootfs",
	"run a-b before", "run b after",
};
enum { LINES = sizeof good / sizeof *good };

/* Joins the lines, with line AT replaced by TEXT (NULL: left out; "" keeps it and nothing changes). */
static struct manifest *parse(int at, const char *text, struct err *e)
{
	char *all = calloc(1, 4096);
	struct manifest *m = NULL;

	for (int i = 0; i < LINES; i++) {
		const char *line = i == at ? text : good[i];

		if (line) {
			strcat(all, line);
			strcat(all, "\n");
		}
	}
	*e = (struct err){0};
	IGNORE(manifest_parse(&m, all, strlen(all), e));
	return m;
}

static void a_good_one_reads_back(void **state)
{
	struct err e;
	struct manifest *m = parse(-1, NULL, &e);
	struct manifest_entry entry;
	struct manifest_board board;
	struct manifest_write w;
	struct manifest_run run;

	(void)state;
	assert_non_null(m);
	assert_string_equal(manifest_head(m)->product, "antminer-s9");
	assert_int_equal(manifest_head(m)->counter, 42);
	assert_int_equal(manifest_head(m)->packed_bytes, 402);
	assert_int_equal(manifest_chunk_span(m, 0), 4096);
	manifest_board(m, 1, &board);
	assert_string_equal(board.id, "zynq-s9");
	assert_int_equal(board.high, 3);
	manifest_entry(m, 2, &entry);
	assert_int_equal(entry.type, ENTRY_LINK);
	assert_string_equal(entry.path, "a/ ");
	assert_string_equal(entry.target, "../a-b");
	manifest_entry(m, 4, &entry);
	assert_int_equal(entry.mode, 04755);
	assert_int_equal(manifest_find(m, "a/z"), 3);
	assert_int_equal(manifest_find(m, "c"), -1);
	manifest_write(m, 1, &w);
	assert_string_equal(w.slot, "rootfs");
	manifest_run(m, 1, &run);
	assert_int_equal(run.stage, RUN_AFTER);
	manifest_free(&m);
}

struct damage {
	int line;
	const char *text;
	enum verdict verdict;
};

static const struct damage damages[] = {
	{0, "firmseal-manifest 2", VERDICT_MALFORMED_MANIFEST},
	{0, "firmseal-keyring 1", VERDICT_MALFORMED_MANIFEST},
	{1, "product a b", VERDICT_MALFORMED_MANIFEST},
	{1, "product a/b", VERDICT_MALFORMED_MANIFEST},
	{3, "counter 042", VERDICT_MALFORMED_MANIFEST},
	{3, "counter 9223372036854775808", VERDICT_MALFORMED_MANIFEST},
	{3, "counter 42\r", VERDICT_MALFORMED_MANIFEST},
	{4, "created 8589934592", VERDICT_MALFORMED_MANIFEST},
	{5, "board zynq-s9 1 3", VERDICT_MALFORMED_MANIFEST},
	{6, "board am335x-l3 1 3", VERDICT_MALFORMED_MANIFEST},
	{6, "board zynq-s9 3 1", VERDICT_MALFORMED_MANIFEST},
	{7, "payload 4097 65536 1", VERDICT_MALFORMED_MANIFEST},
	{7, "payload 4608 65536 1", VERDICT_MALFORMED_MANIFEST},
	{7, "payload 4096 65537 1", VERDICT_MALFORMED_MANIFEST},
	{7, "payload 4096 32768 1", VERDICT_MALFORMED_MANIFEST},
	{7, "payload 4096 65536 2", VERDICT_MALFORMED_MANIFEST},
	{7, "payload 512 65536 1", VERDICT_MALFORMED_MANIFEST},
	{8, "chunk 0 " H1, VERDICT_MALFORMED_MANIFEST},
	{8, "chunk 4617 " H1, VERDICT_MALFORMED_MANIFEST},
	{8, "chunk 402 " H1 "0", VERDICT_MALFORMED_MANIFEST},
	{9, "attach a/b 5 " H0, VERDICT_UNSAFE_PATH},
	{9, "attach .. 5 " H0, VERDICT_UNSAFE_PATH},
	{9, "extra", VERDICT_MALFORMED_MANIFEST},
	{10, "dir 755 0 0 a", VERDICT_MALFORMED_MANIFEST},
	{10, "dir 0755 0 2097152 a", VERDICT_MALFORMED_MANIFEST},
	{10, "dir 0755 0 0 ..", VERDICT_UNSAFE_PATH},
	{10, "dir 0755 0 0 /a", VERDICT_UNSAFE_PATH},
	{10, "dir 0755 0 0 a%2Fb", VERDICT_MALFORMED_MANIFEST},
	{10, "dir 0755 0 0 %41", VERDICT_MALFORMED_MANIFEST},
	{10, "dir 0755 0 0 a ", VERDICT_MALFORMED_MANIFEST},
	{10, "rootlink 0 0 a /tmp", VERDICT_UNSAFE_PATH}, /* a parent that is a link */
	{10, "dir 0755 0 0 A", VERDICT_UNSAFE_PATH},      /* a parent that is missing */
	{11, "file 0644 1 2 03 " H0 " a-b", VERDICT_MALFORMED_MANIFEST},
	{11, "file 0644 1 2 3 " H0 " a", VERDICT_MALFORMED_MANIFEST},
	{11, "file 0644 1 2 3 " H0 " z", VERDICT_MALFORMED_MANIFEST},
	{11, "file 0644 1 2 600 " H0 " a-b", VERDICT_MALFORMED_MANIFEST},
	{12, "link 0 0 a/%20 ../../x", VERDICT_UNSAFE_PATH},
	{12, "link 0 0 a/%20 x/..", VERDICT_UNSAFE_PATH},
	{12, "link 0 0 a/%20 /etc", VERDICT_UNSAFE_PATH},
	{12, "link 0 0 a/%20", VERDICT_MALFORMED_MANIFEST},
	{13, "rootlink 0 0 a/z etc", VERDICT_UNSAFE_PATH},
	{13, "fifo 0 0 a/z", VERDICT_MALFORMED_MANIFEST},
	{15, "write missing kernel", VERDICT_MALFORMED_MANIFEST},
	{15, "write a kernel", VERDICT_MALFORMED_MANIFEST},
	{15, "write a-b zlast", VERDICT_MALFORMED_MANIFEST},
	{15, "write a-b bad/slot", VERDICT_MALFORMED_MANIFEST},
	{17, "run a-b during", VERDICT_MALFORMED_MANIFEST},
	{17, "run b after", VERDICT_MALFORMED_MANIFEST},
	{18, "run a-b before", VERDICT_MALFORMED_MANIFEST},
	{18, "unknown line", VERDICT_MALFORMED_MANIFEST},
	{18, "", VERDICT_MALFORMED_MANIFEST},
};

static void each_damage_has_its_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		const struct damage *d = &damages[i];
		struct err e;
		struct manifest *m = parse(d->line, d->text, &e);

		if (m || e.verdict != d->verdict)
			fail_msg("`%s': %s (%s)", d->text, verdict_word(e.verdict), e.message);
	}
	for (int i = 0; i <= 8; i++) { /* each line of the head is needed */
		struct err e;
		struct manifest *m = parse(i, NULL, &e);

		if (i == 5 || i == 6) /* one board is enough */
			assert_non_null(m);
		else
			assert_int_equal(e.verdict, VERDICT_MALFORMED_MANIFEST);
		manifest_free(&m);
	}
}

static void the_policy_names_what_does_not_fit(void **state)
{
	struct err e = {0};
	struct manifest *m = parse(-1, NULL, &e);
	struct policy p = {.board = "zynq-s9", .revision = 1, .product = "antminer-s9", .counter = 42};

	(void)state;
	assert_int_equal(policy_check(&p, m, &e), ACCEPTED);
	p.revision = 4;
	assert_int_equal(policy_check(&p, m, &e), REFUSED);
	assert_int_equal(e.verdict, VERDICT_WRONG_BOARD);
	p.board = "zynq-s90";
	p.revision = 1;
	assert_int_equal(policy_check(&p, m, &e), REFUSED);
	assert_int_equal(e.verdict, VERDICT_WRONG_BOARD);
	p.board = "zynq-s9";
	p.product = "antminer";
	assert_int_equal(policy_check(&p, m, &e), REFUSED);
	assert_int_equal(e.verdict, VERDICT_WRONG_PRODUCT);
	p.product = "antminer-s9";
	p.counter = 43;
	assert_int_equal(policy_check(&p, m, &e), REFUSED);
	assert_int_equal(e.verdict, VERDICT_ROLLBACK);
	manifest_free(&m);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_one_reads_back),
		cmocka_unit_test(each_damage_has_its_verdict),
		cmocka_unit_test(the_policy_names_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
