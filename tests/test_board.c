/* SPDX-License-Identifier: ISC */
/* Board profiles: what is read, and that each kind of bad line is refused with its number. */
#define _GNU_SOURCE /* mkdtemp */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "boards/board.h"

static const char good[] = "# a board\n"                 /* 1 */
			   "board some-board\n"          /* 2 */
			   "title Some board, rev. 1\n"  /* 3 */
			   "family zynq\n"               /* 4 */
			   "model Antminer X\n"          /* 5 */
			   "model Antminer X+\n"         /* 6 */
			   "dialect html\n"              /* 7 */
			   "realm antMiner Configuration\n"
			   "\n"
			   "probe /cgi-bin/info.cgi\n"   /* 10 */
			   "field datafile\n"
			   "send bundle\n"
			   "upgrade keep /cgi-bin/upgrade.cgi\n"
			   "reboot keep get /cgi-bin/reboot.cgi\n"
			   "upgrade wipe /cgi-bin/upgrade_clear.cgi\n" /* 15 */
			   "reboot wipe itself\n";

static void a_profile_is_read(void **state)
{
	struct board b;
	struct err e = {0};

	(void)state;
	assert_int_equal(board_parse(&b, "x.board", good, sizeof good - 1, &e), 0);
	assert_string_equal(b.id, "some-board");
	assert_string_equal(b.title, "Some board, rev. 1");
	assert_string_equal(b.family, "zynq");
	assert_int_equal(b.nmodels, 2);
	assert_string_equal(b.models[1], "Antminer X+");
	assert_int_equal(b.dialect, BOARD_HTML);
	assert_string_equal(board_dialect_word(b.dialect), "html");
	assert_string_equal(b.realm, "antMiner Configuration");
	assert_string_equal(b.probe, "/cgi-bin/info.cgi");
	assert_string_equal(b.field, "datafile");
	assert_string_equal(b.keep.upgrade, "/cgi-bin/upgrade.cgi");
	assert_string_equal(b.keep.reboot, "/cgi-bin/reboot.cgi");
	assert_string_equal(b.wipe.upgrade, "/cgi-bin/upgrade_clear.cgi");
	assert_string_equal(b.wipe.reboot, "");
}

/* GOOD with line N (from 1) replaced by LINE; the line is left out when LINE is NULL. The caller frees. */
static char *with_line(unsigned n, const char *line)
{
	char *text = calloc(1, sizeof good + 4096), *out = text;
	unsigned at = 1;

	assert_non_null(text);
	for (const char *p = good; *p; at++) {
		size_t len = (size_t)(strchr(p, '\n') - p) + 1;

		if (at != n)
			out = (char *)memcpy(out, p, len) + len;
		else if (line)
			out += sprintf(out, "%s\n", line);
		p += len;
	}
	return text;
}

