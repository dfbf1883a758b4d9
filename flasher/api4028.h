/* SPDX-License-Identifier: ISC */
/* Port 4028: a miner's own interface, one question and one answer a connection, without any password. Only questions
 * that change nothing are asked. */
#ifndef FLASHER_API4028_H
#define FLASHER_API4028_H

#include "flasher/gate.h"

enum {
	API_PORT = 4028,
	API_ANSWER_MAX = 64 << 10,    /* bytes */
	API_COMMAND_MAX = 16,
};

struct api; /* one question under way */

/* Called once, from the loop: LEN bytes of ANSWER, without the NUL that ends it; or NULL and WHY not, for a person. The
 * question is over and freed by then. */
typedef void api_told(void *owner, const char *answer, size_t len, const char *why);

/* Asks COMMAND ("version", "summary", "stats", "pools": letters only) of HOST, a numeric address, when GATE lets it. From then on it has
 * TIMEOUT_MS for all of it. Returns 0 or -1 (usage, system); then nothing will be told. */
MUST_CHECK int api_ask(struct api **out, struct gate *gate, const char *host, uint16_t port, const char *command,
	    uint64_t timeout_ms, api_told *told, void *owner, struct err *e);

/* Gives the question up; nothing is told. Safe on NULL. */
void api_cancel(struct api **a);

#endif
