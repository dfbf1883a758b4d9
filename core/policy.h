/* SPDX-License-Identifier: ISC */
/* Is this image for this board? Asked after the signature and before the first byte of payload. */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include <stdint.h>

#include "core/manifest.h"

struct policy {
	const char *board;    /* the board's own id, or NULL: not asked */
	uint64_t revision;    /* of the board */
	const char *product;  /* or NULL: not asked */
	uint64_t counter;     /* the lowest security counter that is accepted */
};

/* Returns 0, or -1: wrong-product, wrong-board, rollback. The message names what the bundle is for. */
int policy_check(const struct policy *p, const struct manifest *m, struct err *e);

/* A revision of board ID that M is for, where it does not matter which; 0 when M is for none. */
uint64_t policy_any_revision(const struct manifest *m, const char *id);

#endif
