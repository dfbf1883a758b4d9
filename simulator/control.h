/* SPDX-License-Identifier: ISC */
/* The simulator's own door: a UNIX socket that takes one line and answers. */
#ifndef SIMULATOR_CONTROL_H
#define SIMULATOR_CONTROL_H

#include <stdio.h>

#include "simulator/farm.h"

/* Listens at PATH, which must not exist yet. Returns 0 or -1. */
MUST_CHECK int control_open(struct farm *f, const char *path, struct err *e);
void control_close(void);

/* Asks the simulator at PATH, and copies what it says to OUT. Returns 0 or -1. */
MUST_CHECK int control_ask(const char *path, const char *line, FILE *out, struct err *e);

#endif
