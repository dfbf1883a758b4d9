/* SPDX-License-Identifier: ISC */
/* What a web server asks for before it lets anyone in: the WWW-Authenticate fields of one answer (RFC 9110 section 11, RFC 7616
 * section 3.3, RFC 2617 section 3.2.1). The one parser of them: what it did not understand completely is not answered. */
#ifndef FLASHER_CHALLENGE_H
#define FLASHER_CHALLENGE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	CHALLENGE_REALM_MAX = 120,
	CHALLENGE_VALUE_MAX = 255, /* bytes of a nonce, and of what a server wants back as it is (opaque) */
};

/* A Digest challenge that can be answered. No value holds a control byte, a quote or a backslash. */
struct digest_challenge {
	char realm[CHALLENGE_REALM_MAX + 1];
	char nonce[CHALLENGE_VALUE_MAX + 1];
	char opaque[CHALLENGE_VALUE_MAX + 1];
	bool have_opaque;
	bool have_algorithm;         /* named; without it MD5 */
	bool sha256, sess;           /* SHA-256, else MD5; the -sess form of it */
	bool qop;                    /* qop=auth is offered; without it the form of RFC 2069 */
	bool userhash;               /* the user's name is wanted as a hash (RFC 7616 section 3.4.4) */
	bool stale;                  /* user and password were right, the nonce was too old */
};

/* All challenges of one answer, added up. */
struct challenge {
	bool digest;                         /* there is a Digest challenge, whether it can be answered or not */
	bool other;                          /* Basic, or any other scheme */
	char realm[CHALLENGE_REALM_MAX + 1]; /* of the Digest challenge, that of the wanted realm first; raw bytes, cut */
	bool broken;                         /* a field is malformed: nothing of this answer is answered */
	bool usable;                         /* BEST is of the wanted realm */
	struct digest_challenge best;        /* SHA-256 before MD5, then the first one */
	const char *why;                     /* why a Digest challenge cannot be answered; a constant, or NULL */
};

/* Adds the challenges in one field value of LEN bytes. REALM is the wanted one; "": any. */
void challenge_add(struct challenge *c, const char *realm, const char *value, size_t len);

/* True when BEST may be answered: every field was understood, and one of its challenges is Digest of the wanted realm. */
bool challenge_answerable(const struct challenge *c);

#endif
