/* SPDX-License-Identifier: ISC */
/* The state machine of one board. */
#include "flasher/session.h"

#include <stdio.h>
#include <string.h>

#include "flasher/session_health.h"
#include "flasher/session_step.h"

void session_retry(struct session *s)
{
	bool may_have_it = s->uploads > 0 && s->class != CLASS_TRANSFER && s->class != CLASS_BUSY && s->class != CLASS_REFUSED &&
			   s->class != CLASS_VERSION;

	s->was = s->state;
	s->was_class = s->class;
	/* Sick boards have the new version: the first look finds that out, and their health is watched anew. */
	s->state = !may_have_it || s->class == CLASS_HEALTH ? SESSION_WAITING :
		   s->class == CLASS_REBOOT ? SESSION_ACCEPTED : SESSION_ASKING;
	s->uploads = may_have_it; /* with all its tries again */
	s->class = CLASS_NONE;
}

void session_begin(struct session *s, const struct session_rules *r, uint64_t now_ms, struct session_next *next)
{
	const struct step p = {s, r, now_ms, next};

	*next = (struct session_next){.want = WANT_NOTHING};
	s->tries = s->reboots = s->stale = 0;
	s->deadline_ms = now_ms + r->boot_ms;
	switch (s->state) {
	case SESSION_UPLOADING: /* this program died: with the image on its way, or behind it */
		snprintf(s->text, sizeof s->text, "an upload was under way when the run was cut off");
		step_enter(&p, SESSION_ASKING);
		/* fall through */
	case SESSION_ASKING:
		s->asking = true;
		step_await_boot(&p, r->settle_ms);
		break;
	case SESSION_UP:
	case SESSION_VERSION:
	case SESSION_HEALTHY:
	case SESSION_SOAKED:
	case SESSION_REBOOTING:
		s->state = SESSION_REBOOTING;
		step_await_boot(&p, 0);
		break;
	case SESSION_ACCEPTED:
		step_act(&p, LINK_IDENTIFY, 0);
		break;
	case SESSION_WAITING:
	case SESSION_PROBED:
	case SESSION_ELIGIBLE:
		s->state = SESSION_WAITING;
		step_act(&p, LINK_IDENTIFY, 0);
		break;
	default:
		break;
	}
}

void session_granted(struct session *s, const struct session_rules *r, uint64_t now_ms, struct session_next *next)
{
	const struct step p = {s, r, now_ms, next};

	*next = (struct session_next){.want = WANT_NOTHING};
	s->tries = 0;
	if (s->state == SESSION_ELIGIBLE) {
		s->uploads++;
		s->sent = true;
		s->sent_ms = (int64_t)now_ms;
		s->reboots = 0;
		s->text[0] = '\0';
		step_enter(&p, SESSION_UPLOADING);
		step_act(&p, LINK_UPLOAD, 0);
	} else {
		s->reboots++;
		step_enter(&p, s->asking ? SESSION_ASKING : SESSION_REBOOTING); /* a crash must not make the one the other */
		step_act(&p, LINK_REBOOT, 0);
	}
}

/* --- how do you do? --- */

static void figures(const struct step *p, const struct link_event *event)
{
	struct session *s = p->s;

	if (event->result.outcome == OUTCOME_ACCEPTED && event->health.api && !s->have_figures && s->uploads == 0) {
		s->have_figures = true;
		s->figures = event->health;
	}
	if (event->fault == CLASS_LOGIN) {
		step_end(p, SESSION_FAILED, CLASS_LOGIN, event->result.text);
		return;
	}
	if (event->result.outcome != OUTCOME_ACCEPTED && ++s->tries < p->r->tries) {
		step_act(p, LINK_HEALTH, step_backoff(p, s->tries));
		return;
	}
	if (p->r->baseline && !s->have_figures) {
		step_end(p, SESSION_FAILED, CLASS_HEALTH, "it tells no figures to compare with later (port 4028)");
		return;
	}
	step_enter(p, SESSION_ELIGIBLE);
	p->next->want = WANT_UPLOAD;
}

