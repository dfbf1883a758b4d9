/* SPDX-License-Identifier: ISC */
/* The report for people: one file, without a script and without a request. A Content-Security-Policy of its own keeps it
 * so, whatever a board may have put into its version or its model. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "flasher/report_style.h"
#include "flasher/report_write.h"

static void state_word(FILE *out, const char *tag, enum session_state state)
{
	const char *word = session_state_word(state);

	fprintf(out, "<%s class=\"word s-%s\">%s</%s>", tag, word, word, tag);
}

static double share(size_t n, size_t all)
{
	return all ? 100.0 * (double)n / (double)all : 0;
}

/* Success first, then trouble, then what is on its way: read from the left like a thermometer. */
static const enum session_state bar_order[] = {
	SESSION_SUCCESS, SESSION_ALREADY, SESSION_SKIPPED, SESSION_UNKNOWN, SESSION_NEEDS_CARD, SESSION_FAILED, SESSION_REJECTED,
	SESSION_ASKING, SESSION_SOAKED, SESSION_HEALTHY, SESSION_VERSION, SESSION_UP, SESSION_REBOOTING, SESSION_ACCEPTED, SESSION_UPLOADING, SESSION_ELIGIBLE,
	SESSION_PROBED};

static void bar(FILE *out, const size_t count[static SESSION_STATES], size_t all, const char *class)
{
	fprintf(out, "<div class=\"bar%s\">", class);
	for (size_t i = 0; i < sizeof bar_order / sizeof *bar_order; i++) {
		const char *word = session_state_word(bar_order[i]);

		if (count[bar_order[i]])
			fprintf(out, "<i class=\"s-%s\" style=\"width:%.3f%%\" title=\"%s %zu\"></i>", word,
				share(count[bar_order[i]], all), word, count[bar_order[i]]);
	}
	fputs("</div>", out);
}

static void legend(FILE *out, const size_t count[static SESSION_STATES])
{
	fputs("<ul class=\"legend\" id=\"states\">", out);
	for (int i = 0; i < SESSION_STATES; i++) {
		const char *word = session_state_word((enum session_state)i);

		if (count[i])
			fprintf(out, "<li class=\"s-%s\" data-state=\"%s\" title=\"%s\">%s %zu</li>", word, word,
				session_state_means((enum session_state)i), word, count[i]);
	}
	fputs("</ul>\n", out);
}

static void tile(FILE *out, const char *colour, const char *value, const char *label)
{
	fprintf(out, "<div class=\"tile\" style=\"--c:var(--%s)\"><b>%s</b><span>%s</span></div>", colour, value, label);
}

static void number_tile(FILE *out, const char *colour, size_t n, const char *label)
{
	char text[24];

	snprintf(text, sizeof text, "%zu", n);
	tile(out, colour, text, label);
}

static void tiles(FILE *out, const struct report *r, const struct report_sums *s)
{
	char text[WRITE_SPAN_MAX], rate[WRITE_SPAN_MAX];

	fputs("<div class=\"tiles\">", out);
	number_tile(out, "line", s->all, "boards");
	number_tile(out, "good", s->good, "good");
	number_tile(out, "going", s->going, "on their way");
	number_tile(out, "waiting", s->waiting, "waiting");
	number_tile(out, "bad", s->bad, "bad");
	number_tile(out, "unknown", s->unknown, "unknown");
	if (s->skipped)
		number_tile(out, "skipped", s->skipped, "skipped");
	if (s->ended < s->all) {
		if (r->rate) {
			snprintf(text, sizeof text, "%s", write_rate(rate, r->rate));
			tile(out, "line", text, "upload");
		}
		tile(out, "line", write_span(text, report_left_s(r)), "left, about");
	} else if (r->began_ms && r->now_ms > r->began_ms) {
		tile(out, "line", write_span(text, (r->now_ms - r->began_ms) / 1000), "in all");
	}
	fputs("</div>\n", out);
}

