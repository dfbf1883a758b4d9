/* SPDX-License-Identifier: ISC */
/* The state machine of one board. */
#include "flasher/session.h"

#include <stdio.h>
#include <string.h>

#include "flasher/session_health.h"

enum {
	REBOOTS_MAX = 2,     /* of one upload: the second one for a reboot that was asked for and did not happen */
	STALE_POLLS = 2,     /* looks at a board that is back with its old version before that is believed */
	BACKOFF_DOUBLES = 4,
};

static const char *const state_words[SESSION_STATES] = {
	"waiting", "probed", "eligible", "uploading", "accepted", "rebooting", "up", "version", "healthy", "soaked",
	"asking", "success", "already", "skipped", "rejected", "failed", "unknown", "needs-card"};
static const char *const class_words[SESSION_CLASSES] = {
	"none", "unreachable", "login", "foreign", "moved", "refused", "transfer", "reboot", "version", "health", "dead",
	"unknown", "local"};

const char *session_state_word(enum session_state state)
{
	return state < SESSION_STATES ? state_words[state] : "failed";
}

const char *session_class_word(enum session_class class)
{
	return class < SESSION_CLASSES ? class_words[class] : "local";
}

int session_state_find(enum session_state *out, const char *word)
{
	for (int i = 0; i < SESSION_STATES; i++)
		if (strcmp(state_words[i], word) == 0)
			return *out = (enum session_state)i, 0;
	return -1;
}

int session_class_find(enum session_class *out, const char *word)
{
	for (int i = 0; i < SESSION_CLASSES; i++)
		if (strcmp(class_words[i], word) == 0)
			return *out = (enum session_class)i, 0;
	return -1;
}

bool session_bad(enum session_state state)
{
	return state >= SESSION_REJECTED && state < SESSION_STATES;
}

/* A step under way: whom it is about, by which rules, when, and what comes of it. */
struct step {
	struct session *s;
	const struct session_rules *r;
	uint64_t now;
	struct session_next *next;
};

static void enter(const struct step *p, enum session_state state)
{
	p->s->state = state;
	p->next->edges[p->next->nedges++] = state;
}

static void act(const struct step *p, enum link_act a, uint64_t delay_ms)
{
	p->next->want = WANT_ACT;
	p->next->act = a;
	p->next->delay_ms = delay_ms;
}

static void end(const struct step *p, enum session_state state, enum session_class class, const char *text)
{
	p->s->class = class;
	snprintf(p->s->text, sizeof p->s->text, "%.*s", SESSION_TEXT_MAX - 1, text);
	p->next->want = WANT_NOTHING;
	enter(p, state);
}

/* Doubling, with up to a quarter more or less: boards of one rack must not come back all at once. */
static uint64_t backoff(const struct step *p, uint32_t nth)
{
	uint64_t ms = p->r->backoff_ms << (nth < BACKOFF_DOUBLES ? nth : BACKOFF_DOUBLES);

	p->s->seed = p->s->seed * 1664525u + 1013904223u;
	return ms - ms / 4 + ms / 2 * (p->s->seed >> 16) / 65536;
}

static enum session_class class_of(enum link_fault fault)
{
	switch (fault) {
	case LINK_LOGIN:
		return CLASS_LOGIN;
	case LINK_FOREIGN:
	case LINK_GARBLED:
		return CLASS_FOREIGN;
	case LINK_REFUSED:
		return CLASS_REFUSED;
	case LINK_LOCAL:
		return CLASS_LOCAL;
	default:
		return CLASS_UNREACHABLE;
	}
}

static void look_later(const struct step *p)
{
	act(p, LINK_IDENTIFY, p->r->poll_ms);
}

/* Nothing was installed: from the start again, unless that was the last try. */
static void again(const struct step *p, const char *why)
{
	struct session *s = p->s;

	s->asking = false;
	s->tries = 0;
	if (s->uploads >= p->r->tries) {
		end(p, SESSION_FAILED, CLASS_TRANSFER, why);
		return;
	}
	snprintf(s->text, sizeof s->text, "%s", why);
	enter(p, SESSION_WAITING);
	act(p, LINK_IDENTIFY, backoff(p, s->uploads));
}

static void await_boot(const struct step *p, uint64_t first_ms)
{
	p->s->seen_down = false;
	p->s->stale = 0;
	p->s->deadline_ms = p->now + first_ms + p->r->boot_ms;
	act(p, LINK_IDENTIFY, first_ms);
}

static void arrived(const struct step *p)
{
	struct session *s = p->s;

	s->asking = false;
	s->uptime_s = 0;
	enter(p, SESSION_UP);
	enter(p, SESSION_VERSION);
	s->deadline_ms = p->now + p->r->health_ms;
	act(p, LINK_HEALTH, 0);
}

