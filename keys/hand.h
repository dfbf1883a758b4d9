/* SPDX-License-Identifier: ISC */
/* What makes an Ed25519 signature: a secret key in this process, or a program that has one elsewhere. */
#ifndef KEYS_HAND_H
#define KEYS_HAND_H

#include "keys/seckey.h"
#include "keys/signer.h"

/* One of both; they stay the caller's. */
struct hand {
	const struct seckey *key;
	const struct signer *signer;
};

void hand_public(const struct hand *h, struct public_key *out);
/* Signs LEN bytes. Returns 0, or -1 as signer_run. */
MUST_CHECK int hand_sign(const struct hand *h, unsigned char sig[static ED25519_SIG_SIZE], const void *bytes, size_t len, struct err *e);

#endif
