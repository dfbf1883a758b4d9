/* SPDX-License-Identifier: ISC */
/* One connection to a simulated board, from its first byte to its last. */
#ifndef SIMULATOR_CONN_H
#define SIMULATOR_CONN_H

#include "simulator/farm.h"

/* Takes over FD, a connection to B; API: at port 4028. Whatever goes wrong closes it. */
void conn_open(struct sim_board *b, int fd, bool api);

/* Breaks all of B's connections off. */
void conn_close_all(struct sim_board *b);

/* Closes FD so that the other side sees a reset. */
void conn_reset_fd(int fd);

#endif
