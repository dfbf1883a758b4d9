/* SPDX-License-Identifier: ISC */
/* The body of a request, from a descriptor, with patience that ends: a client that has died must not keep the board busy. */
#ifndef VERIFIER_UPLOAD_H
#define VERIFIER_UPLOAD_H

#include "verifier/multipart.h"

enum {
	UPLOAD_WINDOW_MS = 60 * 1000, /* of waiting, in which min_rate bytes a second must come, and at least one */
	UPLOAD_DRAIN_MS = 30 * 1000,
};

/* Plain record. Time in which nobody reads (flash is slow) does not count against the client. */
struct upload {
	struct body base;
	int fd;                /* stays the caller's */
	int64_t window_ms;     /* UPLOAD_WINDOW_MS; less in tests */
	int64_t waited_ms;     /* of this window */
	uint64_t due;          /* bytes that begin the next window */
	uint64_t since;        /* bytes that have come in this one */
	int64_t left_ms;       /* of what the client may keep us waiting in all */
	bool gone;             /* the client has hung up, or is too slow */
};

/* LENGTH: what Content-Length says. MIN_RATE in bytes a second, MAX_TIME in seconds (struct device). */
void upload_init(struct upload *u, int fd, uint64_t length, uint32_t min_rate, uint32_t max_time);

/* Reads and throws away what is left, at most MAX bytes and TIMEOUT_MS: a client that is still sending when the server
 * hangs up never sees the answer. */
void upload_drain(struct upload *u, uint64_t max, int64_t timeout_ms);

#endif
