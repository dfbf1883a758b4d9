/* SPDX-License-Identifier: ISC */
/* One request and all that comes back for it, however often it is sent until the login is through: taken up piece by piece as libcurl
 * hands it over, and bounded. */
#ifndef FLASHER_EXCHANGE_H
#define FLASHER_EXCHANGE_H

#include <stdint.h>

#include "flasher/answer.h"
#include "flasher/login.h"
#include "flasher/post.h"

enum {
	EXCHANGE_HEAD_MAX = 64 << 10,   /* bytes of all header fields */
	EXCHANGE_STALL_BYTES = 1 << 10, /* fewer than these a second, over a whole timeout, is a dead link, or a board that wants to hold us */
};

struct exchange {
	struct answer answer;       /* the last one; .sent and .whole are the caller's to set */
	struct challenge challenge; /* in that answer */
	char *body;                 /* as much room as was needed so far */
	size_t room;
	unsigned answers;           /* status lines, but 1xx */
	size_t head_bytes;
	bool overflow;              /* the answer's body is over ANSWER_MAX */
	bool foreign;               /* the challenge's realm is not the one that was expected */
	bool tried;                 /* the request that was answered last carried a login */
	bool keep_challenge;        /* a fresh challenge is taken and not answered */
	const char *halted;         /* why this program breaks the exchange off, or NULL */
	const char *realm;          /* expected of a challenge, or "" */
	struct post *post;          /* what is uploaded; NULL in a GET */
	uint64_t mark_ms, mark_bytes;
};

/* Begins an exchange at the time NOW_MS; X was zeroed, or held an exchange before. POST and REALM must outlive it. */
void exchange_begin(struct exchange *x, struct post *post, const char *realm, uint64_t now_ms);

/* After a whole answer: true when a challenge was taken by L (nobody's is never taken) that the request is to be sent again for. Halts the
 * exchange when that has happened too often. */
bool exchange_again(struct exchange *x, struct login *l);

/* Takes a line of the answer's head, status line and the empty one included; or bytes of its body; or the upload's
 * progress. Each returns 0, or -1 when the exchange must be broken off. */
int exchange_head(struct exchange *x, const char *line, size_t len);
int exchange_body(struct exchange *x, const char *bytes, size_t len);
int exchange_tick(struct exchange *x, uint64_t sent, uint64_t now_ms, uint64_t timeout_ms);

/* Frees what an answer's body took. */
void exchange_end(struct exchange *x);

/* The next bytes to be uploaded: their number, 0 at the end, -1 when the exchange must be broken off. */
ssize_t exchange_upload(struct exchange *x, char *buf, size_t len);

#endif
