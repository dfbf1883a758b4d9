/* SPDX-License-Identifier: ISC */
/* Builds the one multipart part by hand and hands it out in order. */
#include "flasher/post.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void post_init(struct post *p, const struct image *image, const char *field)
{
	char hex[HASH_HEX + 1];

	text_put_hash(hex, image->hash);
	*p = (struct post){.image = image};
	snprintf(p->boundary, sizeof p->boundary, "firmseal-%.32s", hex);
	p->head_len = (size_t)snprintf(p->head, sizeof p->head,
				       "--%s\r\n"
				       "Content-Disposition: form-data; name=\"%.*s\"; filename=\"%s\"\r\n"
				       "Content-Type: application/octet-stream\r\n"
				       "\r\n",
				       p->boundary, (int)POST_FIELD_MAX, field, image->name);
	p->tail_len = (size_t)snprintf(p->tail, sizeof p->tail, "\r\n--%s--\r\n", p->boundary);
}

uint64_t post_size(const struct post *p)
{
	return p->head_len + p->image->size + p->tail_len;
}

static size_t smaller(size_t a, uint64_t b)
{
	return b < a ? (size_t)b : a;
}

ssize_t post_read(struct post *p, void *buf, size_t len)
{
	uint64_t image_end = p->head_len + p->image->size;
	ssize_t n;

	if (p->at < p->head_len) {
		n = (ssize_t)smaller(len, p->head_len - p->at);
		memcpy(buf, p->head + p->at, (size_t)n);
	} else if (p->at < image_end) {
		n = image_read(p->image, buf, smaller(len, image_end - p->at), p->at - p->head_len);
		if (n == 0 && len > 0) { /* sealed: it cannot have shrunk */
			errno = EIO;
			n = -1;
		}
	} else {
		n = (ssize_t)smaller(len, post_size(p) - p->at);
		memcpy(buf, p->tail + (p->at - image_end), (size_t)n);
	}
	if (n > 0)
		p->at += (uint64_t)n;
	return n;
}
