/* SPDX-License-Identifier: ISC */
/* What all forms of a report have in common: words, counts, the guess at what is left, and careful writing. */
#include "flasher/report.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/say.h"
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

/* What finished work of a wave tells: when its boards began, and how many did. */
struct pace {
	uint64_t first_ms, last_ms;
	size_t begun, waiting;
	uint64_t due_ms;  /* when the last of those under way should end */
	bool going;
};

/* How long a board takes, soak and all: the longest of those that ended well, or of all that were sent the image; 0: none has. */
static uint64_t board_ms(const struct report *r)
{
	uint64_t good = 0, any = 0;

	for (size_t i = 0; i < r->ndevices; i++) {
		const struct report_device *d = &r->devices[i];
		uint64_t ms = d->ended_ms > d->began_ms && d->began_ms ? d->ended_ms - d->began_ms : 0;

		if (d->state == SESSION_SUCCESS && ms > good)
			good = ms;
		if (session_bad(d->state) && d->attempts && ms > any)
			any = ms;
	}
	return good ? good : any;
}

static void pace_of(struct pace *p, const struct report *r, unsigned wave, uint64_t each_ms)
{
	*p = (struct pace){0};
	for (size_t i = 0; i < r->ndevices; i++) {
		const struct report_device *d = &r->devices[i];

		if (d->wave != wave || d->state == SESSION_ALREADY || d->state == SESSION_SKIPPED)
			continue;
		if (d->state == SESSION_WAITING && !d->began_ms) {
			p->waiting++;
			continue;
		}
		if (d->began_ms && (!p->first_ms || d->began_ms < p->first_ms))
			p->first_ms = d->began_ms;
		if (d->began_ms > p->last_ms)
			p->last_ms = d->began_ms;
		p->begun += d->began_ms != 0;
		if (session_ended(d->state))
			continue;
		p->going = true;
		if (d->began_ms + each_ms > p->due_ms)
			p->due_ms = d->began_ms + each_ms;
	}
}

/* Boards of a wave begin one after another, as fast as limits let them, and each takes its time; waves follow each other. */
uint64_t report_left_s(const struct report *r)
{
	uint64_t each = board_ms(r), gaps_ms = 0, gaps = 0, left = 0;
	size_t count[SESSION_STATES];
	struct report_sums s;
	struct pace p;

	report_count(r, 0, count);
	report_sum(&s, count);
	if (s.ended == s.all)
		return 0;
	if (!each || !r->now_ms)
		return UINT64_MAX;
	for (unsigned w = 1; w <= r->nwaves; w++) {
		pace_of(&p, r, w, each);
		if (p.begun > 1) {
			gaps_ms += p.last_ms - p.first_ms;
			gaps += p.begun - 1;
		}
	}
	for (unsigned w = 1; w <= r->nwaves; w++) {
		uint64_t wave = 0;

		pace_of(&p, r, w, each);
		if (p.waiting)
			wave = each + (gaps ? gaps_ms * (p.waiting - 1) / gaps : 0);
		if (p.going && p.due_ms > r->now_ms && p.due_ms - r->now_ms > wave)
			wave = p.due_ms - r->now_ms;
		left += wave;
	}
	return (left + 999) / 1000;
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

/* The character at P, of a board's text or, when PLACE, of a person's. Returns its bytes. */
static size_t put_character(FILE *out, const char *p, bool place)
{
	size_t n = place ? utf8_length((const unsigned char *)p) : 1;

	if (n == 0 || !utf8_is_plain(p, n) || (!place && ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)))
		return fprintf(out, "\\x%02x", (unsigned char)*p), 1;
	return fwrite(p, 1, n, out), n;
}

static void markup(FILE *out, const char *text, bool place)
{
	static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
	static const char special[] = "&<>\"'";

	while (*text) {
		const char *at = strchr(special, *text);

		if (at)
			fputs(entities[at - special], out);
		text += at ? 1 : put_character(out, text, place);
	}
}

static void csv(FILE *out, const char *text, bool place)
{
	fputs(*text && strchr("=+-@\t\r", *text) ? "\"'" : "\"", out);
	while (*text) {
		if (*text == '"')
			putc('"', out);
		text += put_character(out, text, place);
	}
	putc('"', out);
}

void write_markup(FILE *out, const char *text)
{
	markup(out, text, false);
}

void write_markup_place(FILE *out, const char *text)
{
	markup(out, text, true);
}

void write_csv(FILE *out, const char *text)
{
	csv(out, text, false);
}

void write_csv_place(FILE *out, const char *text)
{
	csv(out, text, true);
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

const char *write_local_time(char out[static WRITE_TIME_MAX], uint64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	char zone[8];
	struct tm tm;
	size_t n;

	out[0] = '\0';
	tzset(); /* localtime_r() need not */
	if (ms == 0 || !localtime_r(&seconds, &tm) || strftime(zone, sizeof zone, "%z", &tm) != 5)
		return out;
	n = strftime(out, WRITE_TIME_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	if (n == 0)
		out[0] = '\0';
	else
		snprintf(out + n, WRITE_TIME_MAX - n, "%.3s:%.2s", zone, zone + 3);
	return out;
}

const char *write_rate(char out[static WRITE_SPAN_MAX], uint64_t bytes)
{
	out[0] = '\0';
	if (bytes >= 950000)
		snprintf(out, WRITE_SPAN_MAX, "%.1f MB/s", (double)bytes / 1e6);
	else if (bytes >= 1000)
		snprintf(out, WRITE_SPAN_MAX, "%.0f kB/s", (double)bytes / 1e3);
	else if (bytes)
		snprintf(out, WRITE_SPAN_MAX, "%u B/s", (unsigned)bytes);
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
