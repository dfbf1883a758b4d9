/* SPDX-License-Identifier: ISC */
/* Hard links of an archive become files of their own: the format has none (FORMAT section 4). */
#ifndef PACKER_HARDLINK_H
#define PACKER_HARDLINK_H

#include "packer/tree.h"

/* Gives every hard link the content and mode of the file it names; refuses those that name anything else. The tree is sorted, and
 * what lies in a wrong place has been refused already. Returns 0 or -1 on failure. */
int hardlink_resolve(struct tree *t, struct err *e);

#endif
