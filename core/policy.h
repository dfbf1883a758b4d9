/* SPDX-License-Identifier: ISC */
/* Is this image for this board? Asked after the signature and before the first byte of payload, and once more before the image is used. */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include <stdint.h>

#include "core/manifest.h"

/* Plain record; zero-initialised it asks nothing. The strings stay the caller's. */
struct policy {
	const char *board;    /* the board's own id, or NULL: not asked */
	uint64_t revision;    /* of the board */
	const char *product;  /* or NULL: not asked */
	uint64_t counter;     /* the lowest security counter that is accepted */
	bool any_revision;    /* REVISION is not known: every one that the image names is right */
};

/* Asks nothing: for a reader that does not stand in for a board. */
extern const struct policy policy_none;

/* ACCEPTED, or REFUSED: wrong-product, wrong-board, rollback. The message names what the bundle is for. */
MUST_CHECK enum decision policy_check(const struct policy *p, const struct manifest *m, struct err *e);

/* Decides the same once more, in other code: see trust_confirm. */
MUST_CHECK enum decision policy_confirm(const struct policy *p, const struct manifest *m, struct err *e);

/* A revision of board ID that M is for, where it does not matter which; 0 when M is not for that board. */
uint64_t policy_any_revision(const struct manifest *m, const char *id);

#endif
