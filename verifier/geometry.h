/* SPDX-License-Identifier: ISC */
/* Is this board's flash cut up as the device file says? Asked before anything is written. */
#ifndef VERIFIER_GEOMETRY_H
#define VERIFIER_GEOMETRY_H

#include "verifier/device.h"

/* When the device file has `expect-mtd' lines, PROC/mtd must hold exactly these. Returns 0, or -1: wrong-board, system. */
MUST_CHECK int geometry_check(const struct device *d, struct err *e);

#endif
