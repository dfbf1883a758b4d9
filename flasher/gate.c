/* SPDX-License-Identifier: ISC */
/* Two lists and two timers. */
#include "flasher/gate.h"

static void append(struct gate_list *l, struct gate_pass *p)
{
	p->next = NULL;
	p->prev = l->last;
	if (l->last)
		l->last->next = p;
	else
		l->first = p;
	l->last = p;
}

static void take(struct gate_list *l, struct gate_pass *p)
{
	if (p->prev)
		p->prev->next = p->next;
	else
		l->first = p->next;
	if (p->next)
		p->next->prev = p->prev;
	else
		l->last = p->prev;
	p->next = p->prev = NULL;
}

static void hold(struct gate *g, struct gate_pass *p)
{
	append(&g->holding, p);
	p->where = GATE_INSIDE;
	p->since_ms = loop_now(g->loop);
	g->inside++;
}

static void give_up(struct gate *g, struct gate_pass *p, enum gate_where where)
{
	take(&g->holding, p);
	p->where = where;
	g->inside--;
}

/* Lets in who can be; ENTER may ask and leave in turn. */
static void on_pump(void *owner)
{
	struct gate *g = owner;
	struct gate_pass *p;

	while (g->inside < g->places && (p = g->waiting.first)) {
		take(&g->waiting, p);
		hold(g, p);
		p->enter(p->owner);
	}
}

/* In the next turn, for all who leave in this one. */
static void pump_soon(struct gate *g)
{
	if (g->waiting.first && g->inside < g->places && !loop_armed(&g->pump) && loop_arm(g->loop, &g->pump, 0, NULL))
		on_pump(g); /* no memory for a timer: better out of order than never */
}

static void arm_excuse(struct gate *g)
{
	if (g->waiting.first && !loop_armed(&g->excuse))
		(void)loop_arm(g->loop, &g->excuse, GATE_DEAF_MS / 2, NULL);
}

/* Those who have held a place for long stay inside, and are not counted any more. */
static void on_excuse(void *owner)
{
	struct gate *g = owner;
	uint64_t now = loop_now(g->loop);

	for (struct gate_pass *p = g->holding.first, *next; p && now - p->since_ms >= GATE_DEAF_MS; p = next) {
		next = p->next;
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
}

void gate_close(struct gate *g)
{
	loop_disarm(g->loop, &g->pump);
	loop_disarm(g->loop, &g->excuse);
	g->waiting = g->holding = (struct gate_list){NULL, NULL};
	g->inside = 0;
}

bool gate_ask(struct gate *g, struct gate_pass *p)
{
	if (!g->waiting.first && g->inside < g->places) {
		hold(g, p);
		return true;
	}
	append(&g->waiting, p);
	p->where = GATE_OUTSIDE;
	arm_excuse(g);
	return false;
}

void gate_leave(struct gate *g, struct gate_pass *p)
{
	if (p->where == GATE_OUTSIDE)
		take(&g->waiting, p);
	else if (p->where == GATE_INSIDE)
		give_up(g, p, GATE_AWAY);
	p->where = GATE_AWAY;
	pump_soon(g);
}