static void want_reboot(const struct step *p)
{
	if (p->s->self_reboot) {
		enter(p, SESSION_REBOOTING);
		await_boot(p, p->r->poll_ms);
	} else {
		p->next->want = WANT_REBOOT;
	}
}

void session_retry(struct session *s)
{
	bool may_have_it = s->uploads > 0 && s->class != CLASS_TRANSFER && s->class != CLASS_REFUSED && s->class != CLASS_VERSION;

	/* Sick boards have the new version: the first look finds that out, and their health is watched anew. */
	s->state = !may_have_it || s->class == CLASS_HEALTH ? SESSION_WAITING :
		   s->class == CLASS_REBOOT ? SESSION_ACCEPTED : SESSION_ASKING;
	if (!may_have_it)
		s->uploads = 0;
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
		enter(&p, SESSION_ASKING);
		/* fall through */
	case SESSION_ASKING:
		s->asking = true;
		await_boot(&p, r->settle_ms);
		break;
	case SESSION_UP:
	case SESSION_VERSION:
	case SESSION_HEALTHY:
	case SESSION_SOAKED:
	case SESSION_REBOOTING:
		s->state = SESSION_REBOOTING;
		await_boot(&p, 0);
		break;
	case SESSION_ACCEPTED:
		act(&p, LINK_IDENTIFY, 0);
		break;
	case SESSION_WAITING:
	case SESSION_PROBED:
	case SESSION_ELIGIBLE:
		s->state = SESSION_WAITING;
		act(&p, LINK_IDENTIFY, 0);
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
		s->reboots = 0;
		s->text[0] = '\0';
		enter(&p, SESSION_UPLOADING);
		act(&p, LINK_UPLOAD, 0);
	} else {
		s->reboots++;
		enter(&p, s->asking ? SESSION_ASKING : SESSION_REBOOTING); /* a crash must not make the one the other */
		act(&p, LINK_REBOOT, 0);
	}
}

/* --- who are you? --- */

static void first_look_failed(const struct step *p, const struct link_event *event)
{
	struct session *s = p->s;

	if (event->fault == LINK_LOGIN) /* asked once more, a board would lock us out */
		end(p, SESSION_FAILED, CLASS_LOGIN, event->result.text);
	else if (event->fault == LINK_FOREIGN)
		end(p, SESSION_REJECTED, CLASS_FOREIGN, event->result.text);
	else if (++s->tries >= p->r->tries)
		end(p, SESSION_FAILED, class_of(event->fault), event->result.text);
	else
		act(p, LINK_IDENTIFY, backoff(p, s->tries));
}

/* It does not answer as it should, having been sent an image. */
static void look_failed(const struct step *p, const struct link_event *event)
{
	struct session *s = p->s;

	s->seen_down = s->seen_down || event->fault == LINK_UNREACHABLE || event->fault == LINK_LOST;
	s->stale = 0;
	if (p->now < s->deadline_ms)
		look_later(p);
	else if (s->asking)
		end(p, SESSION_UNKNOWN, CLASS_UNKNOWN, event->result.text);
	else if (event->fault == LINK_LOGIN || event->fault == LINK_FOREIGN || event->fault == LINK_GARBLED)
		end(p, SESSION_FAILED, class_of(event->fault), event->result.text);
	else
		end(p, SESSION_NEEDS_CARD, CLASS_DEAD, event->result.text);
}

static void first_look(const struct step *p, const struct link_identity *i)
{
	struct session *s = p->s;

	if (i->busy) {
		if (++s->tries >= p->r->tries)
			end(p, SESSION_FAILED, CLASS_TRANSFER, "another install is under way there");
		else
			act(p, LINK_IDENTIFY, backoff(p, s->tries));
		return;
	}
	if (!s->before[0])
		snprintf(s->before, sizeof s->before, "%s", i->version);
	if (strcmp(i->version, p->r->version) == 0) {
		if (s->uploads > 0)
			arrived(p);
		else
			end(p, SESSION_ALREADY, CLASS_NONE, "");
		return;
	}
	s->tries = 0;
	enter(p, SESSION_PROBED);
	act(p, LINK_HEALTH, 0);
}

/* Nobody knows whether this board has the image. */
static void resolve(const struct step *p, const struct link_identity *i)
{
	struct session *s = p->s;

	if (i->pending_known && strcmp(i->pending, p->r->version) == 0) {
		enter(p, SESSION_ACCEPTED);
		s->asking = false;
		want_reboot(p);
	} else if (i->pending_known) {
		again(p, "the board does not have the image");
	} else if (!s->self_reboot && s->reboots == 0) {
		p->next->want = WANT_REBOOT;
	} else if (p->now >= s->deadline_ms || (s->seen_down && ++s->stale >= STALE_POLLS)) {
		again(p, "the board was asked: it still runs what it ran");
	} else {
		look_later(p);
	}
}

