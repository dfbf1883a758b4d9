/* SPDX-License-Identifier: ISC */
/* A progress line on a terminal. */
#include "core/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/err.h"

enum { REDRAW_MS = 100, BAR_WIDTH = 30 };

static uint64_t now_ms(void)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void progress_begin(struct progress *p, const char *what, uint64_t total, bool quiet)
{
	*p = (struct progress){.what = what, .total = total, .on = !quiet && isatty(STDERR_FILENO)};
	if (p->on) /* nothing but this line looks at a clock */
		p->start_ms = now_ms();
}

void progress_update(struct progress *p, uint64_t done)
{
	char bar[BAR_WIDTH + 1], what[160];
	uint64_t now, spent, rate;
	unsigned filled, percent;

	if (!p->on)
		return;
	now = now_ms();
	if (now - p->shown_ms < REDRAW_MS)
		return;
	p->shown_ms = now;
	spent = now - p->start_ms + 1;
	rate = done * 1000 / spent; /* bytes a second */
	percent = p->total ? (unsigned)((double)done * 100 / (double)p->total) : 100;
	if (percent > 100)
		percent = 100;
	filled = percent * BAR_WIDTH / 100;
	for (unsigned i = 0; i < BAR_WIDTH; i++)
		bar[i] = i < filled ? '#' : '.';
	bar[BAR_WIDTH] = '\0';
	fprintf(stderr, "\r%s [%s] %3u %%  %" PRIu64 ".%" PRIu64 " MB/s", err_escape(what, sizeof what, p->what, strlen(p->what)), bar, percent, rate / 1000000,
		rate / 100000 % 10);
	if (rate > 0 && p->total > done)
		fprintf(stderr, "  %" PRIu64 " s left ", (p->total - done) / rate + 1);
	fputs("\033[K", stderr);
	fflush(stderr);
}

void progress_end(struct progress *p)
{
	if (p->on && p->shown_ms)
		fputs("\r\033[K", stderr);
	p->on = false;
}
