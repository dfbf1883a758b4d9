/* SPDX-License-Identifier: ISC */
/* A socket that never blocks, an answer that never grows over its bound, a timer over all of it. */
#define _GNU_SOURCE /* SOCK_NONBLOCK, SOCK_CLOEXEC */
#include "flasher/api4028.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct api {
	struct gate *gate;
	struct gate_pass pass;
	struct loop *loop;         /* the gate's */
	struct loop_watch watch;
	struct loop_timer timer;
	struct sockaddr_storage to;
	socklen_t to_len;
	uint64_t timeout_ms;
	bool met;                  /* the board has picked up */
	api_told *told;
	void *owner;
	char question[API_COMMAND_MAX + 32];
	size_t asked;              /* bytes of it that were sent */
	char *answer;
	size_t len, room;
};

void api_cancel(struct api **a)
{
	if (!*a)
		return;
	loop_unwatch((*a)->loop, &(*a)->watch);
	loop_disarm((*a)->loop, &(*a)->timer);
	if ((*a)->watch.fd >= 0)
		close((*a)->watch.fd);
	gate_leave((*a)->gate, &(*a)->pass);
	free((*a)->answer);
	free(*a);
	*a = NULL;
}

/* Ends it; the answer lives until it was told. WHY: NULL for a whole answer. */
static void finish(struct api *a, const char *why)
{
	char *answer = a->answer;
	api_told *told = a->told;
	void *owner = a->owner;
	size_t len = a->len;

	a->answer = NULL;
	api_cancel(&a);
	told(owner, why ? NULL : answer, why ? 0 : len, why);
	free(answer);
}

static void on_late(void *owner)
{
	finish(owner, "no answer in time");
}

/* Sends what is left of the question. */
static void ask(struct api *a)
{
	size_t left = strlen(a->question) - a->asked;
	ssize_t n = send(a->watch.fd, a->question + a->asked, left, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		finish(a, strerror(errno));
		return;
	}
	a->met = true;
	a->asked += n > 0 ? (size_t)n : 0;
	if (!a->question[a->asked] && loop_watch(a->loop, &a->watch, LOOP_READ, NULL))
		finish(a, "out of memory");
}

/* Returns 0, or -1 when there is no more room. */
static int make_room(struct api *a)
{
	size_t room = a->room ? 2 * a->room : 4096;
	char *more = a->room < API_ANSWER_MAX ? realloc(a->answer, room) : NULL;

	if (!more)
		return -1;
	a->answer = more;
	a->room = room;
	return 0;
}

/* The answer ends with a NUL, or with the connection. */
static void hear(struct api *a)
{
	char *end;
	ssize_t n;

	if (a->len == a->room && make_room(a)) {
		finish(a, "the answer is too long");
		return;
	}
	n = recv(a->watch.fd, a->answer + a->len, a->room - a->len, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0 || (n == 0 && a->len == 0)) {
		finish(a, n < 0 ? strerror(errno) : "an empty answer");
		return;
	}
	end = n ? memchr(a->answer + a->len, '\0', (size_t)n) : a->answer + a->len;
	a->len += (size_t)n;
	if (end) {
		a->len = (size_t)(end - a->answer);
		finish(a, NULL);
	}
}

static void on_ready(void *owner, unsigned events)
{
	struct api *a = owner;

	(void)events;
	if (a->question[a->asked])
		ask(a);
	else
		hear(a);
}

static bool has_met(const void *owner)
{
	return ((const struct api *)owner)->met;
}

static int resolve(struct api *a, const char *host, uint16_t port, struct err *e)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	char service[8], quoted[80];

	snprintf(service, sizeof service, "%u", (unsigned)port);
	if (getaddrinfo(host, service, &hints, &found))
		return err_set(e, VERDICT_USAGE, "\"%s\" is no numeric address",
			       err_quote(quoted, sizeof quoted, host, strlen(host)));
	memcpy(&a->to, found->ai_addr, found->ai_addrlen);
	a->to_len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

/* Sets out for the board; the clock runs from here on. */
static int dial(struct api *a, struct err *e)
{
	a->watch.fd = socket(a->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (a->watch.fd < 0)
		return err_errno(e, "cannot make a socket");
	if (connect(a->watch.fd, (const struct sockaddr *)&a->to, a->to_len) && errno != EINPROGRESS)
		return err_errno(e, "cannot connect");
	return loop_watch(a->loop, &a->watch, LOOP_WRITE, e) || loop_arm(a->loop, &a->timer, a->timeout_ms, e) ? -1 : 0;
}

static void on_enter(void *owner)
{
	struct api *a = owner;
	struct err e = {0};

	if (dial(a, &e))
		finish(a, e.message);
}

int api_ask(struct api **out, struct gate *gate, const char *host, uint16_t port, const char *command,
	    uint64_t timeout_ms, api_told *told, void *owner, struct err *e)
{
	size_t n = strspn(command, "abcdefghijklmnopqrstuvwxyz");
	struct api *a;

	*out = NULL;
	if (n == 0 || n > API_COMMAND_MAX || command[n])
		return err_set(e, VERDICT_USAGE, "no command of port 4028");
	a = calloc(1, sizeof *a);
	if (!a)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	*a = (struct api){.gate = gate, .loop = gate->loop, .told = told, .owner = owner, .timeout_ms = timeout_ms,
			  .timer = {.fire = on_late, .owner = a}, .watch = {on_ready, a, -1, false},
			  .pass = {.enter = on_enter, .met = has_met, .owner = a}};
	snprintf(a->question, sizeof a->question, "{\"command\":\"%s\"}", command);
	if (resolve(a, host, port, e) || (gate_ask(gate, &a->pass) && dial(a, e))) {
		api_cancel(&a);
		return -1;
	}
	*out = a;
	return 0;
}
