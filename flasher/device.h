/* SPDX-License-Identifier: ISC */
/* The device seam: whatever an image can be pushed to stands behind these four functions, one file a transport. */
#ifndef FLASHER_DEVICE_H
#define FLASHER_DEVICE_H

#include <stdbool.h>

#include "core/err.h"
#include "core/progress.h"

struct image;

/* How a push ended. A record that nobody filled in says that it failed. */
enum outcome {
	OUTCOME_FAILED,    /* did not come about: nothing was installed, and another try may go better */
	OUTCOME_REJECTED,  /* refused, by the device or by a rule of this program: another try will end the same */
	OUTCOME_UNKNOWN,   /* some or all of the image was sent and no clear answer came: neither success nor failure */
	OUTCOME_ACCEPTED,  /* the device says that it took the image */
	OUTCOME_COUNT,
};

enum { RESULT_TEXT_MAX = 512 };

/* What a device did, for a person and for a program. */
struct result {
	enum outcome outcome;
	bool judged;                /* the device named a verdict word */
	enum verdict verdict;       /* that word, when JUDGED */
	char text[RESULT_TEXT_MAX]; /* printable; what came from the device is escaped. "" when there is nothing to add
				     */
};

/* "accepted", "rejected", "failed", "unknown". */
const char *outcome_word(enum outcome outcome);

/* Fills R. Returns -1, so that `return result_set(...)` reads well where that means failure. */
int result_set(struct result *r, enum outcome outcome, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The seam. An implementation embeds this as its first member. Calls come in the order probe, upload, reboot. */
struct device {
	/* Reaches the device and learns how it wants to be spoken to. Changes nothing there, sends no byte of an image.
	 * Returns 0, or -1 with R failed or rejected. */
	int (*probe)(struct device *d, struct result *r);

	/* Sends the image once: never again, whatever happens. PROGRESS is told the bytes sent. R is always set. */
	void (*upload)(struct device *d, const struct image *image, struct progress *progress, struct result *r);

	/* Has the device start the image it accepted. Returns 1 when it was told to, 0 when it does so by itself,
	 * -1 with E set when it could not be told. */
	int (*reboot)(struct device *d, struct err *e);

	/* Frees D. */
	void (*close)(struct device *d);
};

#endif
