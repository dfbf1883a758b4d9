/* SPDX-License-Identifier: ISC */
/* What was made or found of a card, said on the terminal, as JSON, and in a receipt that is kept. */
#ifndef FLASHER_CARD_RECEIPT_H
#define FLASHER_CARD_RECEIPT_H

#include <stdbool.h>
#include <stdio.h>

#include "flasher/card_verify.h"

struct card_result {
	const char *act;               /* "written", "verified" */
	const char *target;
	const char *serial;            /* of the card; NULL for an image file */
	const struct card_made *made;  /* NULL when it never came so far */
	const struct card_state *state; /* of a card that was verified, or NULL: what differs */
	const struct err *failure;     /* NULL when all is right */
};

/* One JSON object on a line. With a time: seconds since 1970 (SOURCE_DATE_EPOCH where it is set). */
void card_result_json(FILE *out, const struct card_result *r, bool with_time);

/* One line for a person, on standard output; of a failure, which cli_fail tells, the places that differ, on standard error. */
void card_result_text(const struct card_result *r);

/* A file of receipts. */
struct card_receipt {
	const char *name;  /* the caller's; NULL: none is kept */
	int fd;
};

/* Before anything is done, so that a card is not written whose receipt could not be. FILE, NULL for none, is made if it is not there.
 * Returns 0, or -1: system, or usage when it is no regular file, or "-". */
MUST_CHECK int card_receipt_open(struct card_receipt *receipt, const char *file, struct err *e);
/* Appends the object with its time, and syncs it. Returns 0 or -1 (system). */
MUST_CHECK int card_receipt_append(struct card_receipt *receipt, const struct card_result *r, struct err *e);
/* Returns 0 or -1 (system). Safe when none is kept. */
MUST_CHECK int card_receipt_close(struct card_receipt *receipt, struct err *e);

#endif
