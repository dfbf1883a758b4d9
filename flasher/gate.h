/* SPDX-License-Identifier: ISC */
/* Short conversations, a page or a question to port 4028, go through a gate: some are inside, the others wait outside in the
 * order they came, with no clock running yet. Were a farm looked at all at once, answers would be there, not be read in time,
 * and the boards look dead.
 *
 * Nobody who is silent keeps the others out: a place is lent for a while, and a shorter one where nobody has even picked up. */
#ifndef FLASHER_GATE_H
#define FLASHER_GATE_H

#include <sys/queue.h>

#include "flasher/loop.h"

enum {
	GATE_PLACES = 1024,   /* more than one thread can keep talking to; far fewer than a listener's queue (4096) holds */
	GATE_DEAF_MS = 1000,  /* a place is lent for so long to who waits for a connection */
	GATE_LOAN_MS = 5000,  /* and for so long to all others */
};

enum gate_where { GATE_AWAY, GATE_OUTSIDE, GATE_INSIDE, GATE_EXCUSED };

/* One conversation. Embedded in what owns it; zeroed but for its first three members. */
struct gate_pass {
	void (*enter)(void *owner);     /* it is inside now; called from the loop */
	bool (*met)(const void *owner); /* has the other end picked up? */
	void *owner;
	enum gate_where where;          /* the gate's from here on */
	uint64_t since_ms;
	TAILQ_ENTRY(gate_pass) link;
};

TAILQ_HEAD(gate_list, gate_pass);

struct gate {
	struct loop *loop;
	size_t places, inside;          /* INSIDE: those who hold a place */
	struct gate_list waiting, holding; /* in the order of their coming; of their entry */
	struct loop_timer pump, excuse;
};

/* A gate with so many PLACES. The loop must outlive it. */
void gate_init(struct gate *g, struct loop *loop, size_t places);

/* Forgets all, and the timers. */
void gate_close(struct gate *g);

/* P, which must be away, wants in. True: it is inside already. False: it waits, and P->enter will be called. */
bool gate_ask(struct gate *g, struct gate_pass *p);

/* P is through, or does not want any more; from anywhere, and safe when it is away. */
void gate_leave(struct gate *g, struct gate_pass *p);

#endif
