/* SPDX-License-Identifier: ISC */
/* What the two users of libarchive share: its messages become ours. */
#ifndef ARCHIVE_LIBRARY_H
#define ARCHIVE_LIBRARY_H

#include <archive.h>

#include "core/err.h"

/* Says what libarchive says of NAME, whose WHAT it reads. Returns -1: system (memory), or malformed-header. */
MUST_CHECK int library_damaged(struct archive *a, const char *name, const char *what, struct err *e);

#endif
