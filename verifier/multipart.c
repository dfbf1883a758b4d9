/* SPDX-License-Identifier: ISC */
/* The file part of a multipart/form-data body, in one pass. */
#include "verifier/multipart.h"

#include <string.h>

/* --- bytes of the body --- */

/* Adds what the body gives next to the buffer. Returns 1, 0 at the end of the body, -1. */
static int fill(struct multipart *m, struct err *e)
{
	size_t got = 0;

	if (m->at > 0) {
		memmove(m->buf, m->buf + m->at, m->end - m->at);
		m->end -= m->at;
		m->at = 0;
	}
	if (m->body->read(m->body, m->buf + m->end, sizeof m->buf - m->end, &got, e) != 0)
		return -1;
	m->end += got;
	return got > 0;
}

/* One byte: 1, 0 at the end of the body, -1. */
static int next_byte(struct multipart *m, unsigned char *out, struct err *e)
{
	if (m->at == m->end) {
		int rc = fill(m, e);

		if (rc <= 0)
			return rc;
	}
	*out = m->buf[m->at++];
	return 1;
}

/* --- the head: the first delimiter and the part's headers --- */

static int head_byte(struct multipart *m, size_t *room, unsigned char *out, struct err *e)
{
	int rc;

	if (*room == 0)
		return err_set(e, VERDICT_TOO_LARGE, "the headers of the upload's part are over %d bytes", MULTIPART_HEAD_MAX);
	--*room;
	rc = next_byte(m, out, e);
	return rc == 0 ? err_set(e, VERDICT_TRUNCATED, "the upload ends before the file begins") : rc < 0 ? -1 : 0;
}

/* The first line is the delimiter without the CRLF before it: no preamble (RFC 7578 senders write none). */
static int take_first_delimiter(struct multipart *m, size_t *room, struct err *e)
{
	unsigned char c;

	for (size_t i = 2; i < m->delimiter_len + 2; i++) {
		char wanted = i < m->delimiter_len ? m->delimiter[i] : "\r\n"[i - m->delimiter_len];

		if (head_byte(m, room, &c, e) != 0)
			return -1;
		if (c != (unsigned char)wanted)
			return err_set(e, VERDICT_MALFORMED_HEADER,
				       "the upload does not begin with the boundary that its Content-Type names");
	}
	return 0;
}

/* Nothing in the headers decides anything: the name of the field and of the file are the client's business. */
static int take_headers(struct multipart *m, size_t *room, struct err *e)
{
	for (size_t in_line = 0;; in_line++) {
		unsigned char c;

		if (head_byte(m, room, &c, e) != 0)
			return -1;
		if (c == '\r') {
			if (head_byte(m, room, &c, e) != 0)
				return -1;
			if (c != '\n')
				return err_set(e, VERDICT_MALFORMED_HEADER, "a CR without LF in the headers of the upload's part");
			if (in_line == 0)
				return 0;
			in_line = (size_t)-1; /* 0 when the next byte comes */
		} else if (c == '\n' || c == '\0') {
			return err_set(e, VERDICT_MALFORMED_HEADER, "a %s in the headers of the upload's part",
				       c == '\n' ? "LF without CR" : "NUL byte");
		}
	}
}

/* --- the file --- */

/* Of the next WANTED bytes in the buffer, how many are the file's for certain. *DELIMITER: a whole one stands there. */
static size_t content_ahead(const struct multipart *m, size_t wanted, bool *delimiter)
{
	const unsigned char *from = m->buf + m->at, *p = from;
	size_t have = m->end - m->at, scan = have < wanted ? have : wanted;

	*delimiter = false;
	while ((p = memchr(p, '\r', scan - (size_t)(p - from)))) {
		size_t before = (size_t)(p - from), n = have - before;

		if (n > m->delimiter_len)
			n = m->delimiter_len;
		if (memcmp(p, m->delimiter, n) == 0) {
			*delimiter = n == m->delimiter_len;
			return before;
		}
		p++;
	}
	return scan;
}

static int ends_early(struct err *e)
{
	return err_set(e, VERDICT_TRUNCATED, "the upload ends before its closing boundary");
}

static int goes_on(struct err *e)
{
	return err_set(e, VERDICT_TRAILING_DATA, "the upload goes on behind its file: one part is all that is taken");
}

/* Behind the delimiter: "--", perhaps CRLF, and the end of the body. Returns 0 or -1. */
static int take_end(struct multipart *m, struct err *e)
{
	static const char tail[] = "--\r\n";
	unsigned char c;
	int rc;

	for (size_t i = 0; i < 4; i++) {
		rc = next_byte(m, &c, e);
		if (rc < 0)
			return -1;
		if (rc == 0)
			return i == 2 ? 0 : ends_early(e);
		if (c != (unsigned char)tail[i])
			return goes_on(e);
	}
	rc = next_byte(m, &c, e);
	return rc == 0 ? 0 : rc < 0 ? -1 : goes_on(e);
}

/* Takes up to LEN bytes of the file: 1 with *GOT (perhaps 0) of them, 0 at its end, -1. */
static int take_content(struct multipart *m, unsigned char *out, size_t len, size_t *got, struct err *e)
{
	bool delimiter;
	int rc;

	*got = content_ahead(m, len, &delimiter);
	if (*got > 0) {
		memcpy(out, m->buf + m->at, *got);
		m->at += *got;
		return 1;
	}
	if (delimiter) {
		m->at += m->delimiter_len;
		return take_end(m, e);
	}
	rc = fill(m, e); /* the buffer is empty, or holds the beginning of what may be a delimiter */
	return rc == 0 ? ends_early(e) : rc;
}

static int file_read(struct source *s, void *buf, size_t len, size_t *got, struct err *e)
{
	struct multipart *m = (struct multipart *)s;
	unsigned char *out = buf;

	*got = 0;
	if (m->failed)
		return err_set(e, VERDICT_SYSTEM, "the upload has failed already");
	while (*got < len && !m->ended) {
		size_t n = 0;
		int rc = take_content(m, out + *got, len - *got, &n, e);

		if (rc < 0) {
			m->failed = true;
			return -1;
		}
		*got += n;
		m->ended = rc == 0;
	}
	return 0;
}

int multipart_open(struct multipart *m, struct body *body, const char *boundary, struct err *e)
{
	size_t len = strlen(boundary), room = MULTIPART_HEAD_MAX;

	m->base.read = file_read;
	m->body = body;
	m->at = m->end = 0;
	m->ended = false;
	m->failed = true;
	if (len == 0 || len > MULTIPART_BOUNDARY_MAX)
		return err_set(e, VERDICT_MALFORMED_HEADER, "a boundary has 1 to %d characters", MULTIPART_BOUNDARY_MAX);
	memcpy(m->delimiter, "\r\n--", 4);
	memcpy(m->delimiter + 4, boundary, len + 1);
	m->delimiter_len = len + 4;
	if (take_first_delimiter(m, &room, e) != 0 || take_headers(m, &room, e) != 0)
		return -1;
	m->failed = false;
	return 0;
}

int multipart_close(struct multipart *m, struct err *e)
{
	unsigned char c;
	size_t got = 0;

	if (file_read(&m->base, &c, 1, &got, e) != 0)
		return -1;
	return got == 0 ? 0 : err_set(e, VERDICT_TRAILING_DATA, "the uploaded file goes on");
}
