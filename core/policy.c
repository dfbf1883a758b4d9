/* SPDX-License-Identifier: ISC */
/* Board, product, counter. */
#include "core/policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct policy policy_none = {.board = NULL};

static bool is_board(const struct policy *p, const struct manifest_board *board)
{
	return strcmp(board->id, p->board) == 0 && (p->any_revision || (p->revision >= board->low && p->revision <= board->high));
}

static enum decision check_board(const struct policy *p, const struct manifest *m, struct err *e)
{
	struct manifest_board board;
	char list[256] = "", own[TEXT_NAME_MAX + 32];
	uint32_t n = manifest_head(m)->nboards;

	for (uint32_t i = 0; i < n; i++) {
		size_t used = strlen(list);

		manifest_board(m, i, &board);
		if (is_board(p, &board))
			return ACCEPTED;
		snprintf(list + used, sizeof list - used, "%s%s:%" PRIu64 "-%" PRIu64, used ? ", " : "", board.id, board.low,
			 board.high);
	}
	snprintf(own, sizeof own, p->any_revision ? "%s" : "%s:%" PRIu64, p->board, p->revision);
	return err_refuse(e, VERDICT_WRONG_BOARD, "this board is %s, the image is for %s", own, list);
}

enum decision policy_check(const struct policy *p, const struct manifest *m, struct err *e)
{
	const struct manifest_head *head = manifest_head(m);

	if (p->product && strcmp(p->product, head->product) != 0)
		return err_refuse(e, VERDICT_WRONG_PRODUCT, "this is %s, the image is for %s", p->product, head->product);
	if (p->board && check_board(p, m, e) != ACCEPTED)
		return REFUSED;
	if (head->counter < p->counter)
		return err_refuse(e, VERDICT_ROLLBACK, "the image has security counter %" PRIu64 ", this board has confirmed %" PRIu64,
				  head->counter, p->counter);
	return ACCEPTED;
}

enum decision policy_confirm(const struct policy *p, const struct manifest *m, struct err *e)
{
	const struct manifest_head *head = manifest_head(m);
	struct manifest_board board;
	uint32_t boards = 0;
	unsigned right = 0;

	for (uint32_t i = 0; p->board && i < head->nboards; i++) {
		manifest_board(m, i, &board);
		boards += is_board(p, &board);
	}
	right += !p->board || boards > 0;
	right += !p->product || strncmp(head->product, p->product, sizeof head->product) == 0;
	right += p->counter <= head->counter;
	return right == 3 ? ACCEPTED : err_refuse(e, VERDICT_WRONG_BOARD, "the image was found to be for this board, and then not: the board's "
						  "memory or processor may be failing. Try again, and replace the board when it happens again");
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
