/* SPDX-License-Identifier: ISC */
/* Acts of boards: over which link, when, and what they tell. Boards that DHCP moved are found here. */
#include "flasher/rollout_parts.h"

#include <string.h>

static int by_mac(const void *key, const void *at, const struct item *items)
{
	return strcmp(key, items[*(const uint32_t *)at].d->session.mac);
}

static struct item *find(struct rollout *r, const char *mac)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int c = by_mac(mac, &r->by_mac[mid], r->items);

		if (c == 0)
			return &r->items[r->by_mac[mid]];
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

/* A board of the plan answers at another's address: DHCP has moved it, and that is where it is found from now on. */
static void learn(struct item *here, const char *mac)
{
	struct item *there = find(here->r, mac);

	if (!there || there == here || session_ended(there->d->session.state) || strcmp(there->d->address, here->at) == 0 ||
	    there->d->session.state == SESSION_UPLOADING)
		return;
	snprintf(there->d->address, sizeof there->d->address, "%s", here->at);
	there->moved = true;
}

static void told(void *context, const struct link_event *event)
{
	struct item *i = context;
	struct rollout *r = i->r;
	enum session_state before = i->d->session.state;
	struct session_next next = {0};

	r->nflying -= i->flying;
	r->nbusy--;
	i->flying = i->busy = false;
	if (event->act == LINK_IDENTIFY && event->result.outcome == OUTCOME_ACCEPTED &&
	    strcmp(event->identity.mac, i->d->session.mac) != 0)
		learn(i, event->identity.mac);
	session_told(&i->d->session, &r->setup.plan->rules, event, loop_now(r->setup.loop), &next);
	item_follow(i, &next, before);
}

const struct rollout_kind *rollout_kind_of(const struct rollout *r, const char *id)
{
	for (size_t k = 0; k < r->setup.nkinds; k++)
		if (strcmp(r->setup.kinds[k].board.id, id) == 0)
			return &r->setup.kinds[k];
	return NULL;
}

static int open_link(struct item *i, struct err *e)
{
	struct rollout *r = i->r;
	const struct plan_device *p = &r->setup.plan->devices[i->index];
	const struct rollout_kind *kind = rollout_kind_of(r, p->board.board);
	struct link_target target = {.wipe = r->setup.plan->wipe, .index = i->index};

	if (!kind || address_parse(&target.address, i->d->address, e))
		return err_set(e, VERDICT_SYSTEM, "no profile or no address");
	memcpy(i->at, i->d->address, sizeof i->at);
	target.board = &kind->board;
	target.image = kind->image;
	target.realm = r->setup.realm;
	target.logins = r->setup.credentials ? credentials_find(r->setup.credentials, p->board.credential) : NULL;
	return r->setup.maker->open(r->setup.maker, &i->link, &target, told, i, e);
}

static void start(struct item *i)
{
	struct err e = {0};

	if (i->moved)
		link_close(&i->link);
	i->moved = false;
	if (!i->link && open_link(i, &e)) {
		struct link_event event = {.act = i->act, .fault = CLASS_LOCAL};

		result_set(&event.result, OUTCOME_FAILED, "%.400s", e.message);
		told(i, &event);
		return;
	}
	i->flying = true;
	i->r->nflying++;
	link_start(i->link, i->act);
}

void rollout_start_ready(struct rollout *r)
{
	uint32_t capacity = r->setup.maker->capacity;
	struct item *i;

	while (!r->failed && (!capacity || r->nflying < capacity) && (i = queue_pop(&r->ready)))
		start(i);
}

void item_on_time(void *owner)
{
	struct item *i = owner;

	queue_push(&i->r->ready, i);
	rollout_start_ready(i->r);
}
