/* SPDX-License-Identifier: ISC */
/* Boards that are a few numbers and a timer. */
#include "flasher/link_sim.h"

#include <stdlib.h>
#include <string.h>

enum {
	ANSWER_MS = 40, TIMEOUT_MS = 15000,
	BODY_MS = 18000, WRITE_MS = 4000, TELL_MS = 200, /* of an upload: until all is there, until it is in flash, until told */
	BOOT_MS = 45000,
	BEFORE_MS = 86400000, /* that a board had been up for when all began */
	LEAVE_MS = 5000, /* from the image in flash to the board's own reboot */
	RESTART_MS = 20000,
	HASHRATE = 13500000, CHAINS = 3, FANS = 2, TEMP = 71,
};

struct sim {
	struct link_maker base;
	struct sim_options options;
	uint64_t offset_ms, sent;
	uint64_t boot_ms, write_ms; /* no longer than half of what the plan allows */
};

struct sim_link {
	struct link base;
	struct sim *sim;
	struct sim_board *board;
	struct link_target target;
	const char *mac;
	bool self_reboot;
	enum link_act act;
	bool body_sent;
	struct loop_timer timer;
};

static uint64_t now(const struct sim *s)
{
	return s->offset_ms + loop_now(s->options.loop);
}

static uint32_t mix(uint32_t x)
{
	x = (x ^ x >> 16) * 0x45d9f3bu;
	x = (x ^ x >> 16) * 0x45d9f3bu;
	return x ^ x >> 16;
}

/* What time has done to the board since it was last looked at. */
static void age(struct sim_link *l)
{
	struct sim_board *b = l->board;
	uint64_t t = now(l->sim);

	*l->sim->options.clock_ms = t;
	if (!b->writes_until_ms || t < b->writes_until_ms)
		return;
	b->flashes++;
	b->pending = true;
	if (l->self_reboot) {
		b->down_from_ms = b->writes_until_ms + LEAVE_MS;
		b->down_until_ms = b->down_from_ms + l->sim->boot_ms;
		b->fresh = b->fault != SIM_STALE;
		b->reboots++;
	}
	b->writes_until_ms = 0;
}

static bool answers(const struct sim_link *l)
{
	const struct sim_board *b = l->board;
	uint64_t t = now(l->sim);

	if (b->fault == SIM_UNREACHABLE || b->bricked || (t >= b->down_from_ms && t < b->down_until_ms))
		return false;
	return !((b->fault == SIM_DEAD && b->fresh && t >= b->down_from_ms) || (b->fault == SIM_MUTE && b->flashes > 0));
}

static void fire_after(struct sim_link *l, uint64_t ms)
{
	struct err e;

	IGNORE(loop_arm(l->sim->options.loop, &l->timer, ms, &e)); /* out of memory: the act hangs, as real ones may */
}

static void identify(struct sim_link *l, struct link_event *event)
{
	struct link_identity *i = &event->identity;

	if (l->board->fault == SIM_LOGIN) {
		event->fault = CLASS_LOGIN;
		result_set(&event->result, OUTCOME_FAILED, "no credential was taken");
		return;
	}
	result_set(&event->result, OUTCOME_ACCEPTED, "%s", "");
	snprintf(i->mac, sizeof i->mac, "%s", l->board->fault == SIM_SWAPPED ? "02:ff:ff:ff:ff:fe" : l->mac);
	snprintf(i->version, sizeof i->version, "%s", l->board->fresh && now(l->sim) >= l->board->down_until_ms ? l->sim->options.plan->rules.version : "old");
	snprintf(i->model, sizeof i->model, "simulated");
	i->wants_login = true;
	i->uptime_s = (l->board->reboots ? now(l->sim) - l->board->down_until_ms : now(l->sim) + BEFORE_MS) / 1000;
}

static void health(struct sim_link *l, struct link_event *event)
{
	const struct sim_board *b = l->board;
	bool restarts = b->fault == SIM_RESTARTS && b->fresh;
	uint64_t t = now(l->sim), up = (t > b->down_until_ms ? t - b->down_until_ms : t) / 1000 + 1;

	result_set(&event->result, OUTCOME_ACCEPTED, "%s", "");
	event->health = (struct link_health){
		.http = true, .api = true, .chains = CHAINS, .fans = FANS, .temp_c = TEMP,
		.hashrate_mhs = b->fault == SIM_SICK && b->fresh ? HASHRATE / 2 : HASHRATE,
		.uptime_s = restarts ? up % (RESTART_MS / 1000) + 1 : up};
	link_pools(event->health.pools, "stratum+tcp://pool.example:3333 farm\n");
}

static bool upload(struct sim_link *l, struct link_event *event)
{
	struct sim_board *b = l->board;

	if (!l->body_sent) {
		l->body_sent = true;
		b->uploads++;
		if (b->fault == SIM_CUT && b->uploads == 1) {
			event->fault = CLASS_LOST;
			result_set(&event->result, OUTCOME_UNKNOWN, "the connection broke");
			return true;
		}
		l->sim->sent += l->target.image ? l->target.image->size : 0;
		if (b->fault != SIM_REJECT)
			b->writes_until_ms = now(l->sim) + l->sim->write_ms;
		fire_after(l, b->fault == SIM_REJECT ? TELL_MS : l->sim->write_ms + TELL_MS);
		return false;
	}
	if (b->fault == SIM_REJECT) {
		event->fault = CLASS_REFUSED;
		result_set(&event->result, OUTCOME_REJECTED, "%s", "");
		event->result.judged = true;
		event->result.verdict = VERDICT_WRONG_BOARD;
	} else if (b->fault == SIM_LOST || b->fault == SIM_MUTE) {
		event->fault = CLASS_LOST;
		result_set(&event->result, OUTCOME_UNKNOWN, "no answer came");
	} else {
		result_set(&event->result, OUTCOME_ACCEPTED, "%s", "");
	}
	return true;
}

