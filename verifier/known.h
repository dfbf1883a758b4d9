/* SPDX-License-Identifier: ISC */
/* What this board knows, and what of it is proven. The state folder is only a memory: an attacker who was root yesterday may have written it. What
 * decides whom to trust, and which image is too old, is verified again here, at each load, from the image's own keys and the signed
 * manifests that were kept. docs/state.md has the rule for each file. */
#ifndef VERIFIER_KNOWN_H
#define VERIFIER_KNOWN_H

#include "core/policy.h"
#include "verifier/keyrings.h"
#include "verifier/state.h"

enum { KNOWN_FAULTS_MAX = 12, KNOWN_FAULT_MAX = 400 };

/* Plain record, filled by known_load. */
struct known {
	struct trust trust;            /* the image's own, led on along the kept keyrings; LEAST_SERIAL is what kept manifests were signed under */
	struct keyrings keyrings;
	uint64_t counter;              /* the lowest security counter that may be installed. Only verified manifests raise it */
	struct installed images[SIDES]; /* on record; boards with one side: SIDE_A */
	bool proven[SIDES];            /* the kept manifest of that image verifies, and COUNTER of IMAGES is the manifest's */
	char faults[KNOWN_FAULTS_MAX][KNOWN_FAULT_MAX]; /* what is wrong, and what to do: a sentence each, printable */
	size_t nfaults;
};

/* Reads the state folder. What is missing, damaged, old or forged counts for nothing, and is a fault. Returns 0, or -1: memory is out (a
 * floor must not be lost for want of it). known_free is due in either case. Large: not for the stack. */
MUST_CHECK int known_load(struct known *k, const struct device *d, struct err *e);
/* Allocates it, too. NULL, and E, when that fails. */
struct known *known_new(const struct device *d, struct err *e);
void known_free(struct known **k);

/* Adds a fault. */
void known_fault(struct known *k, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What an image must be to be installed on D. The strings stay D's. */
struct policy known_policy(const struct known *k, const struct device *d);

/* Decides once more, in other code and from the files themselves, whether an image with COUNTER is new enough: see trust_confirm. ACCEPTED, or
 * REFUSED: rollback, system. */
enum decision known_confirm_counter(const struct known *k, const struct device *d, uint64_t counter, struct err *e);

/* Makes the kept manifest of SIDE the proof of the floor: its signatures and its text, in one file. Returns 0 or -1. */
MUST_CHECK int known_keep_proof(const struct device *d, enum side side, struct err *e);

/* The image of SIDE has run well: it raises the floor. Keeps its manifest as the proof, and the number for older versions of this program. An
 * image that is not proven raises nothing, and is a fault in K. For boards with two sides. Returns 0 or -1 (system). */
MUST_CHECK int known_confirm(struct known *k, const struct device *d, enum side side, struct err *e);

#endif
