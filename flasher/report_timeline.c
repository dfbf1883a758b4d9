/* SPDX-License-Identifier: ISC */
/* The time line of the HTML report: how many boards had ended, well and badly, at what time, and what happened meanwhile. */
#include <stdlib.h>
#include <string.h>

#include "flasher/report_write.h"

enum { WIDTH = 1000, HEIGHT = 200, LEFT = 46, RIGHT = 12, TOP = 12, BOTTOM = 26, STEPS = 160 };

struct span_ms {
	uint64_t from, to;
};

static double x_of(const struct span_ms *s, uint64_t at_ms)
{
	uint64_t at = at_ms < s->from ? s->from : at_ms > s->to ? s->to : at_ms;

	return LEFT + (double)(WIDTH - LEFT - RIGHT) * (double)(at - s->from) / (double)(s->to - s->from);
}

static double y_of(size_t n, size_t all)
{
	return HEIGHT - BOTTOM - (double)(HEIGHT - BOTTOM - TOP) * (double)n / (double)(all ? all : 1);
}

/* The line of those that ended GOOD or not: cumulative, in STEPS steps. */
static void line(FILE *out, const struct report *r, const struct span_ms *s, bool good)
{
	size_t steps[STEPS + 1] = {0}, sum = 0;

	for (size_t i = 0; i < r->ndevices; i++) {
		const struct report_device *d = &r->devices[i];

		if (d->ended_ms && (good ? session_good(d->state) : session_bad(d->state))) {
			uint64_t at = d->ended_ms < s->from ? s->from : d->ended_ms > s->to ? s->to : d->ended_ms;

			steps[(size_t)((double)(at - s->from) / (double)(s->to - s->from) * STEPS)]++;
		}
	}
	fprintf(out, "<polyline class=\"l-%s\" points=\"", good ? "good" : "bad");
	for (size_t i = 0; i <= STEPS; i++) {
		sum += steps[i];
		fprintf(out, "%.1f,%.1f ", x_of(s, s->from + (s->to - s->from) * i / STEPS), y_of(sum, r->ndevices));
	}
	fputs("\"/>", out);
}

static void marks(FILE *out, const struct report *r, const struct span_ms *s)
{
	for (size_t i = 0; i < r->nevents; i++) {
		double x = x_of(s, r->events[i].at_ms);

		fprintf(out, "<line class=\"mark%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"><title>",
			strcmp(r->events[i].kind, "halt") == 0 ? " halt" : "", x, x, TOP, HEIGHT - BOTTOM);
		write_markup(out, r->events[i].kind);
		fputs(": ", out);
		write_markup(out, r->events[i].text);
		fputs("</title></line>", out);
	}
}

static void events(FILE *out, const struct report *r)
{
	char time[WRITE_TIME_MAX];

	if (!r->nevents)
		return;
	fputs("<table id=\"events\">", out);
	for (size_t i = 0; i < r->nevents; i++) {
		fprintf(out, "<tr><td class=\"mono\">%s</td><td><b>", write_local_time(time, r->events[i].at_ms));
		write_markup(out, r->events[i].kind);
		fputs("</b></td><td class=\"msg\">", out);
		write_markup(out, r->events[i].text);
		fputs("</td></tr>", out);
	}
	fputs("</table>", out);
}

void report_timeline(FILE *out, const struct report *r)
{
	const struct span_ms s = {r->began_ms, r->now_ms};
	char from[WRITE_TIME_MAX], to[WRITE_TIME_MAX];

	if (!s.from || s.to <= s.from)
		return;
	fprintf(out,
		"<h2>Time line</h2><div class=\"panel\"><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Boards that ended, over "
		"time\"><line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/><line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%d\" "
		"y2=\"%d\"/><text x=\"%d\" y=\"%d\" text-anchor=\"end\">%zu</text><text x=\"%d\" y=\"%d\" text-anchor=\"end\">0</text>"
		"<text x=\"%d\" y=\"%d\">%.16s</text><text x=\"%d\" y=\"%d\" text-anchor=\"end\">%.16s</text>",
		WIDTH, HEIGHT, LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM, HEIGHT - BOTTOM, LEFT, LEFT, TOP, HEIGHT - BOTTOM, LEFT - 6,
		TOP + 8, r->ndevices, LEFT - 6, HEIGHT - BOTTOM, LEFT, HEIGHT - 8, write_local_time(from, s.from), WIDTH - RIGHT,
		HEIGHT - 8, write_local_time(to, s.to));
	marks(out, r, &s);
	line(out, r, &s, true);
	line(out, r, &s, false);
	fputs("</svg><p class=\"legend\"><span class=\"word s-success\">ended well</span> "
	      "<span class=\"word s-failed\">ended badly or unknown (dashed)</span></p>", out);
	events(out, r);
	fputs("</div>\n", out);
}
