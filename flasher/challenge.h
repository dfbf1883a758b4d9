/* SPDX-License-Identifier: ISC */
/* What a web server asks for before it lets anyone in: the WWW-Authenticate field (RFC 9110 section 11, RFC 7616). */
#ifndef FLASHER_CHALLENGE_H
#define FLASHER_CHALLENGE_H

#include <stdbool.h>
#include <stddef.h>

enum { CHALLENGE_REALM_MAX = 120 };

/* All challenges of one answer, added up. */
struct challenge {
	bool digest;
	bool other;                          /* Basic, or any other scheme */
	char realm[CHALLENGE_REALM_MAX + 1]; /* of the Digest challenge; raw bytes, cut */
};

/* Adds the challenges in one field value. What cannot be read is passed over: libcurl answers Digest or nothing. */
void challenge_add(struct challenge *c, const char *value, size_t len);

#endif
