/* SPDX-License-Identifier: ISC */
/* What a board's answer to an upload means. Strict: an answer that does not clearly say yes or no is neither. */
#ifndef FLASHER_ANSWER_H
#define FLASHER_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "boards/board.h"
#include "flasher/device.h"

enum {
	ANSWER_MAX = 64 << 10,  /* bytes of an answer's body; a longer one is garbled */
	ANSWER_WORD_MAX = 32,   /* bytes of a Firmseal-Verdict field */
};

/* All that came back over HTTP. */
struct answer {
	int status;                       /* of the answer; 0 when none came */
	bool sent;                        /* the device had been sent the whole image by then */
	bool whole;                       /* the answer arrived to its end */
	char word[ANSWER_WORD_MAX + 1];   /* Firmseal-Verdict, "" when there was none; raw bytes */
	const char *body;                 /* raw bytes, no NUL behind them */
	size_t len;
};

enum { ANSWER_TOKEN_MAX = 1024 }; /* bytes of a token */

/* Takes the token out of the answer to an unlock, {"token":"..."}. Returns 0, or -1 when there is none. */
int answer_token(char out[static ANSWER_TOKEN_MAX + 1], const struct answer *a);

/* Says in R how the push ended. LOST tells, for a person, why the answer is missing or incomplete (may be NULL). */
void answer_judge(struct result *r, enum board_dialect dialect, const struct answer *a, const char *lost);

#endif
