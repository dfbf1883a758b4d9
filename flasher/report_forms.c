/* SPDX-License-Identifier: ISC */
/* A report for programs: JSON, CSV, JUnit, and metrics for Prometheus. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/json.h"
#include "flasher/report_write.h"

/* --- JSON --- */

static void json_time(struct json *j, const char *key, uint64_t ms)
{
	char text[WRITE_TIME_MAX];

	if (ms)
		json_put_string(j, key, write_time(text, ms));
}

static void json_device(struct json *j, const struct report_device *d)
{
	json_open_object(j, NULL);
	json_put_string(j, "mac", d->mac);
	json_put_string(j, "address", d->address);
	json_put_string(j, "board", d->board);
	json_put_string(j, "site", d->site);
	json_put_string(j, "rack", d->rack);
	json_put_number(j, "wave", d->wave);
	json_put_string(j, "state", session_state_word(d->state));
	json_put_string(j, "fault", report_fault_word(d));
	json_put_string(j, "message", d->message);
	json_put_string(j, "version_before", d->version_before);
	json_put_string(j, "version", d->version);
	json_put_number(j, "attempts", d->attempts);
	json_time(j, "began", d->began_ms);
	json_time(j, "ended", d->ended_ms);
	json_close_object(j);
}

static void json_states(struct json *j, const struct report *r, unsigned wave)
{
	size_t count[SESSION_STATES];

	report_count(r, wave, count);
	json_open_object(j, "states");
	for (int i = 0; i < SESSION_STATES; i++)
		json_put_number(j, session_state_word((enum session_state)i), count[i]);
	json_close_object(j);
}

static void json_waves(struct json *j, const struct report *r)
{
	json_open_array(j, "waves");
	for (size_t i = 0; i < r->nwaves; i++) {
		json_open_object(j, NULL);
		json_put_number(j, "wave", i + 1);
		json_put_string(j, "name", r->waves[i].name);
		json_put_string(j, "state", r->waves[i].state);
		json_put_number(j, "total", r->waves[i].total);
		json_states(j, r, (unsigned)i + 1);
		json_close_object(j);
	}
	json_close_array(j);
}

static void json_events(struct json *j, const struct report *r)
{
	json_open_array(j, "events");
	for (size_t i = 0; i < r->nevents; i++) {
		json_open_object(j, NULL);
		json_time(j, "at", r->events[i].at_ms);
		json_put_string(j, "kind", r->events[i].kind);
		json_put_string(j, "text", r->events[i].text);
		json_close_object(j);
	}
	json_close_array(j);
}

int report_json(FILE *out, const struct report *r, struct err *e)
{
	struct json j;

	(void)e;
	json_begin(&j, out);
	json_open_object(&j, NULL);
	json_put_string(&j, "plan", r->plan);
	json_put_string(&j, "product", r->product);
	json_put_string(&j, "version", r->version);
	json_put_string(&j, "image", r->image);
	json_put_number(&j, "image_size", r->image_size);
	json_put_string(&j, "state", r->state);
	json_put_string(&j, "why", r->why);
	json_time(&j, "began", r->began_ms);
	json_time(&j, "read", r->now_ms);
	json_put_number(&j, "rate", r->rate);
	json_states(&j, r, 0);
	json_waves(&j, r);
	json_events(&j, r);
	json_open_array(&j, "devices");
	for (size_t i = 0; i < r->ndevices; i++)
		json_device(&j, &r->devices[i]);
	json_close_array(&j);
	json_close_object(&j);
	json_finish(&j);
	return 0;
}

/* --- CSV --- */

int report_csv(FILE *out, const struct report *r, struct err *e)
{
	char began[WRITE_TIME_MAX], ended[WRITE_TIME_MAX];

	(void)e;
	fputs("mac,address,board,site,rack,wave,state,fault,message,version_before,version,attempts,began,ended\r\n", out);
	for (size_t i = 0; i < r->ndevices; i++) {
		const struct report_device *d = &r->devices[i];
		const char *const fields[] = {d->mac, d->address, d->board}, *const places[] = {d->site, d->rack},
			   *const more[] = {session_state_word(d->state), report_fault_word(d), d->message, d->version_before, d->version};

		for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
			write_csv(out, fields[k]);
			putc(',', out);
		}
		for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
			write_csv_place(out, places[k]);
			putc(',', out);
		}
		fprintf(out, "%u", d->wave);
		for (size_t k = 0; k < sizeof more / sizeof *more; k++) {
			putc(',', out);
			write_csv(out, more[k]);
		}
		fprintf(out, ",%u,%s,%s\r\n", d->attempts, write_time(began, d->began_ms), write_time(ended, d->ended_ms));
	}
	return 0;
}

/* --- JUnit --- */

static void attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	write_markup(out, value);
	putc('"', out);
}

static double seconds_of(const struct report_device *d)
{
	return d->began_ms && d->ended_ms > d->began_ms ? (double)(d->ended_ms - d->began_ms) / 1e3 : 0;
}

static void junit_case(FILE *out, const struct report_device *d)
{
	const char *word = session_state_word(d->state), *tag = NULL;

	fputs("  <testcase", out);
	fputs(" classname=\"", out);
	write_markup_place(out, *d->rack ? d->rack : *d->site ? d->site : "boards");
	putc('"', out);
	fputs(" name=\"", out);
	write_markup(out, d->address);
	putc(' ', out);
	write_markup(out, d->mac);
	fprintf(out, "\" time=\"%.3f\"", seconds_of(d));
	if (session_good(d->state)) {
		fputs("/>\n", out);
		return;
	}
	tag = d->state == SESSION_UNKNOWN ? "error" : session_bad(d->state) ? "failure" : "skipped";
	fprintf(out, "><%s", tag);
	if (*tag != 's')
		attribute(out, "type", *report_fault_word(d) ? report_fault_word(d) : word);
	fputs(" message=\"", out);
	write_markup(out, word);
	if (*d->message) {
		fputs(": ", out);
		write_markup(out, d->message);
	}
	fputs("\"/></testcase>\n", out);
}

