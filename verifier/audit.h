/* SPDX-License-Identifier: ISC */
/* The virus check: an installed tree and every raw copy against the signed manifest, and against signs of known infections.
 * It writes nothing. */
#ifndef VERIFIER_AUDIT_H
#define VERIFIER_AUDIT_H

#include "verifier/device.h"
#include "verifier/findings.h"
#include "verifier/known_bad.h"

enum { AUDIT_SETTINGS_MAX = 64 + DEVICE_SETTINGS_MAX };

/* Strings and records stay the caller's. */
struct audit_options {
	const struct device *device;     /* or NULL: no raw slots, and ROOT says where the tree is */
	enum side side;                  /* of the device's slots that have two */
	const char *root;                /* directory of the tree; NULL: the device's slot for trees, if it has one */
	const struct manifest *m;        /* what was signed */
	const struct known_bad *signs;   /* or NULL */
	const char *settings[AUDIT_SETTINGS_MAX]; /* paths in the tree that upgrades carry over, files or directories */
	size_t nsettings;
	unsigned threads;                /* at least 1 */
};

enum audit_verdict {
	AUDIT_CLEAN,
	AUDIT_MODIFIED,    /* differences only */
	AUDIT_SUSPECT,     /* a sign of infection, or a difference that looks like one */
};

struct audit_result {
	enum audit_verdict verdict;
	bool strong;                  /* the tree is not the running system's */
	const char *why;              /* it is strong, or weak: a sentence without its stop */
	bool owners;                  /* owners were compared */
	uint64_t entries, bytes, copies; /* entries of the tree compared, bytes of files read, raw copies compared */
	struct findings *findings;    /* sorted; findings_free is due, also after a failure */
};

/* Returns 0, whatever was found, or -1: the audit could not be done (system, unsafe-path: the tree is no directory). */
MUST_CHECK int audit_run(struct audit_result *out, const struct audit_options *o, struct err *e);

/* The verdict's word: "clean", "modified", "suspect". */
const char *audit_word(enum audit_verdict verdict);

#endif
