/* SPDX-License-Identifier: ISC */
/* DSSE envelopes (github.com/secure-systems-lab/dsse, protocol 1.0.2): a statement and raw Ed25519 signatures over it and its type.
 * What is signed begins with "DSSEv1 " and is never 64 bytes long: such a signature can serve as none of a manifest, whose
 * signatures are over 64 bytes of hash, and over 64 bytes of signature with a comment. */
#ifndef KEYS_DSSE_H
#define KEYS_DSSE_H

#include <stddef.h>

#include "keys/hand.h"

/* The bytes that are signed: "DSSEv1", type and body with their lengths. The caller frees *OUT. Returns 0 or -1 (memory). */
MUST_CHECK int dsse_encode(unsigned char **out, size_t *len, const char *type, const void *body, size_t body_len, struct err *e);

/* Makes the envelope in JSON, one line, with a signature by each of N hands. The caller frees *OUT. Returns 0, or -1 as hand_sign. */
MUST_CHECK int dsse_seal(char **out, size_t *len, const char *type, const void *body, size_t body_len, const struct hand *hands, size_t n,
	      struct err *e);

#endif
