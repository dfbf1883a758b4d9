/* SPDX-License-Identifier: ISC */
/* What all forms of a report have in common: words, counts, the guess at what is left, and careful writing. */
#include "flasher/report.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "flasher/report_write.h"

void report_count(const struct report *r, unsigned wave, size_t count[static SESSION_STATES])
{
	memset(count, 0, SESSION_STATES * sizeof *count);
	for (size_t i = 0; i < r->ndevices; i++)
		if ((wave == 0 || r->devices[i].wave == wave) && r->devices[i].state < SESSION_STATES)
			count[r->devices[i].state]++;
}

void report_sum(struct report_sums *s, const size_t count[static SESSION_STATES])
{
	*s = (struct report_sums){.all = 0};
	for (int i = 0; i < SESSION_STATES; i++) {
		enum session_state state = (enum session_state)i;

		s->all += count[i];
		if (session_good(state))
			s->good += count[i];
		else if (state == SESSION_UNKNOWN)
			s->unknown += count[i];
		else if (session_bad(state))
			s->bad += count[i];
		else if (state == SESSION_SKIPPED)
			s->skipped += count[i];
		else if (state == SESSION_WAITING)
			s->waiting += count[i];
		else
			s->going += count[i];
	}
	s->ended = s->good + s->bad + s->unknown + s->skipped;
}

uint64_t report_left_s(const struct report *r)
{
	size_t count[SESSION_STATES];
	struct report_sums s;

	report_count(r, 0, count);
	report_sum(&s, count);
	if (s.ended == s.all)
		return 0;
	/* Those that were passed over at once say nothing about the pace. */
	if (s.ended <= s.skipped + count[SESSION_ALREADY] || !r->began_ms || r->now_ms <= r->began_ms)
		return UINT64_MAX;
	return (uint64_t)((double)(r->now_ms - r->began_ms) / 1e3 * (double)(s.all - s.ended) /
			  (double)(s.ended - s.skipped - count[SESSION_ALREADY]));
}

static int by_number(const void *a, const void *b)
{
	const struct report_fault *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return (x->class > y->class) - (x->class < y->class);
}

size_t report_faults(const struct report *r, struct report_fault faults[static SESSION_CLASSES])
{
	struct report_fault all[SESSION_CLASSES] = {{0}};
	size_t n = 0;

	for (size_t i = 0; i < r->ndevices; i++) {
		const struct report_device *d = &r->devices[i];

		if (!session_bad(d->state) || d->class >= SESSION_CLASSES)
			continue;
		if (all[d->class].n++ == 0)
			all[d->class].example = d;
		all[d->class].class = d->class;
	}
	for (int i = 0; i < SESSION_CLASSES; i++)
		if (all[i].n)
			faults[n++] = all[i];
	qsort(faults, n, sizeof *faults, by_number);
	return n;
}

const char *report_fault_word(const struct report_device *d)
{
	return d->class == CLASS_NONE ? "" : session_class_word(d->class);
}

bool report_needs_card(const struct report_device *d)
{
	return d->state == SESSION_NEEDS_CARD || (!session_ended(d->state) && d->was == SESSION_NEEDS_CARD);
}

bool report_trouble(const struct report_device *d)
{
	return session_bad(d->state) || d->state == SESSION_ASKING;
}

/* --- writing --- */

void write_markup(FILE *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '&')
			fputs("&amp;", out);
		else if (c == '<')
			fputs("&lt;", out);
		else if (c == '>')
			fputs("&gt;", out);
		else if (c == '"')
			fputs("&quot;", out);
		else if (c == '\'')
			fputs("&#39;", out);
		else if (c < 0x20 || c > 0x7e)
			fprintf(out, "\\x%02x", c);
		else
			putc(c, out);
	}
}

void write_csv(FILE *out, const char *text)
{
	fputs(*text && strchr("=+-@\t\r", *text) ? "\"'" : "\"", out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"')
			fputs("\"\"", out);
		else if (c < 0x20 || c > 0x7e)
			fprintf(out, "\\x%02x", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

void write_label(FILE *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '\\' || c == '"')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			fprintf(out, "\\\\x%02x", c);
		else
			putc(c, out);
	}
}

const char *write_doing(char out[static WRITE_DOING_MAX], const size_t count[static SESSION_STATES])
{
	size_t at = 0;

	out[0] = '\0';
	for (int i = 0; i < SESSION_STATES && at < WRITE_DOING_MAX; i++)
		if (session_going((enum session_state)i) && count[i])
			at += (size_t)snprintf(out + at, WRITE_DOING_MAX - at, "%s%zu %s", at ? ", " : "", count[i],
					       session_state_doing((enum session_state)i));
	return out;
}

const char *write_time(char out[static WRITE_TIME_MAX], uint64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	if (ms == 0 || !gmtime_r(&seconds, &tm) || strftime(out, WRITE_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
	return out;
}

const char *write_span(char out[static WRITE_SPAN_MAX], uint64_t seconds)
{
	unsigned long long s = seconds;

	if (seconds == UINT64_MAX)
		snprintf(out, WRITE_SPAN_MAX, "unknown");
	else if (s < 100)
		snprintf(out, WRITE_SPAN_MAX, "%llu s", s);
	else if (s < 6000)
		snprintf(out, WRITE_SPAN_MAX, "%llu min", (s + 30) / 60);
	else
		snprintf(out, WRITE_SPAN_MAX, "%llu h %02llu min", s / 3600, s % 3600 / 60);
	return out;
}
