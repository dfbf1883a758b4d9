/* SPDX-License-Identifier: ISC */
/* A connection from within: what conn.c (states, answers), conn_door.c (who may come in) and conn_upload.c share. After each of these calls
 * that may end a connection it must not be touched any more. */
#ifndef SIMULATOR_CONN_PARTS_H
#define SIMULATOR_CONN_PARTS_H

#include "simulator/conn.h"
#include "simulator/form.h"
#include "simulator/pages.h"
#include "simulator/request.h"

enum {
	CONN_SCRATCH = 256 << 10, /* bytes of one read */
	CONN_PACE_MS = 20,        /* between two reads from a slow board's connection */
};

enum conn_state {
	STATE_HEAD,
	STATE_FILE,     /* a body that holds an image */
	STATE_SMALL,    /* a body that is read whole: a password */
	STATE_DRAIN,    /* a body that nobody wants, before the answer that is ready */
	STATE_WRITING,  /* the board is writing its flash */
	STATE_ANSWER,
	STATE_FAREWELL, /* reads on, so that a late byte does not reset the answer away */
	STATE_MUTE,     /* says nothing any more */
};

struct upload {
	struct form form;
	struct taking taking;
	bool begun, wipe;
	uint64_t started_ms;
};

struct conn {
	struct watch watch;
	struct alarm alarm;
	struct sim_board *board;
	struct conn *next, **link;
	enum conn_state state;
	bool api, reboot;
	char in[REQUEST_HEAD_MAX];
	size_t in_len;
	uint64_t body_left;
	struct upload *upload;
	char *out;
	size_t out_len, out_at;
};

static inline struct reactor *conn_reactor(const struct conn *c)
{
	return &c->board->farm->reactor;
}

static inline bool conn_behaves(const struct conn *c, enum behaviour b)
{
	return behaves_as(&c->board->behaves, b);
}

/* Closes the connection, with a reset or without, and frees it. */
void conn_end(struct conn *c, bool reset);
/* Waits for EVENTS; for a moment. */
void conn_wait(struct conn *c, uint32_t events);
void conn_ring_in(struct conn *c, uint64_t ms);

/* Readies R to be sent, and takes its body over. */
void conn_compose(struct conn *c, struct reply *r);
/* Sends what is ready. */
void conn_answer(struct conn *c);
/* Both, once the body that nobody wants is through. */
void conn_answer_after_body(struct conn *c, struct reply *r);

/* Lets the request in, or composes the 401: by Digest; by a token. */
bool conn_admit(struct conn *c, const struct request *q);
bool conn_admit_token(struct conn *c, const struct request *q);
/* A body that buys a token: it begins; LEN bytes of it come. The last ones may end the connection. */
void conn_small_begin(struct conn *c);
void conn_small_comes(struct conn *c, const char *bytes, size_t len);

/* A body with an image begins. Returns 0, or -1 when memory is out. */
int conn_upload_begin(struct conn *c, bool wipe);
/* LEN bytes of it come. May end the connection. */
void conn_upload_takes(struct conn *c, const char *bytes, size_t len);
/* How much a slow board takes now: bytes; 0: it looks again in a moment. */
size_t conn_upload_pace(struct conn *c);

#endif
