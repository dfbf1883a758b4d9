/* SPDX-License-Identifier: ISC */
/* What the files of the verb `card' share. */
#ifndef FLASHER_CMD_CARD_H
#define FLASHER_CMD_CARD_H

#include "flasher/card_options.h"
#include "flasher/card_receipt.h"

/* Says one target's result on standard output, and keeps it in RECEIPT; a failure is still to be said on standard error. Returns the exit
 * status. */
int cmd_card_keep(const struct card_options *o, struct card_receipt *receipt, const struct card_result *r);
/* All of that. */
int cmd_card_conclude(const struct card_options *o, struct card_receipt *receipt, const struct card_result *r);

/* The exit status of several targets: STATUS so far, and ONE more. Different failures are `some failed'. */
int cmd_card_both(int status, int one);

/* Makes the card and writes it to all targets. Returns the exit status. */
int cmd_card_write(const struct card_options *o, const struct board *board);

#endif
