/* SPDX-License-Identifier: ISC */
/* A board behind its web server, the transport that stock boards and firmverify share: a small GET draws the Digest
 * challenge, one more shows that its nonce is good for another request, one POST carries the image, once, and a GET asks for the reboot. */
#ifndef FLASHER_HTTP_H
#define FLASHER_HTTP_H

#include "boards/board.h"
#include "flasher/client.h"
#include "flasher/credentials.h"
#include "flasher/device.h"

struct http_options {
	const struct address *address;
	const struct board *board;
	bool wipe;                /* settings on the board */
	uint64_t timeout_ms;      /* without the board taking or giving bytes; and for its answer once it has the image */
	struct bucket *bandwidth; /* or NULL */
};

/* How far the last request came. */
enum http_reach {
	HTTP_ANSWERED,    /* a status line came back */
	HTTP_NOT_REACHED, /* nothing left this machine: no connection */
	HTTP_NO_ANSWER,   /* the request, or part of it, was on its way, and no status line came back */
};

struct http;

/* A board at the address. All that OPTIONS points to must outlive it. Sends nothing yet. Returns 0 or -1. */
MUST_CHECK int http_open(struct http **out, struct client *c, const struct http_options *options, struct err *e);

/* Gives up what is under way, of which nothing is told, and frees. Safe on NULL, and within a call of TOLD. */
void http_close(struct http **h);

/* Gives up what is under way; nothing is told of it. */
void http_cancel(struct http *h);

/* Who logs in: C, which must outlive H, or nobody (NULL). A line of another scheme than the board's is nobody's. A Digest line is used for its
 * own realm, the profile's, or REALM, in this order; REALM must outlive H. */
void http_login(struct http *h, const struct credential *c, const char *realm);

/* How an act ended. Called once an act, out of the loop; it may start the next one, or close H. */
typedef void http_told(void *owner, const struct result *r);

/* Each starts one act; the one before must be over. What cannot even be started is told, too.
 *
 * Probe: reaches the board and learns how it wants to be spoken to; changes nothing there, sends no byte of an image.
 * R is accepted, failed, or rejected (no other try will end better).
 * Get: another page, once the probe is through; its body is in http_exchange(). R as above.
 * Upload: sends IMAGE once, never again, whatever happens. R is the board's verdict.
 * Reboot: accepted when the board was told to start what it took. Not to be asked of one that reboots by itself. */
void http_probe(struct http *h, http_told *told, void *owner);
void http_get(struct http *h, const char *path, http_told *told, void *owner);
void http_upload(struct http *h, const struct image *image, http_told *told, void *owner);
void http_reboot(struct http *h, http_told *told, void *owner);

/* False for a board that reboots by itself. */
bool http_wants_reboot(const struct http *h);

/* After TOLD, of the last request. */
const struct exchange *http_exchange(const struct http *h);
enum http_reach http_reach(const struct http *h);

/* The numeric address that the last request went to, or "". */
const char *http_peer(const struct http *h);

/* The probe was asked for a password. */
bool http_asked(const struct http *h);

/* Bytes of the image's body that left. */
uint64_t http_sent(const struct http *h);

#endif
