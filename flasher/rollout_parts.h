/* SPDX-License-Identifier: ISC */
/* What the files of the scheduler (rollout*.c) share. */
#ifndef FLASHER_ROLLOUT_PARTS_H
#define FLASHER_ROLLOUT_PARTS_H

#include "flasher/halts.h"
#include "flasher/rollout.h"

/* One board under way. */
struct item {
	struct rollout *r;
	struct ledger_device *d;
	uint32_t index;
	bool admitted, busy; /* BUSY: an act is to be started, waits for its time, or is under way */
	bool flying;         /* an act is under way */
	bool uploading;      /* counted as such */
	bool moved;          /* the link is to the wrong address */
	char at[ADDRESS_MAX + 1]; /* where the link leads to */
	enum link_act act;
	uint64_t delay_ms;
	struct link *link;
	struct loop_timer timer;
	struct item *next;   /* in one of the queues */
};

/* First in, first out. */
struct queue {
	struct item *first, **last;
};

struct rollout {
	struct rollout_setup setup;
	struct item *items;          /* of all devices with a wave */
	uint32_t *by_mac;            /* their indexes, sorted */
	size_t n, cursor;            /* the next one to be admitted */
	size_t nended, nbusy, nflying, nuploading, npreparing;
	unsigned wave, opened;
	size_t wave_end;             /* index behind the wave's last device */
	struct queue uploads, reboots, pending, ready;
	struct loop_timer flush, reboot_timer, view;
	uint64_t reboot_due_ms, base_ms;
	struct halts halts;
	bool halted, draining, stopped, over, gate;
	char why[SESSION_TEXT_MAX];
	enum rollout_end end;
	struct err *e;               /* of rollout_run */
	bool failed;
};

static inline void queue_init(struct queue *q)
{
	q->first = NULL;
	q->last = &q->first;
}

static inline void queue_push(struct queue *q, struct item *i)
{
	i->next = NULL;
	*q->last = i;
	q->last = &i->next;
}

static inline struct item *queue_pop(struct queue *q)
{
	struct item *i = q->first;

	if (i) {
		q->first = i->next;
		if (!q->first)
			q->last = &q->first;
	}
	return i;
}

/* What cannot be written down must not be done: the run ends, with an error. */
void rollout_fail(struct rollout *r);
/* Arm a timer, note something, keep a setting; without effect once the run has failed, and it fails when they do. */
void rollout_arm(struct rollout *r, struct loop_timer *t, uint64_t ms);
void rollout_note(struct rollout *r, const char *kind, const char *text);
void rollout_set(struct rollout *r, const char *key, const char *value);

/* --- rollout_state.c: a board's state has changed --- */

/* It is looked at, and was sent nothing yet. */
bool item_preparing(const struct item *i);
/* A step of its session led from BEFORE to NEXT: counted, put down, and what is wanted is queued. */
void item_follow(struct item *i, const struct session_next *next, enum session_state before);
/* Boards that were sent nothing yet are let go: they begin anew when the run is resumed. */
void rollout_release_unbegun(struct rollout *r);

/* --- rollout_acts.c: acts, and what they tell --- */

/* The kind of that board id, or NULL. */
const struct rollout_kind *rollout_kind_of(const struct rollout *r, const char *id);
/* Starts the acts whose time has come, as far as there are descriptors. */
void rollout_start_ready(struct rollout *r);
/* The timer of a delayed act. */
void item_on_time(void *owner);

/* --- rollout_turn.c: what may begin --- */

/* The end of a turn: what it led to is decided, committed, and then done. */
void rollout_on_flush(void *owner);

#endif