static void head(FILE *out, const struct report *r)
{
	char time[WRITE_TIME_MAX];

	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"referrer\" content=\"no-referrer\">"
	      "<title>", out);
	write_markup(out, r->product);
	putc(' ', out);
	write_markup(out, r->version);
	fputs(": rollout</title>\n<style>", out);
	for (size_t i = 0; i < sizeof report_style / sizeof *report_style; i++)
		fputs(report_style[i], out);
	fputs("</style></head><body><main>\n<header><h1>", out);
	write_markup(out, r->product);
	putc(' ', out);
	write_markup(out, r->version);
	fputs("</h1><span class=\"badge ", out);
	write_markup(out, r->state);
	fputs("\" id=\"run\">", out);
	write_markup(out, r->state);
	fputs("</span></header>\n<p class=\"sub\">", out);
	if (r->began_ms)
		fprintf(out, "Begun %s &middot; ", write_local_time(time, r->began_ms));
	fprintf(out, "as of %s &middot; plan <span class=\"mono\">", write_local_time(time, r->now_ms));
	write_markup(out, r->plan);
	fputs("</span></p>\n", out);
	if (*r->why) {
		fputs("<p class=\"why\"><b>Halted because:</b> ", out);
		write_markup(out, r->why);
		fputs("</p>\n", out);
	}
}

static void waves(FILE *out, const struct report *r)
{
	if (!r->nwaves)
		return;
	fputs("<h2>Waves</h2><div class=\"panel\"><table><tr><th>Wave</th><th>State</th><th class=\"n\">Boards</th><th class=\"n\">Good</th>"
	      "<th class=\"n\">Bad</th><th class=\"n\">Unknown</th><th></th></tr>\n", out);
	for (size_t i = 0; i < r->nwaves; i++) {
		size_t count[SESSION_STATES];
		struct report_sums s;

		report_count(r, (unsigned)i + 1, count);
		report_sum(&s, count);
		fprintf(out, "<tr><td>%zu ", i + 1);
		write_markup(out, r->waves[i].name);
		fputs("</td><td>", out);
		write_markup(out, r->waves[i].state);
		fprintf(out, "</td><td class=\"n\">%zu</td><td class=\"n\">%zu</td><td class=\"n\">%zu</td><td class=\"n\">%zu</td><td class=\"bars\">",
			s.all, s.good, s.bad, s.unknown);
		bar(out, count, s.all, "");
		fputs("</td></tr>\n", out);
	}
	fputs("</table></div>\n", out);
}

/* --- the farm, rack by rack --- */

/* Numbers within names by their value: rack-2 comes before rack-10. Names that differ are never equal. */
static int natural(const char *a, const char *b)
{
	const char *const x = a, *const y = b;

	while (*a && *b) {
		size_t m = strspn(a, "0123456789"), n = strspn(b, "0123456789");

		if (m && n) {
			int order;

			for (; m > 1 && *a == '0'; m--)
				a++;
			for (; n > 1 && *b == '0'; n--)
				b++;
			order = m != n ? (m < n ? -1 : 1) : memcmp(a, b, m);
			if (order)
				return order;
			a += m;
			b += n;
		} else if (*a != *b) {
			return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
		} else {
			a++;
			b++;
		}
	}
	return *a || *b ? (*a ? 1 : -1) : strcmp(x, y);
}

static int by_place(const void *a, const void *b)
{
	const struct report_device *x = *(const struct report_device *const *)a, *y = *(const struct report_device *const *)b;
	int order = natural(x->site, y->site);

	if (order == 0)
		order = natural(x->rack, y->rack);
	if (order == 0)
		order = natural(x->address, y->address);
	return order ? order : strcmp(x->mac, y->mac);
}

static bool same_rack(const struct report_device *a, const struct report_device *b)
{
	return strcmp(a->site, b->site) == 0 && strcmp(a->rack, b->rack) == 0;
}

