/* SPDX-License-Identifier: ISC */
/* The body of an upload: the first byte says in which pieces it comes, the rest is the body. However it is cut, the file in it, and
 * whether it is one at all, must be the same. */
#include <stdlib.h>
#include <string.h>

#include "verifier/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_MAX = 1 << 16 };

struct bytes {
	struct body base;
	const uint8_t *data;
	size_t step;
};

struct outcome {
	enum verdict verdict;
	size_t len;
	unsigned char file[FILE_MAX];
};

static int read_bytes(struct body *b, void *buf, size_t len, size_t *got, struct err *e)
{
	struct bytes *s = (struct bytes *)b;

	(void)e;
	if (len == 0)
		abort(); /* it asks for nothing: a loop without end */
	*got = s->step < len ? s->step : len;
	if (*got > s->base.left)
		*got = (size_t)s->base.left;
	if (*got > 0)
		memcpy(buf, s->data, *got);
	s->data += *got;
	s->base.left -= *got;
	return 0;
}

static void take(struct outcome *out, const uint8_t *data, size_t size, size_t step, size_t ask)
{
	struct bytes body = {.base = {.read = read_bytes, .left = size}, .data = data, .step = step};
	struct multipart *m = malloc(sizeof *m);
	struct err e = {.verdict = VERDICT_OK};
	size_t got = 1;

	out->len = 0;
	if (!m)
		abort();
	if (multipart_open(m, &body.base, "XbX", &e) == 0) {
		while (got > 0 && out->len < FILE_MAX) {
			size_t room = FILE_MAX - out->len;

			if (m->base.read(&m->base, out->file + out->len, ask < room ? ask : room, &got, &e) != 0)
				break;
			out->len += got;
		}
		if (e.verdict == VERDICT_OK)
			IGNORE(multipart_close(m, &e));
	}
	out->verdict = e.verdict;
	free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct outcome whole, pieces;

	if (size == 0 || size > FILE_MAX)
		return 0;
	take(&whole, data + 1, size - 1, FILE_MAX, FILE_MAX);
	take(&pieces, data + 1, size - 1, (size_t)(data[0] & 15) + 1, (size_t)(data[0] >> 4) + 1);
	if (whole.verdict != pieces.verdict)
		abort();
	/* What came before a refusal is thrown away; how much that was may differ. */
	if (whole.verdict == VERDICT_OK && (whole.len != pieces.len || memcmp(whole.file, pieces.file, whole.len) != 0))
		abort();
	return 0;
}
