/* SPDX-License-Identifier: ISC */
/* What this board has learned about whom to trust: STATE/keyrings, the pairs of the bundles it installed, as they came (FORMAT section 6). They
 * are verified at each load, step by step from the image's own keyring: the file is a memory, not an authority. docs/state.md says what
 * happens when it is damaged. */
#ifndef VERIFIER_KEYRINGS_H
#define VERIFIER_KEYRINGS_H

#include "core/reader.h"
#include "verifier/device.h"

enum {
	KEYRINGS_MAX = 16 << 20,       /* bytes of the file that are looked at */
	/* As long as the file is within these, it is kept as older versions of this program read it: no serial left out. */
	KEYRINGS_PLAIN_MAX = CHAIN_MAX,
	KEYRINGS_PLAIN_PAIRS = CHAIN_PAIRS_MAX,
};

/* One pair of the file, whole. */
struct keyrings_pair {
	size_t at, len;                /* bytes of the file */
	bool step;                     /* verified in this run; else not newer than the image's own keyring, and nothing is known of it */
	bool new_roots;                /* a step whose roots or root threshold are not those of the keyring before */
};

/* The file as it was found. Plain record, zero-initialised it holds nothing. */
struct keyrings {
	char *bytes;                   /* malloc'd */
	size_t len;
	struct keyrings_pair *pairs;   /* malloc'd; up to the first fault */
	size_t npairs;
	bool faulty;                   /* what follows the pairs is not used */
	struct err fault;              /* why */
};

/* Leads T, which has the image's own keyring, on to the newest that the file verifiably leads to. Without a keyring, or without the file,
 * does nothing. A file that is damaged or forged leads as far as it verifies, and is FAULTY. Returns 0, or -1: memory. keyrings_free
 * is due in either case. */
MUST_CHECK int keyrings_load(struct keyrings *k, const struct device *d, struct trust *t, struct err *e);
void keyrings_free(struct keyrings *k);

/* Keeps the steps of R's bundle behind the pairs of K, byte for byte. K and T are as keyrings_load left them, under the same lock. The
 * result is verified once from the image's own keyring first, and must lead to what R trusts; else nothing is written. To be called
 * only when the whole bundle has been verified and is about to be installed. Returns 0, or -1: keyring-gap, too-large, system. */
MUST_CHECK int keyrings_adopt(const struct keyrings *k, const struct device *d, const struct trust *t, const struct reader *r, struct err *e);

#endif
