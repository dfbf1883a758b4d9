/* SPDX-License-Identifier: ISC */
/* An image into this board's slots: verified, staged, synced, read back, and only then made the one in use. */
#ifndef VERIFIER_INSTALL_H
#define VERIFIER_INSTALL_H

#include "core/source.h"
#include "verifier/device.h"
#include "verifier/settings.h"

/* What was installed, for the answer. */
struct install_result {
	enum decision done;      /* ACCEPTED when all of it went well: set in one place, the last */
	char product[TEXT_NAME_MAX + 1];
	char version[TEXT_NAME_MAX + 1];
	uint64_t counter;
	bool decided;            /* it takes over, even when something failed behind that (a hook); all else is filled after success */
	uint32_t slots;          /* how many were written */
	bool trial;              /* it starts next on SIDE, and stays when it is confirmed; else the old image comes back */
	enum side side;
	uint32_t hooks_skipped;  /* run lines that this board does not allow */
	enum setting_fate settings[DEVICE_SETTINGS_MAX]; /* of each of the device's settings */
};

enum install_settings {
	INSTALL_KEEP,            /* carries over the settings that the device file names */
	INSTALL_CLEAR,           /* leaves the new tree as it was signed, to the last byte */
};

/* Reads a bundle from SRC and installs it. One at a time: another one under way is `busy`. On any failure before the journal is
 * written the running system is as it was, and nothing staged is left. Returns 0 or -1. */
MUST_CHECK int install(const struct device *d, struct source *src, enum install_settings settings, struct install_result *out,
	    struct err *e);

#endif
