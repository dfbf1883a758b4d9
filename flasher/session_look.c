/* SPDX-License-Identifier: ISC */
/* What a look at a board (who are you, what do you run?) leads to. */
#include "flasher/session_step.h"

#include <stdio.h>
#include <string.h>

enum {
	REBOOTS_MAX = 2,     /* of one upload: the second one for a reboot that was asked for and did not happen */
	STALE_POLLS = 2,     /* looks at a board that is back with its old version before that is believed */
	SLACK_MS = 2000,     /* by which a board's clock and ours may differ from upload to reboot */
};

static void first_look_failed(const struct step *p, const struct link_event *event)
{
	struct session *s = p->s;

	if (event->fault == CLASS_LOGIN) /* asked once more, a board would lock us out */
		step_end(p, SESSION_FAILED, CLASS_LOGIN, event->result.text);
	else if (event->fault == CLASS_FOREIGN)
		step_end(p, SESSION_REJECTED, CLASS_FOREIGN, event->result.text);
	else if (++s->tries >= p->r->tries)
		step_end(p, SESSION_FAILED, event->fault, event->result.text);
	else
		step_act(p, LINK_IDENTIFY, step_backoff(p, s->tries));
}

/* It has been up since before it was sent the image: whatever it says that it runs, it has not started that. */
static bool same_boot(const struct step *p, const struct link_identity *i)
{
	return i->uptime_s && p->s->sent && (int64_t)(i->uptime_s * 1000) > (int64_t)p->now - p->s->sent_ms + SLACK_MS;
}

/* It has the image in its flash, and has not started it. Boards with two sides say what waits; those with one call it their
 * version at once. */
static bool waits(const struct step *p, const struct link_identity *i)
{
	return strcmp(i->pending, p->r->version) == 0 || (strcmp(i->version, p->r->version) == 0 && same_boot(p, i));
}

/* The end, with what the link said last. */
static void end_saying(const struct step *p, enum session_state state, enum session_class class, const char *what,
		       const struct link_event *event)
{
	char text[SESSION_TEXT_MAX];

	snprintf(text, sizeof text, "%s: %.100s", what, event->result.text);
	step_end(p, state, class, text);
}

/* It does not answer as it should, having been sent an image. */
static void look_failed(const struct step *p, const struct link_event *event)
{
	struct session *s = p->s;

	s->seen_down = s->seen_down || event->fault == CLASS_UNREACHABLE || event->fault == CLASS_LOST;
	s->stale = 0;
	if (p->now < s->deadline_ms)
		step_look_later(p);
	else if (s->asking)
		end_saying(p, SESSION_UNKNOWN, CLASS_UNKNOWN, "it was sent the image, and does not say whether it has it", event);
	else if (event->fault == CLASS_UNREACHABLE || event->fault == CLASS_LOST)
		end_saying(p, SESSION_NEEDS_CARD, CLASS_DEAD, "it took the image and does not come back", event);
	else
		step_end(p, SESSION_FAILED, event->fault == CLASS_BUSY ? CLASS_HEALTH : event->fault, event->result.text);
}

static void first_look(const struct step *p, const struct link_identity *i)
{
	struct session *s = p->s;

	if (i->busy) {
		if (++s->tries >= p->r->tries)
			step_end(p, SESSION_FAILED, CLASS_BUSY, "another install is under way there");
		else
			step_act(p, LINK_IDENTIFY, step_backoff(p, s->tries));
		return;
	}
	if (!s->before[0])
		snprintf(s->before, sizeof s->before, "%s", i->version);
	s->tries = 0;
	if (s->uploads > 0 && waits(p, i)) {
		step_enter(p, SESSION_ACCEPTED);
		step_want_reboot(p);
	} else if (strcmp(i->version, p->r->version) != 0) {
		step_enter(p, SESSION_PROBED);
		step_act(p, LINK_HEALTH, 0);
	} else if (s->uploads == 0) {
		step_end(p, SESSION_ALREADY, CLASS_NONE, "");
	} else {
		step_arrived(p);
	}
}

