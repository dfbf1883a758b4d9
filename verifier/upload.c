/* SPDX-License-Identifier: ISC */
/* Reading a request's body with poll and a clock. */
#include "verifier/upload.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits until FD can be read: 1, 0 when TIMEOUT_MS have passed, -1 with errno set. */
static int wait_readable(int fd, int64_t timeout_ms)
{
	int64_t end = now_ms() + timeout_ms;
	struct pollfd p = {.fd = fd, .events = POLLIN};

	for (;;) {
		int64_t left = end - now_ms();
		int n = poll(&p, 1, left > 0 ? (int)left : 0);

		if (n >= 0 || errno != EINTR)
			return n;
	}
}

/* Reads some, within TIMEOUT_MS: the number of bytes, 0 when there is nothing more to be had, -1 with errno set (ETIMEDOUT). */
static ssize_t read_some(struct upload *u, void *buf, size_t len, int64_t timeout_ms)
{
	ssize_t n;
	int ready;

	if (len > u->base.left)
		len = (size_t)u->base.left;
	if (len == 0)
		return 0;
	do {
		ready = wait_readable(u->fd, timeout_ms);
		if (ready == 0)
			errno = ETIMEDOUT;
		if (ready <= 0)
			return -1;
		n = read(u->fd, buf, len);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n > 0)
		u->base.left -= (uint64_t)n;
	return n;
}

/* A client that sends a byte now and then is as good as dead: a window's worth of bytes renews patience, not one. */
static void count(struct upload *u, size_t n, int64_t waited_ms)
{
	u->left_ms -= waited_ms;
	u->waited_ms += waited_ms;
	u->since += n;
	if (u->since >= u->due)
		u->waited_ms = 0, u->since = 0;
}

static int64_t patience(const struct upload *u)
{
	int64_t window = u->window_ms - u->waited_ms;

	return window < u->left_ms ? window : u->left_ms;
}

static int upload_read(struct body *b, void *buf, size_t len, size_t *got, struct err *e)
{
	struct upload *u = (struct upload *)b;
	int64_t start = now_ms();
	ssize_t n = read_some(u, buf, len, patience(u));

	*got = n > 0 ? (size_t)n : 0;
	count(u, *got, now_ms() - start);
	if (n > 0 || (n == 0 && u->base.left == 0))
		return 0;
	u->gone = n == 0 || errno == ETIMEDOUT;
	if (n < 0 && errno != ETIMEDOUT)
		return err_errno(e, "cannot read the upload");
	if (n == 0)
		return err_set(e, VERDICT_TRUNCATED, "the client hung up %" PRIu64 " bytes before the end", u->base.left);
	return err_set(e, VERDICT_TRUNCATED, "the client is too slow: dropped %" PRIu64 " bytes before the end", u->base.left);
}

void upload_init(struct upload *u, int fd, uint64_t length, uint32_t min_rate, uint32_t max_time)
{
	uint64_t due = (uint64_t)min_rate * (UPLOAD_WINDOW_MS / 1000);

	*u = (struct upload){.base = {.read = upload_read, .left = length}, .fd = fd, .window_ms = UPLOAD_WINDOW_MS,
			     .due = due > 0 ? due : 1, .left_ms = (int64_t)max_time * 1000};
}

void upload_drain(struct upload *u, uint64_t max, int64_t timeout_ms)
{
	int64_t end = now_ms() + timeout_ms, left = timeout_ms;
	unsigned char buf[16 << 10];

	while (!u->gone && max > 0 && left > 0) {
		ssize_t n = read_some(u, buf, max < sizeof buf ? (size_t)max : sizeof buf, left);

		if (n <= 0)
			break;
		max -= (uint64_t)n;
		left = end - now_ms();
	}
}
