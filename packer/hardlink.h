/* SPDX-License-Identifier: ISC */
/* Hard links of an archive become files of their own: the format has none (FORMAT section 4). */
#ifndef PACKER_HARDLINK_H
#define PACKER_HARDLINK_H

#include "packer/tree.h"

/* Makes every hard link what it names, a file or a symbolic link; refuses those that name a directory, or nothing. The tree is sorted, and
 * what lies in a wrong place has been refused already. Returns 0 or -1 on failure. */
MUST_CHECK int hardlink_resolve(struct tree *t, struct err *e);

#endif
