/* SPDX-License-Identifier: ISC */
/* What can be said of this board: for `firmverify status' and for status.cgi. */
#ifndef VERIFIER_STATUS_H
#define VERIFIER_STATUS_H

#include <stdio.h>

#include "verifier/state.h"

struct status_report {
	struct installed now;
	bool busy;             /* an install is under way */
	bool interrupted;      /* an install that was decided waits to be finished: by the next install, or `firmverify status' */
};

/* Looks, and changes nothing. Returns 0 or -1. */
int status_look(struct status_report *out, const struct device *d, struct err *e);
/* As status_look, but finishes an interrupted install first, unless one is under way. Returns 0 or -1. */
int status_settle(struct status_report *out, const struct device *d, struct err *e);

/* One JSON object. */
void status_print_json(FILE *out, const struct device *d, const struct status_report *report);

#endif
