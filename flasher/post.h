/* SPDX-License-Identifier: ISC */
/* The request body: one multipart part (RFC 7578) with nothing before or behind it. Stock boards parse it by hand and
 * cut the length of the first line and six bytes from its end, so it must be exactly
 *     --BOUNDARY CRLF headers CRLF CRLF image CRLF --BOUNDARY-- CRLF */
#ifndef FLASHER_POST_H
#define FLASHER_POST_H

#include "flasher/image.h"

enum {
	POST_BOUNDARY_LEN = 9 + 32,  /* "firmseal-" and half of the image's hash */
	POST_FIELD_MAX = TEXT_NAME_MAX,
	POST_EXTRA_MAX = POST_BOUNDARY_LEN + POST_FIELD_MAX + 96, /* a small field before the image, and what belongs to it */
};

/* A request body being read, from its start to its end, once: there is no way back. */
struct post {
	const struct image *image; /* NULL: the head is all of it */
	char boundary[POST_BOUNDARY_LEN + 1];
	char head[POST_BOUNDARY_LEN + POST_FIELD_MAX + IMAGE_NAME_MAX + 160 + POST_EXTRA_MAX];
	char tail[POST_BOUNDARY_LEN + 16];
	size_t head_len, tail_len;
	uint64_t at;                 /* bytes handed out */
};

/* Starts a body that carries IMAGE (which must outlive it) in form field FIELD (a name as of core/text). The boundary
 * comes from the image's hash: an image that holds it would have to hold its own hash. */
void post_init(struct post *p, const struct image *image, const char *field);

/* Puts a field NAME (a name as of core/text) with VALUE (a word of at most 16 bytes) before the image: for interfaces that take apart what
 * they get by the rules. Right after post_init(), once. */
void post_add_field(struct post *p, const char *name, const char *value);

/* Starts a body that is the JSON object {"KEY":"VALUE"}, VALUE being ASCII or UTF-8. Returns 0, or -1 when it is too long. */
int post_init_json(struct post *p, const char *key, const char *value);

/* What goes into Content-Type, the boundary aside. */
const char *post_type(const struct post *p);

/* Forgets a body that held a password. */
void post_wipe(struct post *p);

/* Bytes of the whole body: its Content-Length. */
uint64_t post_size(const struct post *p);

/* The next bytes, at most LEN, and 0 at the end. Returns -1 with errno set when the image cannot be read. */
ssize_t post_read(struct post *p, void *buf, size_t len);

#endif
