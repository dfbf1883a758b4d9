/* SPDX-License-Identifier: ISC */
/* Every form of a report from one made-up rollout, with boards in it that would like to break out. With an argument it
 * writes that form to standard output: html, json, csv, junit, metrics, live (for tests/report.sh). */
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

#include "tests/report_sample.h"
#include "flasher/report_fill.h"
#include "flasher/report_write.h"

static struct sample sample;
static char *text;

typedef int form(FILE *out, const struct report *r, struct err *e);

static void render(form *f)
{
	struct err e = {0};
	size_t len;
	FILE *out;

	free(text);
	out = open_memstream(&text, &len);
	assert_non_null(out);
	assert_int_equal(f(out, &sample.report, &e), 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(strlen(text), len); /* no NUL in it */
}

static size_t times(const char *part)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
		n++;
	return n;
}

static void no_byte_is_odd(void)
{
	for (const char *p = text; *p; p++)
		assert_true(*p == '\n' || *p == '\r' || (*p >= 0x20 && *p <= 0x7e));
}

static int begin(void **state)
{
	(void)state;
	sample_fill(&sample);
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	return 0;
}

static void text_is_read_by_people(void **state)
{
	(void)state;
	render(report_text);
	no_byte_is_odd();
	assert_true(times("the board says \"Cannot Find Signature!!!\"") > 0); /* quotes stay: nothing stands around them */
	assert_int_equal(times("\\x22"), 0);
}

static void words_and_states_are_one(void **state)
{
	enum session_state found;

	(void)state;
	for (int i = 0; i < SESSION_STATES; i++) {
		assert_int_equal(session_state_find(&found, session_state_word((enum session_state)i)), 0);
		assert_int_equal(found, i);
	}
	assert_int_equal(session_state_find(&found, "fine"), -1);
}

static void every_board_is_counted_once(void **state)
{
	size_t all[SESSION_STATES], wave[SESSION_STATES];
	struct report_sums s;

	(void)state;
	report_count(&sample.report, 0, all);
	report_sum(&s, all);
	assert_int_equal(s.all, SAMPLE_BOARDS);
	assert_int_equal(s.good + s.bad + s.unknown + s.skipped + s.going + s.waiting, SAMPLE_BOARDS);
	for (int i = 0; i < SESSION_STATES; i++)
		assert_true(all[i] > 0); /* the sample shows each */
	report_count(&sample.report, 1, wave);
	report_sum(&s, wave);
	assert_int_equal(s.all, 10);
}

static void html_holds_every_state_and_no_way_out(void **state)
{
	char want[64];

	(void)state;
	render(report_html);
	no_byte_is_odd();
	for (int i = 0; i < SESSION_STATES; i++) {
		snprintf(want, sizeof want, "data-state=\"%s\"", session_state_word((enum session_state)i));
		assert_int_equal(times(want), 1);
		snprintf(want, sizeof want, "<span class=\"s-%s\" title=", session_state_word((enum session_state)i));
		assert_true(times(want) > 0);
	}
	assert_int_equal(times("<script"), 0);
	assert_int_equal(times("<img"), 0);
	assert_int_equal(times("<link"), 0);
	assert_int_equal(times("url("), 0);
	assert_int_equal(times("src=\""), 0);
	assert_int_equal(times("href="), 0);
	assert_true(times("&lt;script src=&quot;") >= 3);
	assert_int_equal(times("Content-Security-Policy\" content=\"default-src 'none'"), 1);
}

/* A board that needs a card is the case that matters: no class may go without an explanation. */
static void html_explains_every_class_and_state(void **state)
{
	struct report_fault found[SESSION_CLASSES];
	char want[512];

	(void)state;
	assert_int_equal(report_faults(&sample.report, found), SESSION_CLASSES - 1); /* the sample has each but `none' */
	render(report_html);
	for (int i = 1; i < SESSION_CLASSES; i++) {
		snprintf(want, sizeof want, "<b>%s</b></td><td class=\"n\">", session_class_word((enum session_class)i));
		assert_int_equal(times(want), 1);
		snprintf(want, sizeof want, "<td class=\"means\">%s</td>", session_class_means((enum session_class)i));
		assert_int_equal(times(want), 1);
	}
	for (int i = 0; i < SESSION_STATES; i++) {
		snprintf(want, sizeof want, "</span></td><td>%s</td></tr>", session_state_means((enum session_state)i));
		assert_true(times(want) > 0);
	}
}

