/* SPDX-License-Identifier: ISC */
/* Two lists and two timers. */
#include "flasher/gate.h"

static void hold(struct gate *g, struct gate_pass *p)
{
	TAILQ_INSERT_TAIL(&g->holding, p, link);
	p->where = GATE_INSIDE;
	p->since_ms = loop_now(g->loop);
	g->inside++;
}

static void give_up(struct gate *g, struct gate_pass *p, enum gate_where where)
{
	TAILQ_REMOVE(&g->holding, p, link);
	p->where = where;
	g->inside--;
}

/* Lets in who can be; ENTER may ask and leave in turn. */
static void on_pump(void *owner)
{
	struct gate *g = owner;
	struct gate_pass *p;

	while (g->inside < g->places && (p = TAILQ_FIRST(&g->waiting))) {
		TAILQ_REMOVE(&g->waiting, p, link);
		hold(g, p);
		p->enter(p->owner);
	}
}

/* In the next turn, for all who leave in this one. */
static void pump_soon(struct gate *g)
{
	if (!TAILQ_EMPTY(&g->waiting) && g->inside < g->places && !loop_armed(&g->pump) && loop_arm(g->loop, &g->pump, 0, NULL))
		on_pump(g); /* no memory for a timer: better out of order than never */
}

static void arm_excuse(struct gate *g)
{
	if (!TAILQ_EMPTY(&g->waiting) && !loop_armed(&g->excuse))
		IGNORE(loop_arm(g->loop, &g->excuse, GATE_DEAF_MS / 2, NULL));
}

/* Those who have held a place for long stay inside, and are not counted any more. */
static void on_excuse(void *owner)
{
	struct gate *g = owner;
	uint64_t now = loop_now(g->loop);

	for (struct gate_pass *p = TAILQ_FIRST(&g->holding), *next; p && now - p->since_ms >= GATE_DEAF_MS; p = next) {
		next = TAILQ_NEXT(p, link);
		if (now - p->since_ms >= GATE_LOAN_MS || !p->met(p->owner))
			give_up(g, p, GATE_EXCUSED);
	}
	pump_soon(g);
	arm_excuse(g);
}

void gate_init(struct gate *g, struct loop *loop, size_t places)
{
	*g = (struct gate){.loop = loop, .places = places, .pump = {.fire = on_pump}, .excuse = {.fire = on_excuse}};
	g->pump.owner = g->excuse.owner = g;
	TAILQ_INIT(&g->waiting);
	TAILQ_INIT(&g->holding);
}

void gate_close(struct gate *g)
{
	loop_disarm(g->loop, &g->pump);
	loop_disarm(g->loop, &g->excuse);
	TAILQ_INIT(&g->waiting);
	TAILQ_INIT(&g->holding);
	g->inside = 0;
}

bool gate_ask(struct gate *g, struct gate_pass *p)
{
	if (TAILQ_EMPTY(&g->waiting) && g->inside < g->places) {
		hold(g, p);
		return true;
	}
	TAILQ_INSERT_TAIL(&g->waiting, p, link);
	p->where = GATE_OUTSIDE;
	arm_excuse(g);
	return false;
}

void gate_leave(struct gate *g, struct gate_pass *p)
{
	if (p->where == GATE_OUTSIDE)
		TAILQ_REMOVE(&g->waiting, p, link);
	else if (p->where == GATE_INSIDE)
		give_up(g, p, GATE_AWAY);
	p->where = GATE_AWAY;
	pump_soon(g);
}
