/* SPDX-License-Identifier: ISC */
/* One board's way through a rollout, as a pure state machine: events in, the next thing to do out. It touches neither
 * network, clock nor disk, so every way through it can be tried.
 *
 *   waiting > probed > eligible > uploading > accepted > rebooting > up > version > healthy > soaked > SUCCESS
 *
 * An upload whose answer got lost, or that was under way when this program died, goes to `asking': the board is asked what
 * it runs, rebooted if it cannot tell what waits in its flash, and asked again. Only a board that answers, and runs the
 * old version still, is sent the image again. One that never answers again ends as unknown: nothing is guessed. */
#ifndef FLASHER_SESSION_H
#define FLASHER_SESSION_H

#include "flasher/link.h"

/* What holds for all boards of a plan. Times in milliseconds. */
struct session_rules {
	char version[LINK_TEXT_MAX + 1]; /* what a board with the image says that it runs */
	uint32_t tries;                  /* uploads to a board, and tries of each other act */
	uint64_t backoff_ms;             /* before a second try; doubles, with jitter, up to 16 of them */
	uint64_t poll_ms;                /* between two looks at a board */
	uint64_t boot_ms;                /* from reboot to answers at most */
	uint64_t settle_ms;              /* a board that lost us may still be writing its flash: not disturbed for so long */
	uint64_t health_ms;              /* from the new version's first answer to health at most */
	uint64_t soak_ms;                /* healthy without a break for so long */
	uint32_t hashrate_percent;       /* of its own before, at least; 0: not looked at */
	uint32_t temp_c;                 /* at most; 0: not looked at */
	bool chains, fans, pools;        /* no fewer hash boards, fans; the same pools */
	bool baseline;                   /* a board without figures from before is not flashed */
};

enum { SESSION_TEXT_MAX = 200 };

/* Plain record; what of it the ledger keeps is marked *. */
struct session {
	enum session_state state;        /* * */
	enum session_class class;        /* * */
	enum session_state was;          /* * how it had ended before a retry, until it answers; SESSION_WAITING: not retried, or it has answered */
	enum session_class was_class;    /* * */
	char mac[MAC_TEXT_MAX + 1];      /* * whom the plan means */
	bool self_reboot;                /* of its profile */
	uint32_t seed;                   /* of the jitter */
	uint32_t uploads;                /* * begun so far, or since the last retry */
	bool sent;                       /* ... and SENT_MS is when the last one began; before this program's start it may be negative */
	int64_t sent_ms;
	uint32_t tries, reboots, stale;
	bool seen_down, asking;          /* ASKING: resolving an unknown upload */
	char before[LINK_TEXT_MAX + 1];  /* * version before */
	char version[LINK_TEXT_MAX + 1]; /* * version last said */
	bool have_figures;               /* * */
	struct link_health figures;      /* * from before */
	uint64_t deadline_ms, soak_until_ms, uptime_s;
	char text[SESSION_TEXT_MAX];     /* * why, for a person; printable */
};

enum session_want {
	WANT_ACT,     /* start ACT after DELAY_MS */
	WANT_UPLOAD,  /* may I be sent the image? session_granted() when so */
	WANT_REBOOT,  /* may I be rebooted? likewise */
	WANT_NOTHING, /* it has ended */
};

/* What a step leads to. The edges must be in the ledger before the act is started. */
struct session_next {
	enum session_want want;
	enum link_act act;
	uint64_t delay_ms;
	enum session_state edges[6]; /* states entered in this step, in order */
	unsigned nedges;
};

/* A board that ended badly is to begin again: from the start when it cannot have the image, else by being asked. How it had ended is kept until
 * it answers: a retry that never reaches it leaves it as it was. */
void session_retry(struct session *s);

/* Begins, or goes on after a crash or a stop from the state that the ledger tells. */
void session_begin(struct session *s, const struct session_rules *r, uint64_t now_ms, struct session_next *next);
/* What was wanted (WANT_UPLOAD, WANT_REBOOT) is granted. */
void session_granted(struct session *s, const struct session_rules *r, uint64_t now_ms, struct session_next *next);
/* The act has ended. */
void session_told(struct session *s, const struct session_rules *r, const struct link_event *event, uint64_t now_ms,
		  struct session_next *next);

#endif
