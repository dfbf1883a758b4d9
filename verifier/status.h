/* SPDX-License-Identifier: ISC */
/* What can be said of this board: for `firmverify status' and for status.cgi. */
#ifndef VERIFIER_STATUS_H
#define VERIFIER_STATUS_H

#include <stdio.h>

#include "verifier/boot.h"
#include "verifier/known.h"

struct status_report {
	struct known *known;   /* status_free is due */
	struct installed now;  /* the image that runs, or on boards with one side starts next */
	uint64_t counter;      /* confirmed */
	/* On boards with two sides. */
	struct boot_state boot;
	enum side running;
	struct installed images[SIDES];
	bool torn;             /* a record is damaged, and the one before it stands for it */
	/* On boards with one: an image was being written to flash when it was cut off, and is lost; another has to be installed. */
	struct installed half_written;
	uint64_t uptime_s;     /* of the system: whoever asked for a reboot learns whether it came about */
	bool busy;             /* an install is under way */
	bool interrupted;      /* an install that was decided waits to be finished: by the next install, or `firmverify status' */
};

/* Looks, and changes nothing. Returns 0 or -1. status_free is due in either case. */
MUST_CHECK int status_look(struct status_report *out, const struct device *d, struct err *e);
/* As status_look, but finishes an interrupted install first, unless one is under way. Returns 0 or -1. */
MUST_CHECK int status_settle(struct status_report *out, const struct device *d, struct err *e);
void status_free(struct status_report *r);

/* One JSON object. */
void status_print_json(FILE *out, const struct device *d, const struct status_report *report);

#endif