static void what_is_in_progress_is_shown(void **state)
{
	size_t count[SESSION_STATES], going = 0;
	char doing[WRITE_DOING_MAX], want[64];

	(void)state;
	report_count(&sample.report, 0, count);
	write_doing(doing, count);
	for (int i = 0; i < SESSION_STATES; i++) {
		snprintf(want, sizeof want, "%zu %s", count[i], session_state_doing((enum session_state)i));
		assert_int_equal(strstr(doing, want) != NULL, session_going((enum session_state)i));
		going += session_going((enum session_state)i) ? count[i] : 0;
	}
	assert_true(strlen(doing) + 1 < sizeof doing); /* all of it fits */
	render(report_text);
	assert_int_equal(times(doing), 1);
	render(report_html);
	assert_int_equal(times(doing), 1);
	assert_int_equal(times("id=\"going\""), 1);
	assert_true(going > 0);
}

static void racks_are_in_natural_order_and_cells_name_the_board(void **state)
{
	const char *at;

	(void)state;
	render(report_html);
	at = text;
	for (unsigned i = 1; i <= SAMPLE_BOARDS / SAMPLE_RACK; i++) {
		char want[48];

		snprintf(want, sizeof want, "<h3>rack-%u <small>", i);
		at = strstr(at, want);
		assert_non_null(at); /* behind the one before it: rack-10 follows rack-9 */
	}
	assert_int_equal(times("<b>10.20.3.15</b>"), 1);
	assert_int_equal(times("<b>10.20."), SAMPLE_BOARDS);
}

static void json_holds_every_board(void **state)
{
	(void)state;
	render(report_json);
	assert_int_equal(times("\"mac\":\""), SAMPLE_BOARDS);
	assert_true(times("\"state\":\"needs-card\"") > 0);
	assert_int_equal(times("\x1b"), 0);
}

static void csv_runs_nothing(void **state)
{
	(void)state;
	render(report_csv);
	no_byte_is_odd();
	assert_int_equal(times("\r\n"), SAMPLE_BOARDS + 1);
	assert_int_equal(times("\"'=HYPERLINK(\"\"http"), 1);
	assert_int_equal(times(",\"="), 0);
}

static void junit_tells_failures_from_errors(void **state)
{
	size_t count[SESSION_STATES];
	char want[128];

	(void)state;
	render(report_junit);
	no_byte_is_odd();
	report_count(&sample.report, 0, count);
	assert_int_equal(times("<testcase "), SAMPLE_BOARDS);
	assert_int_equal(times("<error "), count[SESSION_UNKNOWN]);
	assert_int_equal(times("<failure "), count[SESSION_FAILED] + count[SESSION_REJECTED] + count[SESSION_NEEDS_CARD]);
	snprintf(want, sizeof want, "tests=\"%d\"", SAMPLE_BOARDS);
	assert_int_equal(times(want), 1);
	assert_int_equal(times("<script"), 0);
}

static void metrics_are_lines_of_numbers(void **state)
{
	(void)state;
	render(report_metrics);
	no_byte_is_odd();
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *number = strrchr(line, ' '), *stop;

		if (*line == '#')
			continue;
		assert_int_equal(strncmp(line, "firmseal_rollout_", 17), 0);
		assert_non_null(number);
		(void)strtod(number + 1, &stop);
		assert_true(number[1] && !*stop);
	}
}

