/* SPDX-License-Identifier: ISC */
/* What the child that reads an archive says to its parent: messages on a pipe. The parent believes none of them. */
#ifndef ARCHIVE_MESSAGE_H
#define ARCHIVE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* A message is its kind (1 byte), its length (2 bytes, least significant first), and that many bytes.
 *   entry     kind, mode (4), uid, gid, size, offset (8 each), path, target
 *   refused   path, reason          warned    path, reason
 *   progress  bytes read (8)        failed    verdict (1), message
 *   done      nothing; the last one
 * A text is its length (2) and its bytes, none of them NUL. */
enum message_kind { MESSAGE_ENTRY = 1, MESSAGE_REFUSED, MESSAGE_WARNED, MESSAGE_PROGRESS, MESSAGE_FAILED, MESSAGE_DONE };

enum {
	MESSAGE_MAX = 2048,        /* bytes of a message */
	MESSAGE_HEAD = 3,
	MESSAGE_BUFFER = 64 << 10,
};

/* Messages on their way out: gathered, and written when there are many. */
struct sender {
	int fd;
	size_t n;
	unsigned char bytes[MESSAGE_BUFFER];
};

/* A message, made field by field. */
struct message {
	size_t n;
	unsigned char bytes[MESSAGE_HEAD + MESSAGE_MAX];
};

void message_begin(struct message *m, enum message_kind kind);
void message_put(struct message *m, uint64_t value, size_t bytes);
/* At most MAX bytes of TEXT; what is beyond is cut off. */
void message_put_text(struct message *m, const char *text, size_t max);
/* Return 0, or -1 with errno set. */
int message_send(struct sender *s, struct message *m) __attribute__((warn_unused_result));
int message_flush(struct sender *s) __attribute__((warn_unused_result));

/* Messages on their way in. */
struct receiver {
	int fd;
	size_t at, n;
	unsigned char bytes[MESSAGE_BUFFER];
};

/* One message, taken apart field by field; a field that is not there sets BAD. */
struct received {
	enum message_kind kind;
	const unsigned char *at;
	size_t left;
	bool bad;
};

/* The next message; what it points to is valid until the next call. Returns 1, 0 at the end, -1 (system) when it cannot be read,
 * is cut off, or is of no kind that there is. */
MUST_CHECK int message_next(struct receiver *r, struct received *m, struct err *e) __attribute__((warn_unused_result));
uint64_t message_take(struct received *m, size_t bytes);
/* Copies a text, NUL-terminated; one that is longer than SIZE - 1 or holds a NUL sets BAD. */
void message_take_text(struct received *m, char *out, size_t size);
/* True when all fields were there and nothing is left. */
bool message_whole(const struct received *m);

#endif