static void refuse(const char *text, size_t len, const char *where, const char *what)
{
	struct board b;
	struct err e = {0};

	assert_int_equal(board_parse(&b, "x.board", text, len, &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
	if (strncmp(e.message, where, strlen(where)) != 0 || !strstr(e.message, what))
		fail_msg("message is %s, wanted %s and %s", e.message, where, what);
}

static void each_bad_line_is_refused_with_its_number(void **state)
{
	static const struct {
		unsigned line;
		const char *text, *where, *what;
	} bad[] = {
		{1, "nonsense 1", "x.board:1:", "unknown directive"},
		{1, "board", "x.board:1:", "without a value"},
		{1, " board a", "x.board:1:", "unknown directive"},
		{1, "Board a", "x.board:1:", "unknown directive"},
		{2, "board ", "x.board:2:", "one space"},
		{2, "board  a", "x.board:2:", "one space"},
		{2, "board a ", "x.board:2:", "one space"},
		{2, "board a b", "x.board:2:", "not a name"},
		{2, "board ../a", "x.board:2:", "not a name"},
		{3, "board b", "x.board:3:", "said twice"},
		{3, "title tab\there", "x.board:3:", "not printable ASCII"},
		{3, "title return\r", "x.board:3:", "not printable ASCII"},
		{3, "title \xc3\xa9", "x.board:3:", "not printable ASCII"},
		{3, "title say \"hello\"", "x.board:3:", "quotes"},
		{3, "title back\\slash", "x.board:3:", "quotes"},
		{4, "family two words", "x.board:4:", "not a name"},
		{7, "dialect xml", "x.board:7:", "html, json, plain or token"},
		{7, "dialect HTML", "x.board:7:", "html, json, plain or token"},
		{8, "realm a\\b", "x.board:8:", "quotes"},
		{10, "probe cgi-bin/info.cgi", "x.board:10:", "not a path"},
		{10, "probe /a/../b", "x.board:10:", "not a path"},
		{10, "probe //elsewhere/a", "x.board:10:", "not a path"},
		{10, "probe /a?b", "x.board:10:", "not a path"},
		{10, "probe /a%41", "x.board:10:", "not a path"},
		{10, "probe /a b", "x.board:10:", "not a path"},
		{10, "probe /a@b", "x.board:10:", "not a path"},
		{11, "field a\"; b", "x.board:11:", "not a name"},
		{12, "send everything", "x.board:12:", "`bundle', `payload' or `file PATH'"},
		{12, "send file ../etc/passwd", "x.board:12:", "`file PATH'"},
		{12, "send file /etc/passwd", "x.board:12:", "`file PATH'"},
		{13, "upgrade", "x.board:13:", "unknown directive"},
		{13, "upgrade sideways /a", "x.board:13:", "unknown directive"},
		{13, "upgrade keep a", "x.board:13:", "not a path"},
		{14, "reboot keep", "x.board:14:", "without a value"},
		{14, "reboot keep never", "x.board:14:", "get PATH"},
		{14, "reboot keep get", "x.board:14:", "get PATH"},
		{14, "reboot keep get reboot.cgi", "x.board:14:", "not a path"},
		{14, "reboot keep post /a", "x.board:14:", "get PATH"},
		{15, "upgrade wipe /cgi-bin/upgrade.cgi", "x.board:", "the same path"},
		{15, "upgrade keep /cgi-bin/other.cgi", "x.board:15:", "said twice"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char *text = with_line(bad[i].line, bad[i].text);

		refuse(text, strlen(text), bad[i].where, bad[i].what);
		free(text);
	}
}

/* A profile with LINE put before its last directive. */
static void parse_with(struct board *b, const char *send, const char *more)
{
	char text[2048];
	struct err e = {0};
	int n = snprintf(text, sizeof text,
			 "board x\ntitle X\nmodel Model A\ndialect json\nrealm r\nprobe /p\nfield f\nsend %s\nupgrade keep /u\n"
			 "reboot keep itself\n%s",
			 send, more);

	if (board_parse(b, "x.board", text, (size_t)n, &e))
		fail_msg("%s", e.message);
}

static void what_is_sent_and_to_which_hardware(void **state)
{
	struct board b;

	(void)state;
	parse_with(&b, "bundle", "");
	assert_int_equal(b.send, BOARD_SEND_BUNDLE);
	assert_string_equal(b.hardware, "x");
	parse_with(&b, "payload", "hardware y\n");
	assert_int_equal(b.send, BOARD_SEND_PAYLOAD);
	assert_string_equal(b.hardware, "y");
	parse_with(&b, "file a/b.bmu", "");
	assert_int_equal(b.send, BOARD_SEND_FILE);
	assert_string_equal(b.send_path, "a/b.bmu");
}

static void a_board_fits_by_its_subtype_or_else_its_model(void **state)
{
	struct board b;

	(void)state;
	parse_with(&b, "bundle", "");
	assert_int_equal(board_fits(&b, "r", "Model A", ""), BOARD_FIT_MODEL);
	assert_int_equal(board_fits(&b, "", "Model A", ""), BOARD_FIT_MODEL);
	assert_int_equal(board_fits(&b, "other", "Model A", ""), BOARD_UNFIT);
	assert_int_equal(board_fits(&b, "r", "Model AB", ""), BOARD_UNFIT);
	assert_int_equal(board_fits(&b, "r", "Model A", "CVCtrl_B"), BOARD_UNFIT); /* the same model on another board */
	parse_with(&b, "bundle", "subtype CVCtrl_*\nsubtype exact\n");
	assert_int_equal(board_fits(&b, "r", "Model A", "CVCtrl_B"), BOARD_FIT_SUBTYPE);
	assert_int_equal(board_fits(&b, "r", "", "exact"), BOARD_FIT_SUBTYPE);
	assert_int_equal(board_fits(&b, "r", "", "exact!"), BOARD_UNFIT);
	assert_int_equal(board_fits(&b, "r", "Model A", ""), BOARD_UNFIT);
}

static void what_is_missing_is_named(void **state)
{
	static const struct {
		unsigned line;
		const char *word; /* NULL: may be left out */
	} lines[] = {{1, NULL},
		     {2, "`board'"},
		     {3, "`title'"},
		     {4, NULL},
		     {5, NULL},
		     {7, "`dialect'"},
		     {8, NULL},
		     {9, NULL},
		     {10, "`probe'"},
		     {11, "`field'"},
		     {12, "`send'"},
		     {13, "`upgrade keep'"},
		     {14, "`reboot keep'"},
		     {15, "go together"},
		     {16, "go together"}};
	struct board b;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		char *text = with_line(lines[i].line, NULL);

		if (lines[i].word)
			refuse(text, strlen(text), "x.board:", lines[i].word);
		else
			assert_int_equal(board_parse(&b, "x.board", text, strlen(text), NULL), 0);
		free(text);
	}
	refuse("", 0, "x.board:", "`board'");
}

static void odd_ends_are_refused(void **state)
{
	char long_line[400], many[64 * 40] = "";

	(void)state;
	refuse(good, sizeof good - 2, "x.board:16:", "does not end in a newline");
	refuse("board a\0b\n", 10, "x.board:1:", "not printable ASCII");
	snprintf(long_line, sizeof long_line, "title %0130d\n", 1);
	refuse(long_line, strlen(long_line), "x.board:1:", "too long");
	snprintf(long_line, sizeof long_line, "probe /%0130d\n", 1);
	refuse(long_line, strlen(long_line), "x.board:1:", "not a path");
	for (int i = 0; i <= BOARD_MODELS_MAX; i++)
		strcat(many, "model Antminer\n");
	refuse(many, strlen(many), "x.board:25:", "one model too many");
}

/* --- files and directories --- */

static char folder[] = "/tmp/firmseal-test-board.XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	for (int i = 0; i < 2; i++) {
		static const char *const names[] = {"some-board.board", "other.board"};

		snprintf(command, sizeof command, "%s/%s", folder, names[i]);
		unlink(command);
	}
	return rmdir(folder);
}

