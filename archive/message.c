/* SPDX-License-Identifier: ISC */
/* Messages between the child that reads an archive and its parent. */
#include "archive/message.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/io.h"

void message_begin(struct message *m, enum message_kind kind)
{
	m->n = MESSAGE_HEAD;
	m->bytes[0] = (unsigned char)kind;
}

void message_put(struct message *m, uint64_t value, size_t bytes)
{
	for (; bytes > 0; bytes--, value >>= 8)
		m->bytes[m->n++] = (unsigned char)(value & 0xff);
}

void message_put_text(struct message *m, const char *text, size_t max)
{
	size_t len = strnlen(text, max);

	message_put(m, len, 2);
	memcpy(m->bytes + m->n, text, len);
	m->n += len;
}

int message_flush(struct sender *s)
{
	size_t n = s->n;

	s->n = 0;
	return io_write_all(s->fd, s->bytes, n);
}

int message_send(struct sender *s, struct message *m)
{
	size_t len = m->n - MESSAGE_HEAD;

	m->bytes[1] = (unsigned char)(len & 0xff);
	m->bytes[2] = (unsigned char)(len >> 8);
	if (s->n + m->n > sizeof s->bytes && message_flush(s) != 0)
		return -1;
	memcpy(s->bytes + s->n, m->bytes, m->n);
	s->n += m->n;
	return 0;
}

/* Makes sure that WANT bytes are at hand. Returns 1, 0 when the end comes before the first of them, -1. */
static int fill(struct receiver *r, size_t want, struct err *e)
{
	ssize_t n;

	if (r->n - r->at >= want)
		return 1;
	memmove(r->bytes, r->bytes + r->at, r->n - r->at);
	r->n -= r->at;
	r->at = 0;
	while (r->n < want) {
		n = read(r->fd, r->bytes + r->n, sizeof r->bytes - r->n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, "cannot read what the reader of the archive says");
		if (n == 0 && r->n == 0)
			return 0;
		if (n == 0)
			return err_set(e, VERDICT_SYSTEM, "the reader of the archive stopped in the middle of a message");
		r->n += (size_t)n;
	}
	return 1;
}

int message_next(struct receiver *r, struct received *m, struct err *e)
{
	size_t len;
	int rc = fill(r, MESSAGE_HEAD, e);

	if (rc != 1)
		return rc;
	len = (size_t)r->bytes[r->at + 1] | (size_t)r->bytes[r->at + 2] << 8;
	if (r->bytes[r->at] < MESSAGE_ENTRY || r->bytes[r->at] > MESSAGE_DONE || len > MESSAGE_MAX)
		return err_set(e, VERDICT_SYSTEM, "the reader of the archive says what means nothing");
	if (fill(r, MESSAGE_HEAD + len, e) != 1)
		return -1;
	*m = (struct received){.kind = (enum message_kind)r->bytes[r->at], .at = r->bytes + r->at + MESSAGE_HEAD, .left = len};
	r->at += MESSAGE_HEAD + len;
	return 1;
}

uint64_t message_take(struct received *m, size_t bytes)
{
	uint64_t value = 0;

	if (m->bad || m->left < bytes) {
		m->bad = true;
		return 0;
	}
	for (size_t i = bytes; i > 0; i--)
		value = value << 8 | m->at[i - 1];
	m->at += bytes;
	m->left -= bytes;
	return value;
}

void message_take_text(struct received *m, char *out, size_t size)
{
	size_t len = (size_t)message_take(m, 2);

	out[0] = '\0';
	if (m->bad || len > m->left || len >= size || memchr(m->at, '\0', len)) {
		m->bad = true;
		return;
	}
	memcpy(out, m->at, len);
	out[len] = '\0';
	m->at += len;
	m->left -= len;
}

bool message_whole(const struct received *m)
{
	return !m->bad && m->left == 0;
}
