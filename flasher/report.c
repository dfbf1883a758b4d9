/* SPDX-License-Identifier: ISC */
/* What all forms of a report have in common: words, counts, the guess at what is left, and careful writing. */
#include "flasher/report.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "flasher/report_write.h"

static const char *const words[REPORT_STATES] = {
	[REPORT_WAITING] = "waiting",     [REPORT_PROBED] = "probed",       [REPORT_ELIGIBLE] = "eligible",
	[REPORT_UPLOADING] = "uploading", [REPORT_ACCEPTED] = "accepted",   [REPORT_REBOOTING] = "rebooting",
	[REPORT_UP] = "up",               [REPORT_VERSION] = "version",     [REPORT_HEALTHY] = "healthy",
	[REPORT_SUCCESS] = "success",     [REPORT_ALREADY] = "already",     [REPORT_SKIPPED] = "skipped",
	[REPORT_REJECTED] = "rejected",   [REPORT_FAILED] = "failed",       [REPORT_UNKNOWN] = "unknown",
	[REPORT_NEEDS_CARD] = "needs-card",
};

const char *report_state_word(enum report_state state)
{
	return state < REPORT_STATES ? words[state] : "unknown";
}

int report_state_find(enum report_state *out, const char *word)
{
	for (int i = 0; i < REPORT_STATES; i++) {
		if (strcmp(words[i], word) == 0) {
			*out = (enum report_state)i;
			return 0;
		}
	}
	return -1;
}

bool report_state_good(enum report_state state)
{
	return state == REPORT_SUCCESS || state == REPORT_ALREADY;
}

bool report_state_bad(enum report_state state)
{
	return state == REPORT_REJECTED || state == REPORT_FAILED || state == REPORT_UNKNOWN || state == REPORT_NEEDS_CARD;
}

void report_count(const struct report *r, unsigned wave, size_t count[static REPORT_STATES])
{
	memset(count, 0, REPORT_STATES * sizeof *count);
	for (size_t i = 0; i < r->ndevices; i++)
		if ((wave == 0 || r->devices[i].wave == wave) && r->devices[i].state < REPORT_STATES)
			count[r->devices[i].state]++;
}

void report_sum(struct report_sums *s, const size_t count[static REPORT_STATES])
{
	*s = (struct report_sums){.all = 0};
	for (int i = 0; i < REPORT_STATES; i++) {
		enum report_state state = (enum report_state)i;

		s->all += count[i];
		if (report_state_good(state))
			s->good += count[i];
		else if (state == REPORT_UNKNOWN)
			s->unknown += count[i];
		else if (report_state_bad(state))
			s->bad += count[i];
		else if (state == REPORT_SKIPPED)
			s->skipped += count[i];
		else if (state == REPORT_WAITING)
			s->waiting += count[i];
		else
			s->going += count[i];
	}
	s->ended = s->good + s->bad + s->unknown + s->skipped;
}

uint64_t report_left_s(const struct report *r)
{
	size_t count[REPORT_STATES];
	struct report_sums s;

	report_count(r, 0, count);
	report_sum(&s, count);
	if (s.ended == s.all)
		return 0;
	/* Those that were passed over at once say nothing about the pace. */
	if (s.ended <= s.skipped + count[REPORT_ALREADY] || !r->began_ms || r->now_ms <= r->began_ms)
		return UINT64_MAX;
	return (uint64_t)((double)(r->now_ms - r->began_ms) / 1e3 * (double)(s.all - s.ended) /
			  (double)(s.ended - s.skipped - count[REPORT_ALREADY]));
}

static int by_number(const void *a, const void *b)
{
	const struct report_fault *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return strcmp(x->word, y->word);
}

size_t report_faults(const struct report *r, struct report_fault faults[static REPORT_FAULTS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < r->ndevices; i++) {
		const struct report_device *d = &r->devices[i];
		size_t k = 0;

		if (!report_state_bad(d->state))
			continue;
		while (k < n && strcmp(faults[k].word, d->fault) != 0)
			k++;
		if (k == n && n == REPORT_FAULTS_MAX)
			k = n - 1; /* the seam has nine; more of them would be somebody's invention */
		else if (k == n)
			faults[n++] = (struct report_fault){.word = d->fault, .example = d};
		faults[k].n++;
	}
	qsort(faults, n, sizeof *faults, by_number);
	return n;
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