static void a_metrics_file_is_replaced_whole(void **state)
{
	char folder[] = "/tmp/firmseal-metrics.XXXXXX", file[64], missing[64];
	struct stat before, after;
	struct err e = {0};

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof file, "%s/firmseal.prom", folder);
	assert_int_equal(report_metrics_file(file, &sample.report, &e), 0);
	assert_int_equal(stat(file, &before), 0);
	assert_int_equal(before.st_mode & 0777, 0644); /* the node exporter is another user */
	assert_int_equal(report_metrics_file(file, &sample.report, &e), 0);
	assert_int_equal(stat(file, &after), 0);
	assert_true(before.st_ino != after.st_ino); /* another file by rename, never the old one rewritten */
	snprintf(missing, sizeof missing, "%s/no/such.prom", folder);
	assert_int_equal(report_metrics_file(missing, &sample.report, &e), -1);
	assert_int_equal(e.verdict, VERDICT_SYSTEM);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(folder), 0); /* nothing else was left there */
}

static void time_left_is_computed_from_finished_work(void **state)
{
	struct report_device d[4] = {sample.devices[100], sample.devices[100], sample.devices[100], sample.devices[100]};
	struct report_wave waves[2] = {{.name = "", .state = "running", .total = 2}, {.name = "", .state = "waiting", .total = 2}};
	struct report r = {.devices = d, .ndevices = 4, .waves = waves, .nwaves = 2, .began_ms = 1000, .now_ms = 61000};
	uint64_t last = UINT64_MAX;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		d[i].state = SESSION_WAITING;
		d[i].wave = i < 2 ? 1 : 2;
		d[i].began_ms = d[i].ended_ms = 0;
	}
	assert_true(report_left_s(&r) == UINT64_MAX);
	d[0].state = SESSION_ALREADY; /* says nothing about how long it takes */
	assert_true(report_left_s(&r) == UINT64_MAX);
	d[0] = (struct report_device){.state = SESSION_SUCCESS, .wave = 1, .began_ms = 1000, .ended_ms = 61000};
	d[1].state = SESSION_HEALTHY;
	d[1].began_ms = 31000; /* 30 s after the first one: due at 91 s */
	assert_int_equal(report_left_s(&r), 30 + 60 + 30); /* the wave, a wave, and the gap between its boards */
	for (r.now_ms = 61000; r.now_ms <= 91000; r.now_ms += 1000) {
		assert_true(report_left_s(&r) < last); /* as time passes there is less of it */
		last = report_left_s(&r);
	}
	for (size_t i = 0; i < 4; i++)
		d[i].state = SESSION_FAILED;
	assert_int_equal(report_left_s(&r), 0);
}

static void times_are_local_in_text_and_rates_of_nothing_are_not_shown(void **state)
{
	char time[WRITE_TIME_MAX], rate[WRITE_SPAN_MAX];

	(void)state;
	assert_int_equal(setenv("TZ", "XXX-5", 1), 0);
	assert_string_equal(write_local_time(time, 1795552200000), "2026-11-25T01:30:00+05:00");
	assert_int_equal(unsetenv("TZ"), 0);
	assert_string_equal(write_time(time, 1795552200000), "2026-11-24T20:30:00Z");
	assert_string_equal(write_rate(rate, 0), "");
	assert_string_equal(write_rate(rate, 12), "12 B/s");
	assert_string_equal(write_rate(rate, 830000), "830 kB/s");
	assert_string_equal(write_rate(rate, 41200000), "41.2 MB/s");
}

static void a_log_gets_a_line_where_something_changed(void **state)
{
	struct live live;
	size_t len;
	FILE *out;

	(void)state;
	free(text);
	text = NULL;
	out = tmpfile();
	assert_non_null(out);
	live_begin(&live, out);
	assert_false(live.terminal);
	live_draw(&live, &sample.report);
	sample.report.now_ms += 5000;
	live_draw(&live, &sample.report); /* nothing new */
	sample.report.now_ms += 60000;
	live_draw(&live, &sample.report); /* a minute later */
	sample.waves[2].state = "done";
	live_draw(&live, &sample.report); /* a wave is done */
	live_end(&live);
	len = (size_t)ftell(out);
	text = calloc(1, len + 1);
	assert_non_null(text);
	rewind(out);
	assert_int_equal(fread(text, 1, len, out), len);
	fclose(out);
	assert_int_equal(times("\n"), 3);
	no_byte_is_odd();
}

