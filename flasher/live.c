/* SPDX-License-Identifier: ISC */
/* The live table: drawn over itself on a terminal; in a log, a line where something changed. */
#define _DEFAULT_SOURCE /* TIOCGWINSZ */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "flasher/report_write.h"

enum { LINE_MAX_BYTES = 512, QUIET_MS = 60000, BAR_MIN = 10, BAR_MAX = 40, ROWS_BESIDE = 8 };

enum paint { PLAIN, BOLD, GREEN, RED, YELLOW, BLUE, DIM };

void live_begin(struct live *l, FILE *out)
{
	const char *no_colour = getenv("NO_COLOR");

	*l = (struct live){.out = out, .terminal = isatty(fileno(out)) == 1};
	l->colour = l->terminal && !(no_colour && *no_colour);
}

static void look_at_size(struct live *l)
{
	struct winsize size = {.ws_col = 0};

	if (l->terminal && ioctl(fileno(l->out), TIOCGWINSZ, &size))
		size.ws_col = 0;
	l->columns = size.ws_col ? size.ws_col : 80;
	l->rows = size.ws_row ? size.ws_row : 24;
}

static void paint(const struct live *l, enum paint p)
{
	static const char *const codes[] = {"0", "1", "32", "31", "33", "34", "2"};

	if (l->colour)
		fprintf(l->out, "\x1b[%sm", codes[p]);
}

/* One line of the table, cut to the terminal's width; the rest of what stood there goes. */
static void put(struct live *l, enum paint p, const char *text)
{
	paint(l, p);
	fprintf(l->out, "%.*s", (int)l->columns - 1, text);
	paint(l, PLAIN);
	fputs("\x1b[K\n", l->out);
	l->drawn++;
}

/* N of WIDTH columns for each kind; whoever is there gets one at least. */
static void bar(struct live *l, const struct report_sums *s, unsigned width)
{
	const struct {
		size_t n;
		enum paint paint;
		char sign;
	} parts[] = {{s->good + s->skipped, GREEN, '#'}, {s->bad, RED, 'x'}, {s->unknown, YELLOW, '?'}, {s->going, BLUE, '>'}};
	unsigned left = width;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		unsigned n = s->all ? (unsigned)((double)parts[i].n * width / (double)s->all) : 0;

		n = parts[i].n && !n ? 1 : n;
		n = n > left ? left : n;
		left -= n;
		paint(l, parts[i].paint);
		for (; n; n--)
			putc(parts[i].sign, l->out);
		paint(l, PLAIN);
	}
	for (; left; left--)
		putc('.', l->out);
}

static void wave_row(struct live *l, const struct report *r, size_t wave)
{
	size_t count[SESSION_STATES];
	struct report_sums s;
	char name[24], text[LINE_MAX_BYTES];
	unsigned width;
	int n;

	report_count(r, (unsigned)wave, count);
	report_sum(&s, count);
	err_quote(name, sizeof name, wave ? r->waves[wave - 1].name : "", wave ? strlen(r->waves[wave - 1].name) : 0);
	n = wave ? snprintf(text, sizeof text, "%3zu %-9.9s", wave, name) : snprintf(text, sizeof text, "%-13s", "all");
	n += snprintf(text + n, sizeof text - (size_t)n, "%7zu%7zu%7zu%7zu%9zu %-8.8s", s.all, s.good, s.going, s.bad, s.unknown,
		      wave ? r->waves[wave - 1].state : r->state);
	fprintf(l->out, "%.*s", (int)l->columns - 1, text);
	width = (unsigned)n + 2 + BAR_MIN < l->columns ? l->columns - (unsigned)n - 2 : 0;
	if (width) {
		putc(' ', l->out);
		bar(l, &s, width > BAR_MAX ? BAR_MAX : width);
	}
	fputs("\x1b[K\n", l->out);
	l->drawn++;
}

/* Of more waves than there is room for, those around the first that is not over. */
static void wave_rows(struct live *l, const struct report *r)
{
	size_t room = l->rows > ROWS_BESIDE + 1 ? l->rows - ROWS_BESIDE : 1, first = 0;

	if (r->nwaves > room) {
		while (first < r->nwaves && strcmp(r->waves[first].state, "done") == 0)
			first++;
		first = first > 1 ? first - 1 : 0;
		first = first + room > r->nwaves ? r->nwaves - room : first;
	}
	for (size_t i = first; i < r->nwaves && i < first + room; i++)
		wave_row(l, r, i + 1);
}

