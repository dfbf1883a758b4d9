/* SPDX-License-Identifier: ISC */
/* HTTP to thousands of boards at once, from one thread. The only part that calls libcurl. Images are sent to as many boards as is asked for;
 * all shorter requests go through a gate.
 *
 * The rules of every request: HTTP/1.1 over a connection of its own (libcurl repeats a request by itself when a kept one
 * turns out dead), no proxy and nothing else from the environment, no redirect, no login by libcurl (login.h), every answer bounded,
 * and a body is handed out once and can never be rewound. */
#ifndef FLASHER_CLIENT_H
#define FLASHER_CLIENT_H

#include "flasher/address.h"
#include "flasher/bucket.h"
#include "flasher/exchange.h"
#include "flasher/gate.h"
#include "flasher/secret.h"

struct client; /* all requests of a process */
struct visit;  /* one board: its requests come one after another, and what Digest has to remember lives as long */

/* Readies libcurl; once a process, before any other thread. Returns 0 or -1. */
MUST_CHECK int client_start(struct err *e);
void client_stop(void);

/* Makes a client that works within LOOP. Returns 0 or -1 (system). */
MUST_CHECK int client_open(struct client **out, struct loop *loop, struct err *e);

/* Frees it; every visit must have been closed. Safe on NULL. */
void client_free(struct client **c);

struct loop *client_loop(const struct client *c);

/* Where all short conversations with boards pass, this client's own and those with port 4028. It lives as long as C. */
struct gate *client_gate(struct client *c);

/* Bytes of bodies that left so far, those under way included. */
uint64_t client_sent(const struct client *c);

/* All that is pointed to must outlive the visit. */
struct visit_options {
	const struct address *address;
	const char *realm;              /* expected of a challenge, or "" */
	uint64_t timeout_ms;            /* without the board taking or giving bytes; and for its answer after the body */
	struct bucket *bandwidth;       /* for bodies; NULL: no limit */
};

/* A board at an address; sends nothing yet. Returns 0 or -1 (system). */
MUST_CHECK int visit_open(struct visit **out, struct client *c, const struct visit_options *options, struct err *e);

/* Gives up a request under way, of which nothing more is told. */
void visit_cancel(struct visit *v);

/* Cancels, and frees. Safe on NULL, and within a call of TOLD. */
void visit_close(struct visit **v);

/* Who logs in from now on, by Digest, and to which REALM alone (""; any other one: no challenge is answered). USER NULL: nobody. libcurl is
 * never told. The first request after this draws a challenge; those behind it carry an answer unasked. USER and PASSWORD must outlive the
 * visit. */
void visit_login(struct visit *v, const char *user, const struct secret *password, const char *realm);

/* False when the next request could be asked for the password again: its nonce was used, and this board has not taken one twice yet. */
bool visit_ready(const struct visit *v);


/* Sends TOKEN with every request from now on (RFC 6750); NULL: none. Returns 0, or -1: system, or usage when it could not stand in a field. */
MUST_CHECK int visit_bearer(struct visit *v, const char *token, struct err *e);

/* Told once for a request, from the loop. It may begin the next one, or close the visit. */
typedef void visit_told(void *owner, struct visit *v);

/* GET PATH, or POST it with POST for a body (NULL: a GET, which is over within 30 s, not counting a wait at the gate). PATH and POST must live until TOLD.
 * Returns 0, or -1 (system), and then nothing will be told. */
MUST_CHECK int visit_begin(struct visit *v, const char *path, struct post *post, visit_told *told, void *owner, struct err *e);

/* As visit_begin of a GET, but a new nonce that it brings is kept for the next request and not answered: HTTP 401 is told, and visit_ready. */
MUST_CHECK int visit_renew(struct visit *v, const char *path, visit_told *told, void *owner, struct err *e);

/* After TOLD: all that came back; it lives until the next request. */
const struct exchange *visit_exchange(const struct visit *v);

/* After TOLD: NULL when the exchange came to its end, else why it did not, printable; it stays the visit's. */
const char *visit_failure(const struct visit *v);

/* After TOLD: bytes of requests that left, heads included. 0: the board cannot have heard anything. */
uint64_t visit_request_bytes(const struct visit *v);

/* After TOLD, when no answer came: true when somebody is at that address all the same, who refused the connection, or took it and was silent. */
bool visit_somebody(const struct visit *v);

/* After TOLD: the numeric address that was spoken to, "" when none was; it stays the visit's. */
const char *visit_peer(const struct visit *v);

/* Bytes of the body of the request under way (or the last one) that left. */
uint64_t visit_sent(const struct visit *v);

#endif
