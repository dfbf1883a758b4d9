/* SPDX-License-Identifier: ISC */
/* Walks the list of addresses, so many at once and so many a second, and gathers what they came to. */
#include "flasher/scan.h"

#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 20, PROGRESS_MS = 1000 };

struct scan {
	struct scan_result *result;
	const struct targets *targets;
	const struct scan_options *options;
	struct loop *loop;
	struct client *client;
	void (*progress)(size_t done, size_t all);
	struct loop_timer tick;
	struct scan_probe **probes;   /* those under way: ACTIVE of them */
	size_t next, active, done;
	uint64_t begun_ms, told_ms;
	size_t told;                  /* what the last line of progress said */
	bool failed;
	struct err *e;
};

static int keep(struct scan_result *r, const struct scan_record *record, struct err *e)
{
	if (r->n == r->room) {
		size_t room = r->room ? 2 * r->room : 64;
		struct scan_record *more = realloc(r->records, room * sizeof *more);

		if (!more)
			return err_set(e, VERDICT_SYSTEM, "out of memory");
		r->records = more;
		r->room = room;
	}
	r->records[r->n++] = *record;
	return 0;
}

static void fail(struct scan *s)
{
	s->failed = true;
	loop_stop(s->loop);
}

static void fill(struct scan *s);

static void on_told(void *owner, struct scan_probe *probe, const struct scan_record *record)
{
	struct scan *s = owner;

	for (size_t i = 0; i < s->active; i++)
		if (s->probes[i] == probe)
			s->probes[i] = s->probes[s->active - 1];
	s->active--;
	s->done++;
	s->result->count[record->state]++;
	s->result->suspect += record->signs != 0;
	s->result->missing += record->state == SCAN_SILENT && record->known[0];
	if ((record->state != SCAN_SILENT || record->known[0]) && keep(s->result, record, s->e))
		fail(s);
	scan_probe_close(&probe);
	fill(s);
}

/* Begins as many as may be. The rate counts from the start, so that a busy moment is made up for. */
static void fill(struct scan *s)
{
	const struct ranges *r = &s->targets->ranges;
	uint64_t now = loop_now(s->loop), due = (now - s->begun_ms + TICK_MS) * s->options->rate / 1000 + 1;

	while (!s->failed && s->next < r->n && s->active < s->options->concurrency && s->next < due) {
		const struct range_address *a = &r->at[s->next];

		if (scan_probe_open(&s->probes[s->active], s->options, a->address, &s->targets->notes[a->note], s->client, on_told, s,
				    s->e)) {
			fail(s);
			return;
		}
		s->next++;
		s->active++;
	}
	if (s->progress && now - s->told_ms >= PROGRESS_MS && s->done > s->told) {
		s->told_ms = now;
		s->told = s->done;
		s->progress(s->done, r->n);
	}
	if (s->failed || s->done == r->n)
		loop_stop(s->loop);
	else if (!loop_armed(&s->tick) && loop_arm(s->loop, &s->tick, TICK_MS, s->e))
		fail(s);
}

static void on_tick(void *owner)
{
	fill(owner);
}

/* --- the same board twice: two addresses, one MAC --- */

static int by_mac(const void *a, const void *b)
{
	const struct scan_record *x = *(struct scan_record *const *)a, *y = *(struct scan_record *const *)b;

	return strcmp(x->board.mac, y->board.mac);
}

static int mark_twice(struct scan_result *r, struct err *e)
{
	struct scan_record **order = calloc(r->n + 1, sizeof *order);

	if (!order)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	for (size_t i = 0; i < r->n; i++)
		order[i] = &r->records[i];
	qsort(order, r->n, sizeof *order, by_mac);
	for (size_t i = 1; i < r->n; i++)
		if (order[i]->board.mac[0] && by_mac(&order[i - 1], &order[i]) == 0)
			order[i - 1]->twice = order[i]->twice = true;
	for (size_t i = 0; i < r->n; i++)
		r->twice += r->records[i].twice;
	free(order);
	return 0;
}

/* Addresses as numbers, not as text. All have the same port. */
static int by_address(const void *a, const void *b)
{
	const char *x = ((const struct scan_record *)a)->board.address.text, *y = ((const struct scan_record *)b)->board.address.text;

	for (int i = 0; i < 4; i++) {
		char *end_x, *end_y;
		unsigned long m = strtoul(x, &end_x, 10), n = strtoul(y, &end_y, 10);

		if (m != n)
			return m < n ? -1 : 1;
		x = *end_x ? end_x + 1 : end_x;
		y = *end_y ? end_y + 1 : end_y;
	}
	return 0;
}

int scan_run(struct scan_result *out, const struct targets *targets, const struct scan_options *options, struct loop *loop,
	     struct client *client, void (*progress)(size_t done, size_t all), struct err *e)
{
	struct scan s = {.result = out, .targets = targets, .options = options, .loop = loop, .client = client, .progress = progress, .e = e};
	int rc = -1;

	*out = (struct scan_result){.asked = targets->ranges.n};
	s.tick = (struct loop_timer){.fire = on_tick, .owner = &s};
	s.begun_ms = s.told_ms = loop_now(loop);
	if (targets->ranges.n == 0)
		return 0;
	s.probes = calloc(options->concurrency, sizeof *s.probes);
	if (!s.probes)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (loop_arm(loop, &s.tick, 0, e) || loop_run(loop, e) || s.failed)
		goto out;
	if (s.done < targets->ranges.n) {
		err_set(e, VERDICT_SYSTEM, "the scan was stopped before its end");
		goto out;
	}
	if (out->n)
		qsort(out->records, out->n, sizeof *out->records, by_address);
	rc = mark_twice(out, e);
out:
	loop_disarm(loop, &s.tick);
	while (s.active > 0)
		scan_probe_close(&s.probes[--s.active]);
	free(s.probes);
	return rc;
}

void scan_result_free(struct scan_result *r)
{
	free(r->records);
	r->records = NULL;
	r->n = r->room = 0;
}
