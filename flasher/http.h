/* SPDX-License-Identifier: ISC */
/* A board behind its web server: the transport that stock boards and firmverify share. The only file that calls
 * libcurl. */
#ifndef FLASHER_HTTP_H
#define FLASHER_HTTP_H

#include <stdint.h>

#include "boards/board.h"
#include "flasher/address.h"
#include "flasher/device.h"
#include "flasher/secret.h"

struct http_options {
	const struct address *address;
	const struct board *board;
	const char *user;
	const struct secret *password;
	bool wipe;           /* settings on the board */
	uint64_t timeout_ms; /* without the board taking or giving bytes; and for its answer once it has the image */
	uint64_t rate;       /* bytes a second at most; 0: as fast as it goes */
};

/* Readies libcurl; once a process, before any other thread. Returns 0 or -1. */
int http_start(struct err *e);
void http_stop(void);

/* A device that answers at the address. All that OPTIONS points to must outlive it. Sends nothing yet. Returns 0 or -1.
 */
int http_open(struct device **out, const struct http_options *options, struct err *e);

#endif
