/* SPDX-License-Identifier: ISC */
/* Rebooting the board behind a good upload, as the device file's `reboot' line says. */
#ifndef VERIFIER_REBOOT_H
#define VERIFIER_REBOOT_H

#include "verifier/device.h"

/* Long enough for the web server to hand the answer on: an answer that is lost leaves the farm guessing. */
enum { REBOOT_GRACE_SECONDS = 2 };

/* Runs D's reboot program REBOOT_GRACE_SECONDS from now, in a process of its own that outlives this one: its words as they are,
 * no shell, an environment of a PATH, input and output /dev/null. Nothing when D has none. Returns 0, or -1 (no process). */
MUST_CHECK int reboot_later(const struct device *d, struct err *e);

#endif
