/* SPDX-License-Identifier: ISC */
/* The server's half of a Digest login (RFC 7616; without qop RFC 2069), and what boards vary in it. */
#ifndef SIMULATOR_DIGEST_H
#define SIMULATOR_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/text.h"

enum {
	DIGEST_CHALLENGE_MAX = 512, /* bytes of a WWW-Authenticate value */
	DIGEST_SECRET_SIZE = 32,
	DIGEST_HEX_MAX = 65,        /* a response and its NUL */
};

/* What one board asks for. A nonce carries its age and a keyed hash of it, so nothing is kept a client. */
struct digest_door {
	const char *realm, *user, *password;
	const unsigned char *secret; /* DIGEST_SECRET_SIZE bytes, for nonces */
	uint64_t board;              /* a nonce of one board is none of another */
	bool sha256;                 /* else MD5 */
	bool no_qop;                 /* the old form: neither counter nor client nonce */
	bool stale_first;            /* the first nonce that a client gets is stale when it comes back, the next is good */
	bool once;                   /* a nonce is good for one request */
	uint64_t life_ms;            /* of a nonce; 0: for ever */
};

enum digest_result {
	DIGEST_NONE,  /* nothing to check, or not Digest */
	DIGEST_GOOD,
	DIGEST_STALE, /* user and password are right, the nonce is not good any more */
	DIGEST_WRONG,
};

/* Checks the Authorization value FIELD of a request METHOD TARGET that came at NOW_MS. */
enum digest_result digest_check(const struct digest_door *door, const char *method, struct span target, struct span field,
				uint64_t now_ms);

/* What a client with the right password answers: NC and CNONCE are passed over when the door wants no qop. "" when the parts are
 * too long for any real login. */
void digest_response(char out[static DIGEST_HEX_MAX], const struct digest_door *door, const char *method, struct span target,
		     struct span nonce, struct span nc, struct span cnonce);

/* Writes a challenge; STALE as digest_check found it. */
void digest_challenge(char out[static DIGEST_CHALLENGE_MAX], const struct digest_door *door, bool stale, uint64_t now_ms);

#endif
