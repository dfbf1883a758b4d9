/* SPDX-License-Identifier: ISC */
/* Secret key or program. */
#include "keys/hand.h"

void hand_public(const struct hand *h, struct public_key *out)
{
	if (h->key)
		seckey_public(h->key, out);
	else
		*out = h->signer->public;
}

int hand_sign(const struct hand *h, unsigned char sig[static ED25519_SIG_SIZE], const void *bytes, size_t len, struct err *e)
{
	if (!h->key)
		return signer_run(h->signer, sig, bytes, len, e);
	seckey_sign(h->key, sig, bytes, len);
	return 0;
}
