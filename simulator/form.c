/* SPDX-License-Identifier: ISC */
/* Cuts the file out of an upload's body, piece by piece. */
#include "simulator/form.h"

#include <string.h>

enum { CUT_BEYOND_DELIMITER = 6 }; /* CR LF before it; two hyphens and CR LF behind it */

void form_begin(struct form *f, uint64_t length, bool several)
{
	*f = (struct form){.length = length, .several = several};
}

/* Bytes up to and with the next newline, or 0 when there is none yet. */
static size_t line_length(const char *at, size_t len)
{
	const char *end = memchr(at, '\n', len);

	return end ? (size_t)(end - at) + 1 : 0;
}

static bool line_is_empty(const char *at, size_t n)
{
	return n == 1 || (n == 2 && at[0] == '\r');
}

static bool names_file(const char *at, size_t n)
{
	static const char word[] = "filename=";

	for (size_t i = 0; i + sizeof word - 1 <= n; i++)
		if (memcmp(at + i, word, sizeof word - 1) == 0)
			return true;
	return false;
}

/* Looks for the file's first byte in the head. Returns its offset, or 0 when more is needed. */
static size_t find_file(struct form *f)
{
	size_t at = line_length(f->head, f->head_len), n;
	bool file = false;

	f->delimiter_len = at;
	while (f->delimiter_len && strchr("\r\n", f->head[f->delimiter_len - 1]))
		f->delimiter_len--;
	while (at && (n = line_length(f->head + at, f->head_len - at))) {
		file = file || !f->several || names_file(f->head + at, n);
		if (line_is_empty(f->head + at, n) && file)
			return at + n;
		at += n;
	}
	return 0;
}

/* Adds to the head until the file begins. Returns the bytes taken of LEN, or -1. */
static int64_t take_head(struct form *f, const char *bytes, size_t len)
{
	size_t room = sizeof f->head - f->head_len, n = len < room ? len : room, before = f->head_len, at;
	uint64_t cut;

	memcpy(f->head + f->head_len, bytes, n);
	f->head_len += n;
	at = find_file(f);
	if (at == 0)
		return f->head_len < sizeof f->head ? (int64_t)n : -1;
	cut = f->delimiter_len + CUT_BEYOND_DELIMITER;
	if (f->delimiter_len < 3 || f->delimiter_len > FORM_DELIMITER_MAX || f->length < at + cut)
		return -1;
	f->head_len = at;
	f->file_size = f->length - at - cut;
	f->begun = true;
	return (int64_t)(at - before);
}

int form_take(struct form *f, const char *bytes, size_t len, struct span *file)
{
	size_t n;

	*file = (struct span){bytes, 0};
	if (len > f->length - f->got)
		return -1;
	f->got += len;
	if (!f->begun) {
		int64_t head = take_head(f, bytes, len);

		if (head < 0)
			return -1;
		bytes += head;
		len -= (size_t)head;
		if (!f->begun)
			return f->got < f->length ? 0 : -1;
	}
	n = f->file_size - f->file_got < len ? (size_t)(f->file_size - f->file_got) : len;
	*file = (struct span){bytes, n};
	f->file_got += n;
	memcpy(f->tail + f->tail_len, bytes + n, len - n); /* what is left is the cut, which fits */
	f->tail_len += len - n;
	return 0;
}

bool form_exact(const struct form *f)
{
	size_t d = f->delimiter_len;

	return f->begun && f->got == f->length && f->tail_len == d + CUT_BEYOND_DELIMITER && memcmp(f->tail, "\r\n", 2) == 0 &&
	       memcmp(f->tail + 2, f->head, d) == 0 && memcmp(f->tail + 2 + d, "--\r\n", 4) == 0;
}
