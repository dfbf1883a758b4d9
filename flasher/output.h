/* SPDX-License-Identifier: ISC */
/* What a verb answers with, on standard output or in a file: made up in memory first, so that it is there whole or not at all. */
#ifndef FLASHER_OUTPUT_H
#define FLASHER_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "core/err.h"

struct output {
	FILE *file; /* write here */
	char *text;
	size_t len;
};

/* Before the work whose result will go to NAME ("-" and NULL are standard output): nothing is there yet, or FORCE says that it may be replaced,
 * and a file can be made there. A device or a pipe, such as /dev/null, is written to as it is. Returns 0, or -1 (usage, system). */
MUST_CHECK int output_prove(const char *name, bool force, struct err *e);

/* Returns 0, or -1: system. */
MUST_CHECK int output_open(struct output *o, struct err *e);

/* What was written goes to NAME, as of output_prove. Where that fails after all, it is saved beside NAME, else in the working directory, else in
 * /tmp, and the message names the place. Closes O, also on failure. Returns 0, or -1 (usage, system). */
MUST_CHECK int output_commit(struct output *o, const char *name, bool force, struct err *e);

/* Forgets what was written. Safe after output_commit, and on a zeroed record. */
void output_discard(struct output *o);

#endif