static void reboot(struct sim_link *l, struct link_event *event)
{
	struct sim_board *b = l->board;

	b->bricked = b->writes_until_ms != 0;
	b->reboots++;
	b->down_from_ms = now(l->sim);
	b->down_until_ms = b->down_from_ms + l->sim->boot_ms;
	if (b->pending)
		b->fresh = b->fault != SIM_STALE;
	b->pending = false;
	result_set(&event->result, OUTCOME_ACCEPTED, "%s", "");
}

static void on_time(void *owner)
{
	struct sim_link *l = owner;
	struct link_event event = {.act = l->act};
	bool there;

	age(l);
	there = answers(l);
	if (!there) {
		event.fault = l->act == LINK_UPLOAD && l->body_sent ? CLASS_LOST : CLASS_UNREACHABLE;
		result_set(&event.result, event.fault == CLASS_LOST ? OUTCOME_UNKNOWN : OUTCOME_FAILED, "no answer in time");
	} else if (l->act == LINK_IDENTIFY) {
		identify(l, &event);
	} else if (l->act == LINK_HEALTH) {
		health(l, &event);
	} else if (l->act == LINK_REBOOT) {
		reboot(l, &event);
	} else if (!upload(l, &event)) {
		return;
	}
	l->base.told(l->base.context, &event);
}

static void sim_start(struct link *base, enum link_act act)
{
	struct sim_link *l = (struct sim_link *)base;
	uint32_t jitter = mix(base->index * 8 + (uint32_t)act) % 1000;

	age(l);
	l->act = act;
	l->body_sent = false;
	if (!answers(l))
		fire_after(l, TIMEOUT_MS);
	else
		fire_after(l, act == LINK_UPLOAD ? BODY_MS + 4 * jitter : ANSWER_MS + jitter / 20);
}

static void sim_cancel(struct link *base)
{
	struct sim_link *l = (struct sim_link *)base;

	loop_disarm(l->sim->options.loop, &l->timer);
}

static void sim_close(struct link *base)
{
	sim_cancel(base);
	free(base);
}

static int sim_open(struct link_maker *m, struct link **out, const struct link_target *target, link_told *told,
		    void *context, struct err *e)
{
	static const struct link_ops ops = {sim_start, sim_cancel, sim_close};
	struct sim *s = (struct sim *)m;
	struct sim_link init = {.base = {&ops, told, context, target->index},
				.sim = s,
				.board = &s->options.boards[target->index],
				.target = *target,
				.mac = s->options.plan->devices[target->index].board.mac,
				.self_reboot = !(target->wipe ? &target->board->wipe : &target->board->keep)->reboot[0]};
	struct sim_link *l = malloc(sizeof *l);

	if (!l)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	init.timer = (struct loop_timer){.fire = on_time, .owner = l};
	memcpy(l, &init, sizeof *l);
	*out = &l->base;
	return 0;
}

static uint64_t sim_sent(const struct link_maker *m)
{
	return ((const struct sim *)m)->sent;
}

int link_sim_open(struct link_maker **out, const struct sim_options *options, struct err *e)
{
	struct sim *s = calloc(1, sizeof *s);

	*out = NULL;
	if (!s)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	s->base = (struct link_maker){.open = sim_open, .sent = sim_sent};
	s->options = *options;
	s->boot_ms = options->plan->rules.boot_ms / 2 < BOOT_MS ? options->plan->rules.boot_ms / 2 : BOOT_MS;
	s->write_ms = options->plan->rules.settle_ms / 2 < WRITE_MS ? options->plan->rules.settle_ms / 2 : WRITE_MS;
	s->offset_ms = *options->clock_ms - loop_now(options->loop);
	*out = &s->base;
	return 0;
}

void link_sim_free(struct link_maker **m)
{
	free(*m);
	*m = NULL;
}

int link_sim_deal(struct sim_board *boards, size_t n, const char *text, struct err *e)
{
	static const char *const words[SIM_FAULTS] = {"good", "unreachable", "login", "reject", "lost",     "cut",
						      "mute", "stale",       "sick",  "dead",   "restarts", "swapped"};
	uint32_t from = 0;

	while (*text) {
		size_t len = strcspn(text, ","), word = strcspn(text, ":");
		int fault = -1;
		uint64_t percent;

		for (int f = 0; f < SIM_FAULTS && word < len; f++)
			if (strlen(words[f]) == word && memcmp(text, words[f], word) == 0)
				fault = f;
		if (fault < 0 || text_number(&percent, (struct span){text + word + 1, len - word - 1}, 100))
			return err_set(e, VERDICT_USAGE, "faults are NAME:PERCENT,... with unreachable, login, reject, lost, cut, "
							 "mute, stale, sick, dead, restarts, swapped");
		for (size_t i = 0; i < n; i++) {
			uint32_t lot = mix((uint32_t)i + 1) % 100;

			if (lot >= from && lot < from + percent)
				boards[i].fault = (enum sim_fault)fault;
		}
		from += (uint32_t)percent;
		text += len + (text[len] ? 1 : 0);
	}
	return 0;
}