static void cell(FILE *out, const struct report_device *d)
{
	const char *word = session_state_word(d->state);

	fprintf(out, "<span class=\"s-%s\" title=\"", word);
	write_markup(out, d->address);
	putc(' ', out);
	write_markup(out, d->mac);
	if (*d->version) {
		fputs(" version ", out);
		write_markup(out, d->version);
	}
	fprintf(out, ": %s", word);
	if (*d->message) {
		fputs(": ", out);
		write_markup(out, d->message);
	}
	fputs("\"><b>", out);
	write_markup(out, *d->address ? d->address : d->mac);
	fprintf(out, "</b>%s</span>", word);
}

static void rack(FILE *out, const struct report_device *const *devices, size_t n)
{
	size_t good = 0;

	for (size_t i = 0; i < n; i++)
		good += session_good(devices[i]->state);
	fputs("<section class=\"rack\"><h3>", out);
	write_markup_place(out, *devices[0]->rack ? devices[0]->rack : "no rack named");
	fprintf(out, " <small>%zu of %zu good</small></h3><div class=\"cells\">", good, n);
	for (size_t i = 0; i < n; i++)
		cell(out, devices[i]);
	fputs("</div></section>\n", out);
}

static int farm(FILE *out, const struct report *r, struct err *e)
{
	const struct report_device **sorted;
	size_t from = 0, to;

	if (!r->ndevices)
		return 0;
	sorted = malloc(r->ndevices * sizeof *sorted);
	if (!sorted)
		return err_set(e, VERDICT_SYSTEM, "out of memory for the report");
	for (size_t i = 0; i < r->ndevices; i++)
		sorted[i] = &r->devices[i];
	qsort(sorted, r->ndevices, sizeof *sorted, by_place);
	for (; from < r->ndevices; from = to) {
		bool first = from == 0 || strcmp(sorted[from - 1]->site, sorted[from]->site) != 0;

		if (first) {
			fprintf(out, "%s<h2>", from ? "</div>\n" : "");
			write_markup_place(out, *sorted[from]->site ? sorted[from]->site : "The farm");
			fputs("</h2><div class=\"racks\">\n", out);
		}
		for (to = from + 1; to < r->ndevices && same_rack(sorted[from], sorted[to]); to++)
			;
		rack(out, sorted + from, to - from);
	}
	fputs("</div>\n", out);
	free(sorted);
	return 0;
}

/* --- what went wrong --- */

static void faults(FILE *out, const struct report *r)
{
	struct report_fault found[SESSION_CLASSES];
	size_t n = report_faults(r, found);

	if (!n)
		return;
	fputs("<h2>Failures by class</h2><div class=\"panel\"><table id=\"faults\"><tr><th>Class</th><th class=\"n\">Boards</th>"
	      "<th>What it means, and what to do</th><th>For example</th></tr>\n", out);
	for (size_t i = 0; i < n; i++) {
		fputs("<tr><td><b>", out);
		fprintf(out, "%s</b></td><td class=\"n\">%zu</td><td class=\"means\">%s</td><td class=\"msg\">",
			session_class_word(found[i].class), found[i].n, session_class_means(found[i].class));
		write_markup(out, found[i].example->address);
		fputs(": ", out);
		write_markup(out, found[i].example->message);
		fputs("</td></tr>\n", out);
	}
	fputs("</table></div>\n", out);
}

static void trouble(FILE *out, const struct report *r, const struct report_sums *s, size_t asking)
{
	if (s->bad + s->unknown + asking == 0)
		return;
	fputs("<h2>Boards to look at</h2><div class=\"panel\"><table id=\"trouble\"><tr><th>Board</th><th class=\"hide\">MAC</th><th>Rack</th>"
	      "<th>State</th><th>Why</th><th class=\"n hide\">Tries</th></tr>\n", out);
	for (size_t i = 0; i < r->ndevices; i++) {
		const struct report_device *d = &r->devices[i];

		if (!report_trouble(d))
			continue;
		fputs("<tr><td class=\"mono\">", out);
		write_markup(out, d->address);
		fputs("</td><td class=\"mono hide\">", out);
		write_markup(out, d->mac);
		fputs("</td><td>", out);
		write_markup_place(out, d->rack);
		fputs("</td><td>", out);
		state_word(out, "span", d->state);
		fputs("</td><td class=\"msg\">", out);
		write_markup(out, d->message);
		fprintf(out, "</td><td class=\"n hide\">%u</td></tr>\n", d->attempts);
	}
	fputs("</table></div>\n", out);
}

