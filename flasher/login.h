/* SPDX-License-Identifier: ISC */
/* The client's half of a Digest login (RFC 7616; RFC 2617 and 2069 for older boards): the only place where a password of a Digest line is
 * used. It leaves as a hash over it, the board's nonce and one of ours, and only for the realm that the password is bound to. */
#ifndef FLASHER_LOGIN_H
#define FLASHER_LOGIN_H

#include <stdint.h>

#include "flasher/challenge.h"
#include "flasher/secret.h"

enum {
	LOGIN_FIELD_MAX = 2048,
	LOGIN_CNONCE_LEN = 44, /* as long as those of RFC 7616: 22 random bytes */
	LOGIN_ANSWERS_MAX = 3, /* to one small GET: the challenge, one for a stale nonce, the answer */
};

/* A login at one board, and what is remembered of its challenge. */
struct login {
	const char *user;                   /* NULL: nobody */
	const struct secret *password;
	char realm[CHALLENGE_REALM_MAX + 1]; /* the only one that is answered; "": none */
	struct digest_challenge challenge;
	bool challenged;                    /* CHALLENGE is there: requests carry an answer to it without being asked */
	char cnonce[LOGIN_CNONCE_LEN + 1];  /* one for each nonce, so that the -sess forms have one session */
	uint32_t uses;                      /* of the nonce; what the next request counts on from */
	bool reusable;                      /* this board took a nonce a second time */
};

/* Who logs in from now on, and where: USER (NULL: nobody) and PASSWORD are not copied. Any challenge is forgotten. Whether the board takes
 * a nonce twice is not: that is the board's. */
void login_set(struct login *l, const char *user, const struct secret *password, const char *realm);

/* Writes "Authorization: Digest ..." for a request METHOD PATH into OUT, and counts it. False when there is nothing to answer; OUT is "". */
bool login_field(struct login *l, char out[static LOGIN_FIELD_MAX], const char *method, const char *path);

/* What an answer of HTTP STATUS with the challenges C means. TRIED: its request carried an answer. */
enum login_step {
	LOGIN_OVER,    /* let in, or there is nothing to be done about it: tell */
	LOGIN_AGAIN,   /* a challenge was taken that was not answered yet: send the request again */
};
enum login_step login_judge(struct login *l, int status, const struct challenge *c, bool tried);

/* True when a request can be sent that must not be asked for a password: the nonce is fresh, or this board takes one more than once. */
bool login_ready(const struct login *l);

#endif
