/* SPDX-License-Identifier: ISC */
/* Boards that take any image and throw it away: every address of 127.0.0.0/8 at one port, each at RATE bytes a second (0: as
 * fast as it goes). GET is answered 200 with `{}', POST with the JSON of a stock board. Prints its port. Ends with its input.
 *     sink RATE */
#define _GNU_SOURCE /* accept4, SO_BINDTODEVICE */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_MAX = 4096, TAKE = 256 << 10, TICK_MS = 20, TURNS = 4 };

struct board {
	int fd;
	char head[HEAD_MAX + 1];
	size_t head_len;
	uint64_t left;        /* bytes of the body still to come */
	uint64_t began_ms, took;
	int in_body, waits;   /* waits: for its next tick, not for bytes */
	struct board *next;
};

static char waste[TAKE];
static int poller;
static uint64_t rate;
static struct board *slow; /* those that wait for their tick */

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void watch(struct board *b, int add)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.ptr = b};

	if (epoll_ctl(poller, add ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, b->fd, &event))
		perror("epoll_ctl");
}

static void answer(struct board *b, const char *body)
{
	char text[256];
	int n = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", strlen(body), body);

	(void)!send(b->fd, text, (size_t)n, MSG_NOSIGNAL);
	close(b->fd);
	free(b);
}

/* Returns 1 when the head is whole. */
static int take_head(struct board *b)
{
	ssize_t n = recv(b->fd, b->head + b->head_len, HEAD_MAX - b->head_len, 0);
	char *end, *length;

	if (n <= 0)
		return n < 0 && errno == EAGAIN ? 0 : -1;
	b->head_len += (size_t)n;
	b->head[b->head_len] = '\0';
	end = strstr(b->head, "\r\n\r\n");
	if (!end)
		return b->head_len < HEAD_MAX ? 0 : -1;
	length = strcasestr(b->head, "\ncontent-length:");
	b->left = length ? strtoull(length + 16, NULL, 10) : 0;
	if (strcasestr(b->head, "\nexpect:"))
		(void)!send(b->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL);
	b->left -= b->head_len - (size_t)(end + 4 - b->head);
	b->in_body = 1;
	b->began_ms = now_ms();
	return 1;
}

static void serve(struct board *b)
{
	if (!b->in_body) {
		int whole = take_head(b);

		if (whole < 0) {
			close(b->fd);
			free(b);
			return;
		}
		if (!whole) {
			watch(b, 0);
			return;
		}
	}
	for (unsigned turn = 0; b->left; turn++) {
		uint64_t may = rate ? (now_ms() - b->began_ms) * rate / 1000 - b->took : TAKE;
		ssize_t n;

		if (turn == TURNS) { /* others are waiting, to be let in not least */
			watch(b, 0);
			return;
		}
		if (may < 4096) {
			b->next = slow;
			slow = b;
			return;
		}
		n = recv(b->fd, waste, may < TAKE ? may : TAKE, 0);
		if (n < 0 && errno == EAGAIN) {
			watch(b, 0);
			return;
		}
		if (n <= 0) {
			close(b->fd);
			free(b);
			return;
		}
		b->took += (uint64_t)n;
		b->left -= (uint64_t)n < b->left ? (uint64_t)n : b->left;
	}
	answer(b, strncmp(b->head, "POST", 4) == 0 ? "{\"stats\":\"success\",\"code\":\"U000\",\"msg\":\"OK!\"}" : "{}");
}

static void accept_all(int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct board *b = calloc(1, sizeof *b);

		if (!b)
			abort();
		b->fd = fd;
		watch(b, 1);
	}
}

static int listen_on_loopback(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET}; /* any address, but of the loopback device alone */
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) || bind(fd, (struct sockaddr *)&a, sizeof a) ||
	    listen(fd, 16384) || getsockname(fd, (struct sockaddr *)&a, &len)) {
		perror("sink");
		exit(1);
	}
	printf("%u\n", (unsigned)ntohs(a.sin_port));
	fflush(stdout);
	return fd;
}

int main(int argc, char **argv)
{
	struct rlimit files;
	struct epoll_event events[256], event = {.events = EPOLLIN};
	int listener = listen_on_loopback();
	static int input;

	rate = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	poller = epoll_create1(EPOLL_CLOEXEC);
	event.data.ptr = &listener;
	epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
	event.data.ptr = &input;
	epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &event);
	for (;;) {
		int n = epoll_wait(poller, events, 256, slow ? TICK_MS : -1);
		struct board *b = slow;

		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr == &input)
				return 0;
			if (events[i].data.ptr == &listener)
				accept_all(listener);
			else
				serve(events[i].data.ptr);
		}
		if (rate && (n == 0 || b)) {
			static uint64_t ticked;

			if (now_ms() - ticked < TICK_MS)
				continue;
			ticked = now_ms();
			for (b = slow, slow = NULL; b;) {
				struct board *next = b->next;

				serve(b);
				b = next;
			}
		}
	}
}
