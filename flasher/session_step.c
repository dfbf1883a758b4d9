/* SPDX-License-Identifier: ISC */
/* The small moves that the state machine is made of. */
#include "flasher/session_step.h"

#include <stdio.h>

enum { BACKOFF_DOUBLES = 4 };

void step_enter(const struct step *p, enum session_state state)
{
	p->s->state = state;
	p->next->edges[p->next->nedges++] = state;
}

void step_act(const struct step *p, enum link_act a, uint64_t delay_ms)
{
	p->next->want = WANT_ACT;
	p->next->act = a;
	p->next->delay_ms = delay_ms;
}

void step_end(const struct step *p, enum session_state state, enum session_class class, const char *text)
{
	struct session *s = p->s;

	if (s->was) { /* retried, and it never answered: nothing new is known */
		snprintf(s->text, sizeof s->text, "asked again, and still: %.*s", SESSION_TEXT_MAX - 32, text);
		state = s->was;
		class = s->was_class;
		s->was = SESSION_WAITING;
		s->was_class = CLASS_NONE;
	} else {
		snprintf(s->text, sizeof s->text, "%.*s", SESSION_TEXT_MAX - 1, text);
	}
	s->class = class;
	p->next->want = WANT_NOTHING;
	step_enter(p, state);
}

void step_answered(const struct step *p)
{
	p->s->was = SESSION_WAITING;
	p->s->was_class = CLASS_NONE;
}

uint64_t step_backoff(const struct step *p, uint32_t nth)
{
	uint64_t ms = p->r->backoff_ms << (nth < BACKOFF_DOUBLES ? nth : BACKOFF_DOUBLES);

	p->s->seed = p->s->seed * 1664525u + 1013904223u;
	return ms - ms / 4 + ms / 2 * (p->s->seed >> 16) / 65536;
}

void step_look_later(const struct step *p)
{
	step_act(p, LINK_IDENTIFY, p->r->poll_ms);
}

void step_again(const struct step *p, const char *why)
{
	struct session *s = p->s;

	s->asking = false;
	s->tries = 0;
	if (s->uploads >= p->r->tries) {
		step_end(p, SESSION_FAILED, CLASS_TRANSFER, why);
		return;
	}
	snprintf(s->text, sizeof s->text, "%s", why);
	step_enter(p, SESSION_WAITING);
	step_act(p, LINK_IDENTIFY, step_backoff(p, s->uploads));
}

void step_await_boot(const struct step *p, uint64_t first_ms)
{
	p->s->seen_down = false;
	p->s->stale = 0;
	p->s->deadline_ms = p->now + first_ms + p->r->boot_ms;
	step_act(p, LINK_IDENTIFY, first_ms);
}

void step_arrived(const struct step *p)
{
	struct session *s = p->s;

	s->asking = false;
	s->uptime_s = 0;
	s->stale = 0;
	step_enter(p, SESSION_UP);
	step_enter(p, SESSION_VERSION);
	s->deadline_ms = p->now + p->r->health_ms;
	step_act(p, LINK_HEALTH, 0);
}

void step_want_reboot(const struct step *p)
{
	if (p->s->self_reboot) {
		step_enter(p, SESSION_REBOOTING);
		step_await_boot(p, p->r->poll_ms);
	} else {
		p->next->want = WANT_REBOOT;
	}
}