int report_junit(FILE *out, const struct report *r, struct err *e)
{
	size_t count[SESSION_STATES];
	struct report_sums s;
	char began[WRITE_TIME_MAX];

	(void)e;
	report_count(r, 0, count);
	report_sum(&s, count);
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite", out);
	attribute(out, "name", r->product);
	if (r->began_ms)
		attribute(out, "timestamp", write_time(began, r->began_ms));
	fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\">\n", s.all, s.bad, s.unknown,
		s.skipped + s.going + s.waiting, r->began_ms && r->now_ms > r->began_ms ? (double)(r->now_ms - r->began_ms) / 1e3 : 0.0);
	for (size_t i = 0; i < r->ndevices; i++)
		junit_case(out, &r->devices[i]);
	fputs("</testsuite>\n", out);
	return 0;
}

/* --- metrics --- */

static void metric(FILE *out, const char *name, const char *help)
{
	fprintf(out, "# HELP firmseal_rollout_%s %s\n# TYPE firmseal_rollout_%s gauge\n", name, help, name);
}

static void label(FILE *out, const char *name, const char *value)
{
	fprintf(out, "%s=\"", name);
	write_label(out, value);
	putc('"', out);
}

static void metric_number(FILE *out, const char *name, const char *help, double value)
{
	metric(out, name, help);
	fprintf(out, "firmseal_rollout_%s %.17g\n", name, value);
}

static void metric_info(FILE *out, const struct report *r)
{
	metric(out, "info", "The rollout that the other metrics are about.");
	fputs("firmseal_rollout_info{", out);
	label(out, "plan", r->plan);
	putc(',', out);
	label(out, "product", r->product);
	putc(',', out);
	label(out, "version", r->version);
	putc(',', out);
	label(out, "state", r->state);
	fputs("} 1\n", out);
}

static void metric_states(FILE *out, const struct report *r)
{
	size_t count[SESSION_STATES];

	report_count(r, 0, count);
	metric(out, "boards", "Boards by state.");
	for (int i = 0; i < SESSION_STATES; i++)
		fprintf(out, "firmseal_rollout_boards{state=\"%s\"} %zu\n", session_state_word((enum session_state)i), count[i]);
}

static void metric_faults(FILE *out, const struct report *r)
{
	struct report_fault faults[SESSION_CLASSES];
	size_t n = report_faults(r, faults);

	metric(out, "faults", "Boards that ended badly, by class of failure.");
	for (size_t i = 0; i < n; i++) {
		fputs("firmseal_rollout_faults{", out);
		label(out, "fault", session_class_word(faults[i].class));
		fprintf(out, "} %zu\n", faults[i].n);
	}
}

static void metric_waves(FILE *out, const struct report *r)
{
	metric(out, "wave_boards", "Boards of each wave that have ended, and all of them.");
	for (size_t i = 0; i < r->nwaves; i++) {
		size_t count[SESSION_STATES];
		struct report_sums s;

		report_count(r, (unsigned)i + 1, count);
		report_sum(&s, count);
		fprintf(out, "firmseal_rollout_wave_boards{wave=\"%zu\",part=\"ended\"} %zu\n", i + 1, s.ended);
		fprintf(out, "firmseal_rollout_wave_boards{wave=\"%zu\",part=\"all\"} %zu\n", i + 1, s.all);
	}
}

int report_metrics(FILE *out, const struct report *r, struct err *e)
{
	uint64_t left = report_left_s(r);

	(void)e;
	metric_info(out, r);
	metric_states(out, r);
	metric_faults(out, r);
	metric_waves(out, r);
	metric_number(out, "halted", "1 when a limit stopped the rollout.", strcmp(r->state, "halted") == 0);
	metric_number(out, "upload_bytes_per_second", "Rate of all uploads together.", (double)r->rate);
	metric_number(out, "began_timestamp_seconds", "When it began.", (double)r->began_ms / 1e3);
	metric_number(out, "read_timestamp_seconds", "When these figures were read.", (double)r->now_ms / 1e3);
	if (left != UINT64_MAX)
		metric_number(out, "left_seconds", "Guessed time until all boards have ended.", (double)left);
	return 0;
}

int report_metrics_file(const char *file, const struct report *r, struct err *e)
{
	char quoted[160], *beside;
	size_t size = strlen(file) + sizeof ".XXXXXX";
	FILE *out = NULL;
	int fd = -1, rc = -1;

	err_quote(quoted, sizeof quoted, file, strlen(file));
	beside = malloc(size);
	if (!beside)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	snprintf(beside, size, "%s.XXXXXX", file); /* not *.prom: no collector reads it before it has its name */
	fd = mkstemp(beside);
	if (fd < 0 || fchmod(fd, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH) || !(out = fdopen(fd, "w"))) {
		err_errno(e, "cannot write beside %s", quoted);
		goto out;
	}
	fd = -1;
	if (report_metrics(out, r, e))
		goto out;
	if (fflush(out) || ferror(out) || rename(beside, file)) {
		err_errno(e, "cannot write %s", quoted);
		goto out;
	}
	rc = 0;
out:
	if (out && fclose(out) && rc == 0)
		rc = err_errno(e, "cannot write %s", quoted);
	if (fd >= 0)
		close(fd);
	if (rc)
		(void)unlink(beside);
	free(beside);
	return rc;
}
