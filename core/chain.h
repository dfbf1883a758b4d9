/* SPDX-License-Identifier: ISC */
/* The chain of keyrings that a bundle carries in front, and that a board keeps (FORMAT sections 1 and 6): each is believed because
 * the one before it says so. */
#ifndef CORE_CHAIN_H
#define CORE_CHAIN_H

#include "core/source.h"
#include "core/trust.h"
#include "core/ustar.h"

enum {
	CHAIN_PAIRS_MAX = 64,
	CHAIN_MAX = 1 << 20,  /* bytes of all pairs together, headers and padding among them */
};

/* The pairs as they came, member by member. Plain record, zero-initialised. */
struct chain {
	unsigned char *bytes; /* malloc'd */
	size_t len;
	size_t npairs;
	uint64_t first, last; /* serials, from the members' names; 0: there is none */
};

/* True when HEADER begins as that of a keyring's member. */
bool chain_is_header(const unsigned char header[static USTAR_BLOCK]);

/* Takes the pair from SRC whose first header is HEADER. A keyring one above T's takes the place of T's if it may; older ones are
 * passed over; T's own must be the same to the byte. Returns 0, or -1 and T is as it was: keyring-gap, threshold, untrusted-key,
 * bad-signature, unsigned, revoked-key (a revocation taken back), malformed-*, too-large, truncated. */
int chain_take(struct chain *c, struct source *src, const unsigned char header[static USTAR_BLOCK], struct trust *t, struct err *e);

/* Takes all pairs of BYTES, as they were kept. Returns 0 or -1, as chain_take; T may then have taken some of the steps. */
int chain_take_all(struct chain *c, const void *bytes, size_t len, struct trust *t, struct err *e);

/* How many of the LEN bytes, pairs that chain_take_all has seen, are of serials below FIRST; *NPAIRS is how many pairs that is. */
size_t chain_before(const void *bytes, size_t len, uint64_t first, size_t *npairs);

/* Adds the pair of keyring SERIAL as it stands in a bundle. It must follow on the last. Returns 0 or -1: too-large. */
int chain_add(struct chain *c, uint64_t serial, struct span text, struct span sigs, struct err *e);

/* The step from T's keyring to that of TEXT and SIGS: signed by the root threshold of both, serial one more, no revocation taken
 * back. Returns 0 and T has the new one; or -1. */
int chain_step(struct trust *t, struct span text, struct span sigs, struct err *e);

/* Checks that SIGS are by K's root threshold, of the text with BLAKE2b-512 PREHASH; OUT is who. Returns 0 or -1: unsigned,
 * untrusted-key, bad-signature, threshold, malformed-signature. */
int chain_check_roots(const struct keyring *k, const unsigned char prehash[static PREHASH_SIZE], struct span sigs,
		      struct signers *out, struct err *e);

void chain_free(struct chain *c);

#endif