static void soaking(const struct step *p, const struct link_event *event)
{
	struct session *s = p->s;
	uint64_t uptime = event->health.uptime_s;
	char why[SESSION_TEXT_MAX] = "";
	bool good = session_health_good(s, p->r, event, why);

	if (good && s->state == SESSION_HEALTHY && uptime && uptime < s->uptime_s) {
		good = false;
		snprintf(why, sizeof why, "it restarted while it was watched");
	}
	s->uptime_s = uptime;
	if (!good) {
		if (p->now >= s->deadline_ms) {
			step_end(p, SESSION_FAILED, CLASS_HEALTH, why);
			return;
		}
		snprintf(s->text, sizeof s->text, "%s", why);
		if (s->state == SESSION_HEALTHY)
			step_enter(p, SESSION_VERSION);
		step_act(p, LINK_HEALTH, p->r->poll_ms);
		return;
	}
	if (s->state == SESSION_VERSION) {
		s->text[0] = '\0';
		step_enter(p, SESSION_HEALTHY);
		s->soak_until_ms = p->now + p->r->soak_ms;
	}
	if (p->now >= s->soak_until_ms) {
		s->deadline_ms = p->now + p->r->boot_ms;
		s->seen_down = false;
		step_act(p, LINK_IDENTIFY, 0);
	} else {
		uint64_t left = s->soak_until_ms - p->now;

		step_act(p, LINK_HEALTH, left < p->r->poll_ms ? left : p->r->poll_ms);
	}
}

/* --- what we did to it --- */

static void uploaded(const struct step *p, const struct link_event *event)
{
	struct session *s = p->s;
	const struct result *r = &event->result;
	char text[SESSION_TEXT_MAX];

	snprintf(text, sizeof text, "%s%s%.150s", r->judged ? verdict_word(r->verdict) : "",
		 r->judged && r->text[0] ? ": " : "", r->text);
	switch (r->outcome) {
	case OUTCOME_ACCEPTED:
		step_enter(p, SESSION_ACCEPTED);
		step_want_reboot(p);
		break;
	case OUTCOME_REJECTED:
		step_end(p, SESSION_REJECTED, event->fault == CLASS_LOGIN ? CLASS_LOGIN : CLASS_REFUSED, text);
		break;
	case OUTCOME_UNKNOWN:
		snprintf(s->text, sizeof s->text, "%s", text);
		step_enter(p, SESSION_ASKING);
		s->asking = true;
		step_await_boot(p, p->r->settle_ms);
		break;
	default:
		if (event->fault == CLASS_LOGIN)
			step_end(p, SESSION_FAILED, CLASS_LOGIN, text);
		else
			step_again(p, text);
		break;
	}
}

static void rebooted(const struct step *p, const struct link_event *event)
{
	struct session *s = p->s;

	if (event->result.outcome == OUTCOME_ACCEPTED)
		step_await_boot(p, p->r->poll_ms);
	else if (++s->tries < p->r->tries && event->fault != CLASS_LOGIN)
		step_act(p, LINK_REBOOT, step_backoff(p, s->tries));
	else
		step_end(p, s->asking ? SESSION_UNKNOWN : SESSION_FAILED, s->asking ? CLASS_UNKNOWN : CLASS_REBOOT,
		    event->result.text);
}

void session_told(struct session *s, const struct session_rules *r, const struct link_event *event, uint64_t now_ms,
		  struct session_next *next)
{
	const struct step p = {s, r, now_ms, next};

	*next = (struct session_next){.want = WANT_NOTHING};
	switch (event->act) {
	case LINK_IDENTIFY:
		step_identified(&p, event);
		break;
	case LINK_HEALTH:
		if (s->state == SESSION_PROBED)
			figures(&p, event);
		else
			soaking(&p, event);
		break;
	case LINK_UPLOAD:
		uploaded(&p, event);
		break;
	case LINK_REBOOT:
		rebooted(&p, event);
		break;
	default:
		break;
	}
}
