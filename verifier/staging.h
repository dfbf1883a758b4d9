/* SPDX-License-Identifier: ISC */
/* Where images for raw slots that have one side wait, whole and verified, until they may be written: the device file's `staging'. */
#ifndef VERIFIER_STAGING_H
#define VERIFIER_STAGING_H

#include "verifier/device.h"

/* Is there room for SIZE bytes in all? Asked before the first is staged; of a directory writing shows. Returns 0, or -1: too-large
 * (not enough memory for `ram'). */
MUST_CHECK int staging_room(const struct device *d, uint64_t size, struct err *e);
/* Makes the empty file for SLOT. Returns a descriptor, for writing and reading, or -1: system. */
MUST_CHECK int staging_create(const struct device *d, const char *slot, struct err *e);
/* Opens the one that an earlier process made. Returns a descriptor, or -1: it is gone, as all in `ram' is. */
int staging_reopen(const struct device *d, const char *slot);
/* Makes what has been staged last: the directory, for its files are the caller's to sync. Returns 0 or -1. */
MUST_CHECK int staging_sync(const struct device *d, struct err *e);
/* Removes all that is staged. Returns 0 or -1. */
MUST_CHECK int staging_sweep(const struct device *d, struct err *e);

#endif
