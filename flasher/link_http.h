/* SPDX-License-Identifier: ISC */
/* Links to real boards: their web server and port 4028. */
#ifndef FLASHER_LINK_HTTP_H
#define FLASHER_LINK_HTTP_H

#include "flasher/link.h"
#include "flasher/loop.h"

struct link_http_options {
	uint64_t rate;       /* bytes a second over all uploads; 0: no limit */
	uint64_t timeout_ms; /* as of struct http_options */
	uint16_t api_port;   /* 4028 as a rule; 0: nothing is asked there */
};

/* A maker that works within LOOP; one a process, before any other thread (it readies libcurl). Raises the limit of
 * descriptors as far as it goes; that is the maker's capacity. Returns 0 or -1 (system). */
MUST_CHECK int link_http_open(struct link_maker **out, struct loop *loop, const struct link_http_options *options, struct err *e);

/* All its links must be closed. Safe on NULL. */
void link_http_free(struct link_maker **base);

#endif