/* Boards that somebody is at work on. */
static void going(FILE *out, const struct report *r, const size_t count[static SESSION_STATES])
{
	char doing[WRITE_DOING_MAX];

	if (!*write_doing(doing, count))
		return;
	fprintf(out, "<h2>In progress</h2><div class=\"panel\"><p>%s</p><table id=\"going\"><tr><th>Board</th><th class=\"hide\">MAC</th>"
		"<th>Rack</th><th>State</th><th>What it does</th></tr>\n", doing);
	for (size_t i = 0; i < r->ndevices; i++) {
		const struct report_device *d = &r->devices[i];

		if (!session_going(d->state))
			continue;
		fputs("<tr><td class=\"mono\">", out);
		write_markup(out, d->address);
		fputs("</td><td class=\"mono hide\">", out);
		write_markup(out, d->mac);
		fputs("</td><td>", out);
		write_markup_place(out, d->rack);
		fputs("</td><td>", out);
		state_word(out, "span", d->state);
		fprintf(out, "</td><td>%s</td></tr>\n", session_state_means(d->state));
	}
	fputs("</table></div>\n", out);
}

static void left_out(FILE *out, const struct report *r, size_t n)
{
	if (!n)
		return;
	fputs("<h2>Left out by the plan</h2><div class=\"panel\"><table id=\"skipped\"><tr><th>Board</th><th class=\"hide\">MAC</th><th>Rack</th>"
	      "<th>Why</th></tr>\n", out);
	for (size_t i = 0; i < r->ndevices; i++) {
		const struct report_device *d = &r->devices[i];

		if (d->state != SESSION_SKIPPED)
			continue;
		fputs("<tr><td class=\"mono\">", out);
		write_markup(out, d->address);
		fputs("</td><td class=\"mono hide\">", out);
		write_markup(out, *d->mac ? d->mac : "not known");
		fputs("</td><td>", out);
		write_markup_place(out, d->rack);
		fputs("</td><td class=\"msg\">", out);
		write_markup(out, d->message);
		fputs("</td></tr>\n", out);
	}
	fputs("</table></div>\n", out);
}

/* The words of this page. */
static void words(FILE *out, const size_t count[static SESSION_STATES])
{
	fputs("<h2>What the states mean</h2><div class=\"panel\"><table id=\"words\">", out);
	for (int i = 0; i < SESSION_STATES; i++) {
		if (!count[i])
			continue;
		fputs("<tr><td>", out);
		state_word(out, "span", (enum session_state)i);
		fprintf(out, "</td><td>%s</td></tr>\n", session_state_means((enum session_state)i));
	}
	fputs("</table></div>\n", out);
}

int report_html(FILE *out, const struct report *r, struct err *e)
{
	size_t count[SESSION_STATES];
	struct report_sums s;

	report_count(r, 0, count);
	report_sum(&s, count);
	head(out, r);
	tiles(out, r, &s);
	bar(out, count, s.all, " big");
	legend(out, count);
	waves(out, r);
	going(out, r, count);
	faults(out, r);
	if (farm(out, r, e))
		return -1;
	report_timeline(out, r);
	trouble(out, r, &s, count[SESSION_ASKING]);
	left_out(out, r, s.skipped);
	words(out, count);
	fputs("<footer>Image <span class=\"mono\">", out);
	write_markup(out, r->image);
	fprintf(out, "</span>, %" PRIu64 " bytes. Written by firmflash " FIRMSEAL_VERSION ". This page loads nothing.</footer>\n"
		"</main></body></html>\n", r->image_size);
	return 0;
}
