/* SPDX-License-Identifier: ISC */
/* What the files of the state machine (session*.c) share: the small moves that it is made of. Each sets what is wanted next. */
#ifndef FLASHER_SESSION_STEP_H
#define FLASHER_SESSION_STEP_H

#include "flasher/session.h"

/* A step under way: whom it is about, by which rules, when, and what comes of it. */
struct step {
	struct session *s;
	const struct session_rules *r;
	uint64_t now;
	struct session_next *next;
};

/* Goes to STATE, which the ledger will be told. */
void step_enter(const struct step *p, enum session_state state);
/* Wants an act, DELAY_MS from now. */
void step_act(const struct step *p, enum link_act a, uint64_t delay_ms);
/* The board itself has answered: how it ended before a retry counts no more. */
void step_answered(const struct step *p);
/* It has ended, because of TEXT. A board that was retried and has not answered ends as it had before. */
void step_end(const struct step *p, enum session_state state, enum session_class class, const char *text);

/* Milliseconds before the NTH try from 0: doubling, with up to a quarter more or less, since boards of one rack must not come
 * back all at once. */
uint64_t step_backoff(const struct step *p, uint32_t nth);

/* Another look after the time between two of them. */
void step_look_later(const struct step *p);
/* Nothing was installed: from the start again, unless that was the last try. */
void step_again(const struct step *p, const char *why);
/* It goes down now, or has: looks at it from FIRST_MS on, until it should long have been back. */
void step_await_boot(const struct step *p, uint64_t first_ms);
/* It is up with the new version: on to its health. */
void step_arrived(const struct step *p);
/* It has the image, and is to start it: by itself, or told to when there is leave. */
void step_want_reboot(const struct step *p);

/* LINK_IDENTIFY has ended. */
void step_identified(const struct step *p, const struct link_event *event);

#endif
