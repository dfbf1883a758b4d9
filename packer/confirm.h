/* SPDX-License-Identifier: ISC */
/* What is signed only when somebody says that it is meant: a tree that looks wrong, a board that looks misspelled. */
#ifndef PACKER_CONFIRM_H
#define PACKER_CONFIRM_H

#include "packer/options.h"

/* Holds the boards of O against the profiles (--boards DIR, or those beside the program; when none are there, nothing is known and nothing is
 * refused). An id that differs from a known one by a character or a dash is refused unless O allows it; any other unknown one is noted in T as
 * a warning. Returns 0, or -1 (usage, system). */
__attribute__((warn_unused_result)) int confirm_boards(const struct build_options *o, struct tree *t, struct err *e);

/* Refuses, unless O allows it, a finished tree without an entry, and one that is a single folder which nothing says a board looks for: then
 * that folder most likely stands around the real tree. Returns 0, or -1 (usage). */
__attribute__((warn_unused_result)) int confirm_tree(const struct build_options *o, const struct tree *t, struct err *e);

#endif
