/* SPDX-License-Identifier: ISC */
/* Simulated boards in this process, on the loop's virtual time: the dry run of a plan, and what the scheduler is tested
 * against. They keep their state in the caller's memory, so that they can outlive a program that dies. */
#ifndef FLASHER_LINK_SIM_H
#define FLASHER_LINK_SIM_H

#include "flasher/link.h"
#include "flasher/loop.h"
#include "flasher/plan.h"

/* What is wrong with a board. */
enum sim_fault {
	SIM_GOOD,
	SIM_UNREACHABLE,
	SIM_LOGIN,    /* no password is right */
	SIM_REJECT,   /* refuses the image */
	SIM_LOST,     /* takes it, and the answer gets lost */
	SIM_CUT,      /* the first upload breaks off half way */
	SIM_MUTE,     /* takes it, the answer gets lost, and it is never seen again */
	SIM_STALE,    /* comes back with its old version */
	SIM_SICK,     /* comes back with half of its hash rate */
	SIM_DEAD,     /* does not come back */
	SIM_RESTARTS, /* over and over, once it runs the new version */
	SIM_SWAPPED,  /* answers with a MAC that is not its own */
	SIM_FAULTS,
};

/* One board. Zeroed, it is a good one with the old version that has just been switched on. */
struct sim_board {
	enum sim_fault fault;
	bool fresh;             /* runs the new version */
	bool pending;           /* has it in its flash */
	bool bricked;           /* was rebooted while it wrote its flash */
	uint32_t flashes, uploads, reboots;
	uint64_t writes_until_ms; /* 0: it does not write */
	uint64_t down_from_ms, down_until_ms;
};

struct sim_options {
	struct loop *loop;
	const struct plan *plan;
	struct sim_board *boards; /* one for each of the plan's devices */
	uint64_t *clock_ms;       /* the boards' clock; goes on from what it says */
};

MUST_CHECK int link_sim_open(struct link_maker **out, const struct sim_options *options, struct err *e);
void link_sim_free(struct link_maker **m);

/* Deals faults as TEXT says, "reject:5,dead:1" in percent, to N boards; the same every time. Returns 0 or -1 (usage). */
MUST_CHECK int link_sim_deal(struct sim_board *boards, size_t n, const char *text, struct err *e);

#endif