/* Up, and not with the new version. */
static void old_version(const struct step *p, const struct link_identity *i)
{
	struct session *s = p->s;
	char text[SESSION_TEXT_MAX];

	if (p->now < s->deadline_ms && !(s->seen_down && ++s->stale >= STALE_POLLS)) {
		look_later(p);
		return;
	}
	if (!s->seen_down && !s->self_reboot && s->reboots < REBOOTS_MAX) {
		p->next->want = WANT_REBOOT;
		return;
	}
	snprintf(text, sizeof text, "it runs \"%.80s\", not \"%.80s\"", i->version, p->r->version);
	end(p, SESSION_FAILED, CLASS_VERSION, text);
}

static void identified(const struct step *p, const struct link_event *event)
{
	struct session *s = p->s;
	const struct link_identity *i = &event->identity;

	if (event->result.outcome != OUTCOME_ACCEPTED) {
		if (s->state == SESSION_WAITING)
			first_look_failed(p, event);
		else
			look_failed(p, event);
		return;
	}
	if (strcmp(i->mac, s->mac) != 0) {
		char text[SESSION_TEXT_MAX];

		snprintf(text, sizeof text, "%s answers at its address", i->mac[0] ? i->mac : "a board without a MAC");
		if (s->state != SESSION_WAITING && p->now < s->deadline_ms)
			look_later(p);
		else
			end(p, s->asking ? SESSION_UNKNOWN : SESSION_FAILED, s->asking ? CLASS_UNKNOWN : CLASS_MOVED, text);
		return;
	}
	snprintf(s->version, sizeof s->version, "%s", i->version);
	if (s->state == SESSION_WAITING) {
		first_look(p, i);
	} else if (strcmp(i->version, p->r->version) == 0) {
		if (s->state != SESSION_HEALTHY) {
			arrived(p);
			return;
		}
		enter(p, SESSION_SOAKED);
		end(p, SESSION_SUCCESS, CLASS_NONE, s->have_figures ? "" : "no figures from before to compare with");
	} else if (i->busy && p->now < s->deadline_ms) {
		look_later(p);
	} else if (s->asking) {
		resolve(p, i);
	} else if (s->state == SESSION_ACCEPTED) {
		want_reboot(p);
	} else {
		old_version(p, i);
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
	if (p->r->baseline && !s->have_figures) {
		end(p, SESSION_FAILED, CLASS_HEALTH, "it tells no figures to compare with later (port 4028)");
		return;
	}
	enter(p, SESSION_ELIGIBLE);
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
			end(p, SESSION_FAILED, CLASS_HEALTH, why);
			return;
		}
		snprintf(s->text, sizeof s->text, "%s", why);
		if (s->state == SESSION_HEALTHY)
			enter(p, SESSION_VERSION);
		act(p, LINK_HEALTH, p->r->poll_ms);
		return;
	}
	if (s->state == SESSION_VERSION) {
		s->text[0] = '\0';
		enter(p, SESSION_HEALTHY);
		s->soak_until_ms = p->now + p->r->soak_ms;
	}
	if (p->now >= s->soak_until_ms) {
		s->deadline_ms = p->now + p->r->boot_ms;
		s->seen_down = false;
		act(p, LINK_IDENTIFY, 0);
	} else {
		uint64_t left = s->soak_until_ms - p->now;

		act(p, LINK_HEALTH, left < p->r->poll_ms ? left : p->r->poll_ms);
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
		enter(p, SESSION_ACCEPTED);
		want_reboot(p);
		break;
	case OUTCOME_REJECTED:
		end(p, SESSION_REJECTED, event->fault == LINK_LOGIN ? CLASS_LOGIN : CLASS_REFUSED, text);
		break;
	case OUTCOME_UNKNOWN:
		snprintf(s->text, sizeof s->text, "%s", text);
		enter(p, SESSION_ASKING);
		s->asking = true;
		await_boot(p, p->r->settle_ms);
		break;
	default:
		if (event->fault == LINK_LOGIN)
			end(p, SESSION_FAILED, CLASS_LOGIN, text);
		else
			again(p, text);
		break;
	}
}

static void rebooted(const struct step *p, const struct link_event *event)
{
	struct session *s = p->s;

	if (event->result.outcome == OUTCOME_ACCEPTED)
		await_boot(p, p->r->poll_ms);
	else if (++s->tries < p->r->tries && event->fault != LINK_LOGIN)
		act(p, LINK_REBOOT, backoff(p, s->tries));
	else
		end(p, s->asking ? SESSION_UNKNOWN : SESSION_FAILED, s->asking ? CLASS_UNKNOWN : CLASS_REBOOT,
		    event->result.text);
}

void session_told(struct session *s, const struct session_rules *r, const struct link_event *event, uint64_t now_ms,
		  struct session_next *next)
{
	const struct step p = {s, r, now_ms, next};

	*next = (struct session_next){.want = WANT_NOTHING};
	switch (event->act) {
	case LINK_IDENTIFY:
		identified(&p, event);
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
