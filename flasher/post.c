/* SPDX-License-Identifier: ISC */
/* Builds the one multipart part by hand and hands it out in order. */
#define _GNU_SOURCE /* explicit_bzero */
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

void post_add_field(struct post *p, const char *name, const char *value)
{
	char field[POST_EXTRA_MAX];
	int n = snprintf(field, sizeof field, "--%s\r\nContent-Disposition: form-data; name=\"%.*s\"\r\n\r\n%.16s\r\n", p->boundary,
			 (int)POST_FIELD_MAX, name, value);

	memmove(p->head + n, p->head, p->head_len);
	memcpy(p->head, field, (size_t)n);
	p->head_len += (size_t)n;
}

int post_init_json(struct post *p, const char *key, const char *value)
{
	size_t n;

	*p = (struct post){.image = NULL};
	n = (size_t)snprintf(p->head, sizeof p->head, "{\"%.*s\":\"", (int)POST_FIELD_MAX, key);
	for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
		if (n + 8 > sizeof p->head)
			return -1;
		if (*c < 0x20 || *c == '"' || *c == '\\')
			n += (size_t)snprintf(p->head + n, 7, "\\u%04x", *c);
		else
			p->head[n++] = (char)*c;
	}
	if (n + 2 > sizeof p->head)
		return -1;
	memcpy(p->head + n, "\"}", 2);
	p->head_len = n + 2;
	return 0;
}

const char *post_type(const struct post *p)
{
	return p->image ? "multipart/form-data" : "application/json";
}

void post_wipe(struct post *p)
{
	explicit_bzero(p, sizeof *p);
}

static uint64_t image_size(const struct post *p)
{
	return p->image ? p->image->size : 0;
}

uint64_t post_size(const struct post *p)
{
	return p->head_len + image_size(p) + p->tail_len;
}

static size_t smaller(size_t a, uint64_t b)
{
	return b < a ? (size_t)b : a;
}

ssize_t post_read(struct post *p, void *buf, size_t len)
{
	uint64_t image_end = p->head_len + image_size(p);
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
