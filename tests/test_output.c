/* SPDX-License-Identifier: ISC */
/* What was made is not lost when it cannot be written after all. */
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

#include "flasher/output.h"

static void expect_saved(const char *name, const char *place)
{
	struct output out;
	struct err e = {.verdict = VERDICT_USAGE};
	char text[16] = "";
	FILE *saved;

	assert_int_equal(output_open(&out, &e), 0);
	fputs("result", out.file);
	assert_int_equal(output_commit(&out, name, false, &e), -1);
	if (!strstr(e.message, "the result is saved as ") || !strstr(e.message, place))
		fail_msg("%s", e.message);
	saved = fopen(place, "r");
	assert_non_null(saved);
	assert_non_null(fgets(text, sizeof text, saved));
	fclose(saved);
	assert_string_equal(text, "result");
	assert_int_equal(unlink(place), 0);
}

static void results_are_saved_beside(void **state)
{
	char dir[] = "/tmp/firmseal-output.XXXXXX";
	struct err e = {.verdict = VERDICT_USAGE};
	FILE *other;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(mkdir("goes", 0700), 0);
	assert_int_equal(output_prove("goes/x.csv", false, &e), 0);
	assert_int_equal(rmdir("goes"), 0); /* which also shows that the proof left nothing in it */
	expect_saved("goes/x.csv", "x.csv.saved-1");
	assert_int_equal(output_prove("x.csv", false, &e), 0);
	other = fopen("x.csv", "w"); /* another program made it meanwhile */
	assert_non_null(other);
	fclose(other);
	expect_saved("x.csv", "x.csv.saved-1");
	assert_int_equal(output_prove("x.csv", false, &e), -1);
	assert_int_equal(e.verdict, VERDICT_USAGE);
	assert_int_equal(output_prove("x.csv", true, &e), 0);
	assert_int_equal(unlink("x.csv"), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(results_are_saved_beside)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
