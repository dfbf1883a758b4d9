/* SPDX-License-Identifier: ISC */
/* From an archive's first bytes to the reader of its format. */
#ifndef ARCHIVE_FORMATS_H
#define ARCHIVE_FORMATS_H

#include "archive/intake.h"

/* Reads the whole archive. Returns 0 or -1 as import_archive does. */
MUST_CHECK int formats_read(struct intake *i, struct err *e) __attribute__((warn_unused_result));

#endif