static void put(const char *name)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fputs(good, f) < 0, 0);
	assert_int_equal(fclose(f), 0);
}

static void profiles_are_found_by_id(void **state)
{
	struct board_dirs dirs;
	struct board b, *all;
	struct err e = {0};
	size_t n;

	(void)state;
	assert_int_equal(board_dirs_init(&dirs, folder, &e), 0);
	assert_int_equal(dirs.n, 1);
	assert_int_equal(board_list(&all, &n, &dirs, &e), -1);
	assert_non_null(strstr(e.message, folder));
	put("some-board.board");
	assert_int_equal(board_find(&b, &dirs, "some-board", &e), 0);
	assert_string_equal(b.id, "some-board");
	assert_int_equal(board_list(&all, &n, &dirs, &e), 0);
	assert_int_equal(n, 1);
	free(all);
	assert_int_equal(board_find(&b, &dirs, "absent", &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
	assert_non_null(strstr(e.message, "no profile absent.board"));
	assert_int_equal(board_find(&b, &dirs, "../some-board", &e), -1);
	assert_non_null(strstr(e.message, "no board's id"));
	put("other.board"); /* says that it is some-board */
	assert_int_equal(board_find(&b, &dirs, "other", &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
	assert_non_null(strstr(e.message, "must be some-board.board"));
	assert_int_equal(board_list(&all, &n, &dirs, &e), -1);
}

static void without_a_directory_it_looks_beside_the_program(void **state)
{
	struct board_dirs dirs;
	struct err e = {0};

	(void)state;
	assert_int_equal(board_dirs_init(&dirs, NULL, &e), 0);
	assert_int_equal(dirs.n, 2);
	assert_int_equal(dirs.dir[0][0], '/');
	assert_non_null(strstr(dirs.dir[0], "/../share/firmseal/boards"));
	assert_non_null(strstr(dirs.dir[1], "/../boards"));
	assert_int_equal(board_dirs_init(&dirs, "", &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_profile_is_read),
		cmocka_unit_test(each_bad_line_is_refused_with_its_number),
		cmocka_unit_test(what_is_sent_and_to_which_hardware),
		cmocka_unit_test(a_board_fits_by_its_subtype_or_else_its_model),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(odd_ends_are_refused),
		cmocka_unit_test(profiles_are_found_by_id),
		cmocka_unit_test(without_a_directory_it_looks_beside_the_program),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
