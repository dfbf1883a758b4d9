/* SPDX-License-Identifier: ISC */
/* A progress line on a terminal: share, rate, time left. Elsewhere silent. */
#ifndef CORE_PROGRESS_H
#define CORE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what;     /* "packing" */
	uint64_t total;       /* bytes */
	uint64_t start_ms, shown_ms;
	bool on;              /* standard error is a terminal */
};

void progress_begin(struct progress *p, const char *what, uint64_t total, bool quiet);
/* Redraws at most ten times a second. DONE in bytes. */
void progress_update(struct progress *p, uint64_t done);
/* Clears the line. */
void progress_end(struct progress *p);

#endif
