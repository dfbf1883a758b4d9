/* SPDX-License-Identifier: ISC */
/* How a push to a device ended. */
#ifndef FLASHER_DEVICE_H
#define FLASHER_DEVICE_H

#include <stdbool.h>

#include "core/err.h"

/* How a push ended. A record that nobody filled in says that it failed. */
enum outcome {
	OUTCOME_FAILED,    /* did not come about: nothing was installed, and another try may go better */
	OUTCOME_REJECTED,  /* refused, by the device or by a rule of this program: another try will end the same */
	OUTCOME_UNKNOWN,   /* some or all of the image was sent and no clear answer came: neither success nor failure */
	OUTCOME_ACCEPTED,  /* the device says that it took the image */
	OUTCOME_COUNT,
};

enum { RESULT_TEXT_MAX = 512 };

/* What a device did, for a person and for a program. */
struct result {
	enum outcome outcome;
	bool judged;                /* the device named a verdict word */
	enum verdict verdict;       /* that word, when JUDGED */
	char text[RESULT_TEXT_MAX]; /* printable; what came from the device is escaped. "" when there is nothing to add
				     */
};

/* "accepted", "rejected", "failed", "unknown". */
const char *outcome_word(enum outcome outcome);

/* Fills R. Returns -1, so that `return result_set(...)` reads well where that means failure. */
int result_set(struct result *r, enum outcome outcome, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
