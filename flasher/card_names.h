/* SPDX-License-Identifier: ISC */
/* Names on a command line that stand for the same file: a card is not written over the bundle that it is made from, nor a receipt into a
 * card. */
#ifndef FLASHER_CARD_NAMES_H
#define FLASHER_CARD_NAMES_H

#include "flasher/card_options.h"

/* Returns 0, or -1 (usage): two of bundle, targets and receipt are one file or disk, under whatever names. */
MUST_CHECK int card_names_check(const struct card_options *o, struct err *e);

#endif