static void say_faults(char *text, size_t size, const struct report *r)
{
	struct report_fault faults[SESSION_CLASSES];
	size_t n = report_faults(r, faults), at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < n && at < size; i++) {
		int more = snprintf(text + at, size - at, "%s%s %zu", i ? ", " : "",
				    session_class_word(faults[i].class), faults[i].n);

		at += more > 0 ? (size_t)more : 0;
	}
}

static void draw_table(struct live *l, const struct report *r)
{
	char text[LINE_MAX_BYTES], faults[256], spent[WRITE_SPAN_MAX], left[WRITE_SPAN_MAX], name[160], doing[WRITE_DOING_MAX], rate[WRITE_SPAN_MAX];
	size_t count[SESSION_STATES];

	if (l->drawn)
		fprintf(l->out, "\x1b[%uA", l->drawn);
	l->drawn = 0;
	look_at_size(l);
	snprintf(name, sizeof name, "%.64s %.64s", r->product, r->version);
	snprintf(text, sizeof text, "%s  %s  %s so far, %s left  %s", name, r->state,
		 write_span(spent, r->now_ms > r->began_ms ? (r->now_ms - r->began_ms) / 1000 : 0),
		 write_span(left, report_left_s(r)), write_rate(rate, r->rate));
	put(l, BOLD, text);
	put(l, DIM, "wave          boards   good  going    bad  unknown state");
	wave_rows(l, r);
	wave_row(l, r, 0);
	report_count(r, 0, count);
	if (*write_doing(doing, count)) {
		snprintf(text, sizeof text, "in progress: %s", doing);
		put(l, BLUE, text);
	}
	say_faults(faults, sizeof faults, r);
	if (*faults) {
		snprintf(text, sizeof text, "failures: %s", faults);
		put(l, RED, text);
	}
	if (*r->why) {
		char why[300];

		snprintf(text, sizeof text, "%s: %s", r->state, err_escape(why, sizeof why, r->why, strlen(r->why)));
		put(l, YELLOW, text);
	}
	fputs("\x1b[J", l->out); /* what a longer table before left below */
}

/* The wave that is under way: the first that is neither done nor waiting; 0 when there is none. */
static size_t wave_of_now(const struct report *r)
{
	for (size_t i = 0; i < r->nwaves; i++)
		if (strcmp(r->waves[i].state, "done") != 0 && strcmp(r->waves[i].state, "waiting") != 0)
			return i + 1;
	return 0;
}

static void say_line(struct live *l, const struct report *r)
{
	size_t wave = wave_of_now(r), count[SESSION_STATES];
	char key[sizeof l->said], left[WRITE_SPAN_MAX], rate[WRITE_SPAN_MAX], doing[WRITE_DOING_MAX];
	uint32_t seen = 0;
	struct report_sums s;

	report_count(r, 0, count);
	for (int i = 0; i < SESSION_STATES; i++)
		seen |= count[i] && session_going((enum session_state)i) ? (uint32_t)1 << i : 0;
	snprintf(key, sizeof key, "%.40s %zu %.40s", r->state, wave, wave ? r->waves[wave - 1].state : "");
	if (strcmp(key, l->said) != 0)
		l->seen = 0; /* a new wave shows its states again */
	else if (!(seen & ~l->seen) && r->now_ms - l->said_ms < QUIET_MS)
		return;
	memcpy(l->said, key, sizeof key);
	l->said_ms = r->now_ms;
	l->seen |= seen;
	report_sum(&s, count);
	fprintf(l->out, "%s", r->state);
	if (wave)
		fprintf(l->out, ", wave %zu of %zu %s", wave, r->nwaves, r->waves[wave - 1].state);
	fprintf(l->out, ": %zu boards, %zu good, %zu on their way, %zu bad, %zu unknown", s.all, s.good, s.going, s.bad, s.unknown);
	if (*write_doing(doing, count))
		fprintf(l->out, " (%s)", doing);
	if (s.ended < s.all)
		fprintf(l->out, "; %s%stime left: %s", write_rate(rate, r->rate), r->rate ? ", " : "", write_span(left, report_left_s(r)));
	putc('\n', l->out);
}

void live_draw(struct live *l, const struct report *r)
{
	if (l->terminal)
		draw_table(l, r);
	else
		say_line(l, r);
	fflush(l->out);
}

void live_end(struct live *l)
{
	l->drawn = 0;
	fflush(l->out);
}
