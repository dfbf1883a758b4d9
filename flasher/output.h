/* SPDX-License-Identifier: ISC */
/* What a verb answers with, on standard output or in a file: made up in memory first, so that it is there whole or not at all. */
#ifndef FLASHER_OUTPUT_H
#define FLASHER_OUTPUT_H

#include <stdio.h>

#include "core/err.h"

struct output {
	FILE *file; /* write here */
	char *text;
	size_t len;
};

/* Returns 0, or -1: system. */
int output_open(struct output *o, struct err *e);

/* What was written goes to the file NAME, in the place of one that is there; "-" and NULL are standard output. Closes O, also on
 * failure. Returns 0, or -1: system. */
int output_commit(struct output *o, const char *name, struct err *e);

/* Forgets what was written. Safe after output_commit, and on a zeroed record. */
void output_discard(struct output *o);

#endif
