/* SPDX-License-Identifier: ISC */
/* The scheduler: takes the boards of a plan through their sessions, wave by wave, within its limits, and stops when it
 * should. Every edge is committed to the ledger before the act that follows it is started. */
#ifndef FLASHER_ROLLOUT_H
#define FLASHER_ROLLOUT_H

#include "flasher/ledger.h"
#include "flasher/link.h"
#include "flasher/loop.h"

/* A kind of board in the plan, and what boards of it are sent: kinds that are sent the same share it. */
struct rollout_kind {
	struct board board;
	const struct image *image;
};

struct rollout;

/* All pointers must outlive the rollout. */
struct rollout_setup {
	struct loop *loop;
	struct link_maker *maker;
	const struct plan *plan;
	const struct rollout_kind *kinds; /* every board id of the plan's devices is among them */
	size_t nkinds;
	const struct credentials *credentials;
	const char *realm;                /* --realm, or NULL */
	struct ledger *ledger;
	struct ledger_device *devices;    /* as loaded; kept up to date */
	uint64_t wall_ms;                 /* since 1970, now */
	unsigned opened;                  /* waves up to this one need no hand any more */
	void (*view)(void *owner, struct rollout *r); /* once a second and at the end; may be NULL */
	void *owner;
};

enum rollout_end {
	ROLLOUT_DONE,     /* every board has ended, and no limit was passed */
	ROLLOUT_HALTED,   /* by a halt of the plan, also when every board has ended */
	ROLLOUT_GATE,     /* the next wave wants a hand */
	ROLLOUT_DRAINED,  /* rollout_drain() */
	ROLLOUT_STOPPED,  /* rollout_stop() */
};

MUST_CHECK int rollout_open(struct rollout **out, const struct rollout_setup *setup, struct err *e);

/* Runs until one of the ends. Returns 0, or -1: system, and then nothing more was started. */
MUST_CHECK int rollout_run(struct rollout *r, enum rollout_end *end, struct err *e);

/* Begins nothing new; boards that are under way go to their end. From a handler of the loop. */
void rollout_drain(struct rollout *r);
/* Ends at once; what was under way is asked about when the run is resumed. */
void rollout_stop(struct rollout *r);

/* "running", "draining", "halted", "stopped", "gate", "done"; and why, "" for no reason. */
const char *rollout_state(const struct rollout *r, const char **why);
uint64_t rollout_now(const struct rollout *r); /* since 1970, milliseconds */
unsigned rollout_wave(const struct rollout *r);

void rollout_free(struct rollout **out);

#endif
