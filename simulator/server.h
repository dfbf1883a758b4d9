/* SPDX-License-Identifier: ISC */
/* The boards' doors: a listener each for HTTP and for port 4028, or two that all of them share. */
#ifndef SIMULATOR_SERVER_H
#define SIMULATOR_SERVER_H

#include "simulator/farm.h"

/* Opens the doors of all boards that are up. When there are not enough descriptors for a listener a board, one for all listens on
 * the loopback device, and a board that is down then resets connections instead of refusing them. Returns 0 or -1. */
MUST_CHECK int server_open(struct farm *f, struct err *e);
void server_close(struct farm *f);
/* True when the listeners are shared. */
bool server_shares(void);

#endif
