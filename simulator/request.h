/* SPDX-License-Identifier: ISC */
/* The head of an HTTP/1.1 request (RFC 9112), as far as these boards care. */
#ifndef SIMULATOR_REQUEST_H
#define SIMULATOR_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/text.h"

enum {
	REQUEST_HEAD_MAX = 4096,  /* bytes of a whole head */
	REQUEST_PATH_MAX = 120,
	REQUEST_COMMAND_MAX = 32, /* bytes of a command on port 4028 */
};

/* Points into the head it was read from. */
struct request {
	char method[8];           /* "GET", "POST", ... */
	struct span target;       /* as sent */
	char path[REQUEST_PATH_MAX + 1]; /* of the target, without its query */
	struct span authorization;
	uint64_t length;          /* Content-Length, 0 when none */
	bool expects;             /* 100-continue */
};

/* Bytes of the head at the beginning of BYTES, its empty line included, or 0 when it is not whole yet. */
size_t request_head_length(const char *bytes, size_t len);

/* Reads a whole head. Returns 0, or the HTTP status to refuse it with. */
int request_parse(struct request *r, const char *head, size_t len);

/* Takes a text member of an object such as {"command":"version"}, found by its KEY alone, which has its quotes. Returns 0, or
 * -1 when there is none of less than SIZE bytes, or not yet. */
int request_member(char *out, size_t size, const char *key, const char *bytes, size_t len);

#endif
