/* SPDX-License-Identifier: ISC */
/* A board is compared with itself: figures of its model would be somebody's guess. */
#include "flasher/session_health.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* "2 fans turn, not 4". */
static bool say(char why[static SESSION_TEXT_MAX], uint64_t now, const char *what, uint64_t before)
{
	snprintf(why, SESSION_TEXT_MAX, "%" PRIu64 " %s, not %" PRIu64, now, what, before);
	return false;
}

static bool figures_good(const struct session *s, const struct session_rules *r, const struct link_health *h,
			 char why[static SESSION_TEXT_MAX])
{
	const struct link_health *b = &s->figures;

	if (r->chains && h->chains < b->chains)
		return say(why, h->chains, "hash boards work", b->chains);
	if (r->fans && h->fans < b->fans)
		return say(why, h->fans, "fans turn", b->fans);
	if (h->hashrate_mhs < b->hashrate_mhs / 100 * r->hashrate_percent)
		return say(why, h->hashrate_mhs, "MH/s", b->hashrate_mhs);
	if (r->pools && b->pools[0] && h->pools[0] && strcmp(b->pools, h->pools) != 0) {
		snprintf(why, SESSION_TEXT_MAX, "its pools are not the ones it had");
		return false;
	}
	return true;
}

bool session_health_good(const struct session *s, const struct session_rules *r, const struct link_event *event,
			 char why[static SESSION_TEXT_MAX])
{
	const struct link_health *h = &event->health;

	if (event->result.outcome != OUTCOME_ACCEPTED || !h->http) {
		snprintf(why, SESSION_TEXT_MAX, "no status: %.150s", event->result.text);
		return false;
	}
	if (s->have_figures && !h->api) {
		snprintf(why, SESSION_TEXT_MAX, "its miner does not answer (port 4028)");
		return false;
	}
	if (h->api && r->temp_c && h->temp_c > r->temp_c)
		return say(why, h->temp_c, "degrees at the hottest place", r->temp_c);
	return !s->have_figures || figures_good(s, r, h, why);
}
