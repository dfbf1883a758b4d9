/* SPDX-License-Identifier: ISC */
/* An image into this board's slots: verified, staged, synced, read back, and only then made the one in use. */
#ifndef VERIFIER_INSTALL_H
#define VERIFIER_INSTALL_H

#include "core/source.h"
#include "verifier/device.h"

/* What was installed, for the answer. */
struct install_result {
	char product[TEXT_NAME_MAX + 1];
	char version[TEXT_NAME_MAX + 1];
	uint64_t counter;
	uint32_t slots;          /* how many were written */
	uint32_t hooks_skipped;  /* run lines that this board does not allow */
};

/* Reads a bundle from SRC and installs it. One at a time: another one under way is `busy`. On any failure before the journal is
 * written the running system is as it was, and nothing staged is left. Returns 0 or -1. */
int install(const struct device *d, struct source *src, struct install_result *out, struct err *e);

#endif
