/* SPDX-License-Identifier: ISC */
/* The words for outcomes, and how a result is filled in. */
#include "flasher/device.h"

#include <stdarg.h>
#include <stdio.h>

const char *outcome_word(enum outcome outcome)
{
	static const char *const words[OUTCOME_COUNT] = {
		[OUTCOME_FAILED] = "failed",
		[OUTCOME_REJECTED] = "rejected",
		[OUTCOME_UNKNOWN] = "unknown",
		[OUTCOME_ACCEPTED] = "accepted",
	};

	return outcome < OUTCOME_COUNT ? words[outcome] : "failed";
}

int result_set(struct result *r, enum outcome outcome, const char *format, ...)
{
	va_list args;

	r->outcome = outcome;
	r->judged = false;
	r->verdict = VERDICT_OK;
	va_start(args, format);
	vsnprintf(r->text, sizeof r->text, format, args);
	va_end(args);
	return -1;
}
