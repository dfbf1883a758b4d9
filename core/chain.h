/* SPDX-License-Identifier: ISC */
/* The chain of keyrings that a bundle carries in front, and that a board keeps (FORMAT sections 1 and 6): each is believed because
 * the one before it says so. */
#ifndef CORE_CHAIN_H
#define CORE_CHAIN_H

#include "core/source.h"
#include "core/trust.h"
#include "core/ustar.h"

enum {
	CHAIN_PAIRS_MAX = 64, /* in front of a bundle */
	CHAIN_MAX = 1 << 20,  /* bytes of all pairs together, headers and padding among them */
};

/* The pairs in front of a bundle: those that were steps, as they came, member by member. Plain record, zero-initialised. */
struct chain {
	unsigned char *bytes; /* malloc'd */
	size_t len;
	size_t npairs;
	uint64_t first, last; /* serials of BYTES' pairs; 0: there is none */
	size_t nseen;         /* pairs that came, steps or not */
	uint64_t seen;        /* serial of the last one that came */
};

/* One keyring and its signatures, as two members. Plain record. */
struct chain_pair {
	uint64_t serial;      /* by the members' names */
	char *text, *sigs;    /* malloc'd */
	size_t len, sigs_len;
};

/* True when HEADER begins as that of a keyring's member. */
bool chain_is_header(const unsigned char header[static USTAR_BLOCK]);

/* Reads the pair from SRC whose first header is HEADER, and believes nothing of it. Returns 0, or -1: malformed-header, too-large, truncated.
 * chain_pair_free is due in either case. */
MUST_CHECK int chain_pair_read(struct chain_pair *p, struct source *src, const unsigned char header[static USTAR_BLOCK], struct err *e);
void chain_pair_free(struct chain_pair *p);

/* Takes the pair from SRC whose first header is HEADER. A keyring one above T's replaces T's if it may, and is added to C; older ones are
 * passed over, and not added; T's own must be the same to the byte. Returns 0, or -1 and T is as it was: keyring-gap, threshold,
 * untrusted-key, bad-signature, unsigned, revoked-key (a revocation taken back), malformed-*, too-large, truncated. */
MUST_CHECK int chain_take(struct chain *c, struct source *src, const unsigned char header[static USTAR_BLOCK], struct trust *t, struct err *e);

/* Adds the pair of keyring SERIAL as it stands in a bundle. It must follow on the last. Returns 0 or -1: too-large. */
MUST_CHECK int chain_add(struct chain *c, uint64_t serial, struct span text, struct span sigs, struct err *e);

/* May a step leave serials out? CHAIN_NEXT: no, as in a bundle. CHAIN_LATER: yes, as in what a board keeps (docs/state.md): the roots of the
 * keyring before have signed the later one themselves. */
enum chain_step { CHAIN_NEXT, CHAIN_LATER };

/* The step from T's keyring to that of TEXT and SIGS: signed by the root threshold of both, serial one more (or, CHAIN_LATER, higher), no
 * revocation taken back. ACCEPTED and T has the new one; or REFUSED and T is as it was. */
MUST_CHECK enum decision chain_step(struct trust *t, struct span text, struct span sigs, enum chain_step kind, struct err *e);

/* Checks that SIGS are by K's root threshold, of the text with BLAKE2b-512 PREHASH; OUT is who. ACCEPTED, or REFUSED: unsigned,
 * untrusted-key, bad-signature, threshold, malformed-signature. */
MUST_CHECK enum decision chain_check_roots(const struct keyring *k, const unsigned char prehash[static PREHASH_SIZE], struct span sigs,
				struct signers *out, struct err *e);

void chain_free(struct chain *c);

#endif