/* Nobody knows whether this board has the image. */
static void resolve(const struct step *p, const struct link_identity *i)
{
	struct session *s = p->s;

	if (waits(p, i)) {
		step_enter(p, SESSION_ACCEPTED);
		s->asking = false;
		step_want_reboot(p);
	} else if (i->pending_known) {
		step_again(p, "the board does not have the image");
	} else if (!s->self_reboot && s->reboots == 0) {
		p->next->want = WANT_REBOOT;
	} else if (p->now >= s->deadline_ms || (s->seen_down && ++s->stale >= STALE_POLLS)) {
		step_again(p, "the board was asked: it still runs what it ran");
	} else {
		step_look_later(p);
	}
}

/* Up, and not with the new version. */
static void old_version(const struct step *p, const struct link_identity *i)
{
	struct session *s = p->s;
	/* One that soaked in the new version has gone back since. */
	bool rebooted = s->state == SESSION_HEALTHY || (i->uptime_s && s->sent ? !same_boot(p, i) : s->seen_down);
	char text[SESSION_TEXT_MAX];

	if (p->now < s->deadline_ms && !(rebooted && ++s->stale >= STALE_POLLS)) {
		step_look_later(p);
	} else if (!rebooted && !s->self_reboot && s->reboots < REBOOTS_MAX) {
		p->next->want = WANT_REBOOT;
	} else if (strcmp(i->version, p->r->version) == 0) {
		step_end(p, SESSION_FAILED, CLASS_REBOOT, "it has the image, and did not reboot");
	} else {
		snprintf(text, sizeof text, "it runs \"%.80s\", not \"%.80s\"", i->version, p->r->version);
		step_end(p, SESSION_FAILED, CLASS_VERSION, text);
	}
}

/* Whoever writes its flash must not be rebooted, and what will come of it nobody can tell. */
static void busy_there(const struct step *p)
{
	bool asking = p->s->asking;

	if (p->now < p->s->deadline_ms)
		step_look_later(p);
	else
		step_end(p, asking ? SESSION_UNKNOWN : SESSION_FAILED, asking ? CLASS_UNKNOWN : CLASS_REBOOT,
			 "an install is under way there, and does not end");
}

/* Another board answers at its address. */
static void somebody_else(const struct step *p, const struct link_identity *i)
{
	struct session *s = p->s;
	char text[SESSION_TEXT_MAX];

	snprintf(text, sizeof text, "%s answers at its address", i->mac[0] ? i->mac : "a board without a MAC");
	if (s->state != SESSION_WAITING && p->now < s->deadline_ms)
		step_look_later(p);
	else if (s->state == SESSION_WAITING && ++s->tries < p->r->tries) /* when two have changed places, each is met looking for the other */
		step_act(p, LINK_IDENTIFY, step_backoff(p, s->tries));
	else
		step_end(p, s->asking ? SESSION_UNKNOWN : SESSION_FAILED, s->asking ? CLASS_UNKNOWN : CLASS_MOVED, text);
}

void step_identified(const struct step *p, const struct link_event *event)
{
	struct session *s = p->s;
	const struct link_identity *i = &event->identity;

	if (event->result.outcome != OUTCOME_ACCEPTED) {
		if (event->fault == CLASS_LOGIN || event->fault == CLASS_BUSY || event->fault == CLASS_FOREIGN)
			step_answered(p); /* somebody is there, though not as it should be */
		if (s->state == SESSION_WAITING)
			first_look_failed(p, event);
		else
			look_failed(p, event);
		return;
	}
	if (strcmp(i->mac, s->mac) != 0) {
		somebody_else(p, i);
		return;
	}
	step_answered(p);
	snprintf(s->version, sizeof s->version, "%s", i->version);
	if (s->state == SESSION_WAITING) {
		first_look(p, i);
	} else if (strcmp(i->version, p->r->version) == 0 && s->state == SESSION_HEALTHY) {
		step_enter(p, SESSION_SOAKED);
		step_end(p, SESSION_SUCCESS, CLASS_NONE, s->have_figures ? "" : "no figures from before to compare with");
	} else if (strcmp(i->version, p->r->version) == 0 && !same_boot(p, i)) {
		step_arrived(p);
	} else if (i->busy) {
		busy_there(p);
	} else if (s->asking) {
		resolve(p, i);
	} else if (s->state == SESSION_ACCEPTED) {
		step_want_reboot(p);
	} else {
		old_version(p, i);
	}
}
