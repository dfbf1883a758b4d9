/* SPDX-License-Identifier: ISC */
/* Board, product, counter. */
#include "core/policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int check_board(const struct policy *p, const struct manifest *m, struct err *e)
{
	struct manifest_board board;
	char list[256] = "";
	uint32_t n = manifest_head(m)->nboards;

	for (uint32_t i = 0; i < n; i++) {
		size_t used = strlen(list);

		manifest_board(m, i, &board);
		if (strcmp(board.id, p->board) == 0 && p->revision >= board.low && p->revision <= board.high)
			return 0;
		snprintf(list + used, sizeof list - used, "%s%s:%" PRIu64 "-%" PRIu64, used ? ", " : "", board.id, board.low,
			 board.high);
	}
	return err_set(e, VERDICT_WRONG_BOARD, "this board is %s:%" PRIu64 ", the image is for %s", p->board, p->revision, list);
}

int policy_check(const struct policy *p, const struct manifest *m, struct err *e)
{
	const struct manifest_head *head = manifest_head(m);

	if (p->product && strcmp(p->product, head->product) != 0)
		return err_set(e, VERDICT_WRONG_PRODUCT, "this is %s, the image is for %s", p->product, head->product);
	if (p->board && check_board(p, m, e) != 0)
		return -1;
	if (head->counter < p->counter)
		return err_set(e, VERDICT_ROLLBACK, "the image has security counter %" PRIu64 ", this board has confirmed %" PRIu64,
			       head->counter, p->counter);
	return 0;
}

uint64_t policy_any_revision(const struct manifest *m, const char *id)
{
	struct manifest_board board;

	for (uint32_t i = 0; i < manifest_head(m)->nboards; i++) {
		manifest_board(m, i, &board);
		if (strcmp(board.id, id) == 0)
			return board.low;
	}
	return 0;
}
