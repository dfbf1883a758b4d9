/* SPDX-License-Identifier: ISC */
/* The body of a request, from a descriptor, with patience that ends: a client that has died must not keep the board busy. */
#ifndef VERIFIER_UPLOAD_H
#define VERIFIER_UPLOAD_H

#include "verifier/multipart.h"

enum {
	UPLOAD_IDLE_MS = 60 * 1000,   /* of waiting, in which at least UPLOAD_STEP bytes must come */
	UPLOAD_STEP = 4 << 10,
	UPLOAD_DRAIN_MS = 30 * 1000,
};

/* Plain record. Time in which nobody reads does not count against the client. */
struct upload {
	struct body base;
	int fd;                /* stays the caller's */
	int64_t idle_ms;       /* patience; UPLOAD_IDLE_MS, less in tests */
	int64_t waited_ms;     /* for the bytes in SINCE */
	size_t since;          /* bytes that have come since patience was renewed */
	bool gone;             /* the client has hung up, or is too slow */
};

/* LENGTH: what Content-Length says. */
void upload_init(struct upload *u, int fd, uint64_t length);

/* Reads and throws away what is left, at most MAX bytes and TIMEOUT_MS: a client that is still sending when the server
 * hangs up never sees the answer. */
void upload_drain(struct upload *u, uint64_t max, int64_t timeout_ms);

#endif
