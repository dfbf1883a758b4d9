/* SPDX-License-Identifier: ISC */
/* Why a board takes a bundle, or not: the reader's own steps in the board's order, each with its answer. */
#ifndef PACKER_EXPLAIN_H
#define PACKER_EXPLAIN_H

#include "core/policy.h"
#include "core/trust.h"

enum explain_step {
	EXPLAIN_KEYS,       /* whom the board trusts */
	EXPLAIN_KEYRINGS,   /* newer keyrings in front of the bundle */
	EXPLAIN_SIGNATURE,
	EXPLAIN_MANIFEST,
	EXPLAIN_SCOPE,      /* may these keys sign this, and are they enough */
	EXPLAIN_SERIAL,     /* the keyring that it was signed under */
	EXPLAIN_FLOOR,      /* the keyring's least counter */
	EXPLAIN_PRODUCT, EXPLAIN_BOARD, EXPLAIN_COUNTER,
	EXPLAIN_PAYLOAD,
	EXPLAIN_REST,       /* attachments, and nothing behind the end */
	EXPLAIN_STEPS,
};

struct explain_answer {
	bool reached;             /* false: something before it went wrong, and it cannot be asked */
	enum verdict verdict;
	char text[ERR_MESSAGE_MAX];
};

/* What is asked. Strings stay the caller's. */
struct explain_question {
	const struct trust *trust;
	struct policy policy;     /* BOARD is needed */
};

/* Reads the bundle that FD is open on (a regular file) twice, from its start, and answers each step. Returns the first verdict that is
 * not ok, in the order in which a board asks. */
enum verdict explain(struct explain_answer answers[static EXPLAIN_STEPS], int fd, const struct explain_question *q);

/* The step's name: one word. */
const char *explain_name(enum explain_step step);

#endif
