/* SPDX-License-Identifier: ISC */
/* Tallies by run, wave and site, held against the plan's limits. */
#include "flasher/halts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The devices by site, to number the sites. */
static const struct plan *sorting; /* for the comparison alone */

static int by_site(const void *a, const void *b)
{
	return strcmp(sorting->devices[*(const uint32_t *)a].board.site, sorting->devices[*(const uint32_t *)b].board.site);
}

int halts_init(struct halts *h, const struct plan *plan, struct err *e)
{
	uint32_t *order = calloc(plan->n + 1, sizeof *order);

	*h = (struct halts){.plan = plan, .site_of = calloc(plan->n + 1, sizeof *h->site_of)};
	if (!order || !h->site_of)
		goto out;
	for (size_t i = 0; i < plan->n; i++)
		order[i] = (uint32_t)i;
	sorting = plan;
	qsort(order, plan->n, sizeof *order, by_site);
	for (size_t i = 0; i < plan->n; i++) {
		if (i == 0 || by_site(&order[i - 1], &order[i]) != 0)
			h->nsites++;
		h->site_of[order[i]] = (uint32_t)h->nsites - 1;
	}
	h->site = calloc(h->nsites + 1, sizeof *h->site);
out:
	free(order);
	return h->site ? 0 : err_set(e, VERDICT_SYSTEM, "out of memory");
}

static void add(struct halts_tally *t, bool bad, enum session_class class)
{
	t->ended++;
	t->bad += bad;
	if (bad)
		t->class[class]++;
}

static bool due(const struct plan_halt *l, const struct halts_tally *t, const char *where, char why[static SESSION_TEXT_MAX])
{
	size_t n = l->any ? t->bad : t->class[l->class];
	const char *what = l->any ? "failed" : session_class_word(l->class);

	if (l->count && n >= l->count) {
		snprintf(why, SESSION_TEXT_MAX, "%zu %s in %s: the limit is %" PRIu64, n, what, where, l->count);
		return true;
	}
	if (!l->count && t->ended >= l->sample && n * 100 > l->percent * t->ended) {
		snprintf(why, SESSION_TEXT_MAX, "%zu of %zu %s in %s: the limit is %" PRIu64 " %%", n, t->ended, what, where,
			 l->percent);
		return true;
	}
	return false;
}

bool halts_count(struct halts *h, uint32_t index, enum session_state end, enum session_class class,
		 char why[static SESSION_TEXT_MAX])
{
	const struct plan_device *d = &h->plan->devices[index];
	struct halts_tally *of[PLAN_SCOPES] = {&h->wave[0], &h->wave[d->wave - 1], &h->site[h->site_of[index]], &h->run};
	char wave[32], site[TEXT_NAME_MAX + 8];
	const char *where[PLAN_SCOPES] = {"the canary wave", wave, site, "the whole run"};

	if (end == SESSION_ALREADY || end == SESSION_SKIPPED)
		return false;
	for (int s = SCOPE_WAVE; s < PLAN_SCOPES; s++)
		add(of[s], session_bad(end), class);
	snprintf(wave, sizeof wave, "wave %u", d->wave);
	snprintf(site, sizeof site, "site %s", d->board.site[0] ? d->board.site : "(none)");
	for (size_t i = 0; session_bad(end) && i < h->plan->nhalts; i++) {
		const struct plan_halt *l = &h->plan->halts[i];

		if ((l->scope != SCOPE_CANARY || d->wave == 1) && due(l, of[l->scope], where[l->scope], why))
			return true;
	}
	return false;
}

void halts_free(struct halts *h)
{
	free(h->site);
	free(h->site_of);
	*h = (struct halts){0};
}