static void a_log_gets_a_line_for_each_state_that_boards_enter(void **state)
{
	static const enum session_state way[] = {SESSION_UPLOADING, SESSION_UPLOADING, SESSION_REBOOTING, SESSION_UPLOADING, SESSION_HEALTHY};
	struct report_device one = sample.devices[100];
	struct report_wave wave = {.name = "", .state = "running", .total = 1};
	struct report r = {.product = "", .version = "", .state = "running", .why = "", .devices = &one, .ndevices = 1, .waves = &wave, .nwaves = 1};
	struct live live;
	FILE *out = tmpfile();
	size_t len;

	(void)state;
	assert_non_null(out);
	live_begin(&live, out);
	for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
		one.state = way[i];
		live_draw(&live, &r);
	}
	len = (size_t)ftell(out);
	free(text);
	text = calloc(1, len + 1);
	assert_non_null(text);
	rewind(out);
	assert_int_equal(fread(text, 1, len, out), len);
	fclose(out);
	assert_int_equal(times("\n"), 3); /* the second upload is not news */
	assert_int_equal(times("(1 uploading)"), 1);
	assert_int_equal(times("(1 rebooting)"), 1);
	assert_int_equal(times("(1 soaking)"), 1);
}

/* A table, drawn twice, to look at. */
static int show_live(void)
{
	struct live live;

	live_begin(&live, stdout);
	live_draw(&live, &sample.report);
	sample.devices[17].state = SESSION_SUCCESS;
	live_draw(&live, &sample.report);
	live_end(&live);
	return 0;
}

static int show(const char *name)
{
	static const struct {
		const char *name;
		form *form;
	} forms[] = {{"html", report_html}, {"json", report_json}, {"csv", report_csv}, {"junit", report_junit},
		     {"metrics", report_metrics}};
	struct err e = {0};

	sample_fill(&sample);
	if (strcmp(name, "live") == 0)
		return show_live();
	if (strcmp(name, "picture") == 0) { /* without those who try to break out: for docs/report.png */
		sample.devices[17].message = "Failed to connect: Connection timed out";
		sample.devices[17].class = CLASS_UNREACHABLE;
		sample.devices[17].version = "";
		sample.devices[12].rack = "rack-01";
		return report_html(stdout, &sample.report, &e);
	}
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (strcmp(name, forms[i].name) == 0)
			return forms[i].form(stdout, &sample.report, &e) ? 1 : 0;
	return 2;
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(text_is_read_by_people, begin),
		cmocka_unit_test_setup(words_and_states_are_one, begin),
		cmocka_unit_test_setup(every_board_is_counted_once, begin),
		cmocka_unit_test_setup(html_holds_every_state_and_no_way_out, begin),
		cmocka_unit_test_setup(html_explains_every_class_and_state, begin),
		cmocka_unit_test_setup(what_is_in_progress_is_shown, begin),
		cmocka_unit_test_setup(racks_are_in_natural_order_and_cells_name_the_board, begin),
		cmocka_unit_test_setup(json_holds_every_board, begin),
		cmocka_unit_test_setup(csv_runs_nothing, begin),
		cmocka_unit_test_setup(junit_tells_failures_from_errors, begin),
		cmocka_unit_test_setup(metrics_are_lines_of_numbers, begin),
		cmocka_unit_test_setup(a_metrics_file_is_replaced_whole, begin),
		cmocka_unit_test_setup(time_left_is_computed_from_finished_work, begin),
		cmocka_unit_test(times_are_local_in_text_and_rates_of_nothing_are_not_shown),
		cmocka_unit_test_setup(a_log_gets_a_line_where_something_changed, begin),
		cmocka_unit_test_setup(a_log_gets_a_line_for_each_state_that_boards_enter, begin),
	};

	if (argc > 1)
		return show(argv[1]);
	return cmocka_run_group_tests(tests, NULL, end);
}
