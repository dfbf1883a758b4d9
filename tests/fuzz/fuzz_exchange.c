/* SPDX-License-Identifier: ISC */
/* What a board sends over HTTP, as libcurl hands it over: the first byte says in which pieces, and whether a realm is expected; then
 * heads, each up to an empty line, with a body behind it up to the next line that begins with HTTP/. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "flasher/exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REALM = 1, STEP_SHIFT = 1 };

static size_t line_length(const char *at, size_t len)
{
	const char *end = memchr(at, '\n', len);

	return end ? (size_t)(end - at) + 1 : len;
}

static void must_hold(const struct exchange *x, int rc)
{
	if (rc != 0 && !x->halted)
		abort(); /* broken off without a reason */
	if (x->answer.len > ANSWER_MAX || x->answer.len > x->room)
		abort();
	if (!memchr(x->answer.word, '\0', sizeof x->answer.word) || !memchr(x->challenge.realm, '\0', sizeof x->challenge.realm))
		abort();
	if (x->answer.status != 0 && (x->answer.status < 200 || x->answer.status > 999))
		abort();
}

/* Takes a head off the front, its empty line included. Returns its length, or 0 when the exchange is over. */
static size_t head(struct exchange *x, const char *at, size_t len)
{
	size_t done = 0, n;
	int rc;

	for (; done < len; done += n) {
		n = line_length(at + done, len - done);
		rc = exchange_head(x, at + done, n);
		must_hold(x, rc);
		if (rc != 0)
			return 0;
		if (n <= 2)
			return done + n;
	}
	return 0;
}

static size_t body_length(const char *at, size_t len)
{
	size_t done = 0;

	while (done < len && (len - done < 5 || memcmp(at + done, "HTTP/", 5) != 0))
		done += line_length(at + done, len - done);
	return done;
}

/* Its pieces; an empty body comes as one of no bytes. */
static int body(struct exchange *x, const char *at, size_t len, size_t step)
{
	size_t done = 0;
	int rc;

	do {
		size_t n = len - done < step ? len - done : step;

		rc = exchange_body(x, at + done, n);
		must_hold(x, rc);
		done += n;
	} while (rc == 0 && done < len);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct exchange x = {.room = 0};
	const char *at;
	size_t step, n;

	if (size < 1)
		return 0;
	at = (const char *)data + 1;
	step = (size_t)(data[0] >> STEP_SHIFT) + 1;
	size--;
	exchange_begin(&x, NULL, data[0] & REALM ? "antMiner Configuration" : "", 0);
	while ((n = head(&x, at, size)) > 0) {
		at += n;
		size -= n;
		n = body_length(at, size);
		if (body(&x, at, n, step) != 0)
			break;
		at += n;
		size -= n;
	}
	(void)exchange_tick(&x, 0, data[0], 100);
	exchange_end(&x);
	return 0;
}
