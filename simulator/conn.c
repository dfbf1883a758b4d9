/* SPDX-License-Identifier: ISC */
/* A connection's states: the head, the body, the answer, the farewell; and what boards do wrong in between. */
#define _GNU_SOURCE /* SOCK_NONBLOCK and friends */
#include "simulator/conn_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "simulator/pages.h"
#include "simulator/request.h"

enum {
	LINGER_MS = 3000,         /* for the other side to close after the answer */
	ANSWER_HEAD_MAX = 1024,
};

static char scratch[CONN_SCRATCH]; /* one thread, one read at a time */

void conn_reset_fd(int fd)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(fd);
}

void conn_end(struct conn *c, bool reset)
{
	struct sim_board *b = c->board;

	reactor_remove(conn_reactor(c), &c->watch);
	reactor_unset(conn_reactor(c), &c->alarm);
	if (reset)
		conn_reset_fd(c->watch.fd);
	else
		close(c->watch.fd);
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	if (c->upload)
		images_drop(&b->farm->images, &c->upload->taking);
	free(c->upload);
	free(c->out);
	free(c);
}

void conn_close_all(struct sim_board *b)
{
	for (struct conn *c = b->conns, *next; c; c = next) {
		next = c->next;
		conn_end(c, true);
	}
}

void conn_wait(struct conn *c, uint32_t events)
{
	(void)reactor_change(conn_reactor(c), &c->watch, events);
}

void conn_ring_in(struct conn *c, uint64_t ms)
{
	reactor_set(conn_reactor(c), &c->alarm, reactor_now_ms() + ms);
}

/* --- answers --- */

static const char *status_text(int status)
{
	return status == 200 ? "OK" : status == 401 ? "Unauthorized" : status == 403 ? "Forbidden" : status == 404 ? "Not Found" :
	       status == 411 ? "Length Required" : status == 413 ? "Payload Too Large" : status == 500 ? "Internal Server Error" :
	       "Bad Request";
}

/* Readies REPLY to be sent, and takes its body over. */
void conn_compose(struct conn *c, struct reply *r)
{
	bool bare = c->api;
	size_t room = ANSWER_HEAD_MAX + sizeof r->field + r->len;
	int head = 0;

	c->out = malloc(room);
	if (c->out) {
		if (!bare)
			head = snprintf(c->out, room,
					"HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s%sConnection: close\r\n\r\n",
					r->status, status_text(r->status), r->type ? r->type : "text/html", r->len, r->field,
					*r->field ? "\r\n" : "");
		if (r->len)
			memcpy(c->out + head, r->body, r->len);
		c->out_len = (size_t)head + r->len;
	}
	c->reboot = r->reboot;
	reply_free(r);
}

/* Sends what is composed. C may be gone afterwards. */
void conn_answer(struct conn *c)
{
	c->state = STATE_ANSWER;
	conn_wait(c, EPOLLOUT);
}

static void on_writable(struct conn *c)
{
	ssize_t n = send(c->watch.fd, c->out + c->out_at, c->out_len - c->out_at, MSG_NOSIGNAL);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			conn_end(c, false);
		return;
	}
	c->out_at += (size_t)n;
	if (c->out_at < c->out_len)
		return;
	c->state = STATE_FAREWELL;
	(void)shutdown(c->watch.fd, SHUT_WR);
	conn_wait(c, EPOLLIN);
	conn_ring_in(c, LINGER_MS);
	if (c->reboot) {
		c->reboot = false;
		farm_reboot(c->board);
	}
}

/* Answers once the body that nobody wants is through. */
void conn_answer_after_body(struct conn *c, struct reply *r)
{
	conn_compose(c, r);
	if (c->body_left == 0)
		conn_answer(c);
	else
		c->state = STATE_DRAIN;
}

/* --- requests --- */

static void dispatch(struct conn *c, const struct request *q)
{
	const struct board *p = &c->board->kind->profile;
	bool post = strcmp(q->method, "POST") == 0, wipe = p->wipe.upgrade[0] && strcmp(q->path, p->wipe.upgrade) == 0;
	struct reply r = {.status = 400};

	if (p->dialect == BOARD_TOKEN && post && strcmp(q->path, p->unlock) == 0) {
		conn_small_begin(c);
		return;
	}
	if (p->dialect == BOARD_TOKEN ? !conn_admit_token(c, q) : !conn_admit(c, q))
		return;
	if (post && (wipe || strcmp(q->path, p->keep.upgrade) == 0)) {
		if (c->body_left > 0 && conn_upload_begin(c, wipe) == 0)
			return;
		pages_uploaded(&r, c->board, wipe, false, NULL);
	} else if (strcmp(q->method, "GET") == 0) {
		pages_get(&r, c->board, q->path);
	}
	conn_answer_after_body(c, &r);
}

/* Hands LEN bytes of the body to whoever wants them. C may be gone afterwards. */
static void body_comes(struct conn *c, const char *bytes, size_t len)
{
	if (len > c->body_left)
		len = (size_t)c->body_left;
	if (c->state == STATE_FILE) {
		conn_upload_takes(c, bytes, len);
	} else if (c->state == STATE_SMALL) {
		conn_small_comes(c, bytes, len);
	} else if (c->state == STATE_DRAIN) {
		c->body_left -= len;
		if (c->body_left == 0)
			conn_answer(c);
	}
}

static void head_is_whole(struct conn *c, size_t head)
{
	struct reply r = {.status = 0};
	struct request q;

	c->board->requests++;
	r.status = request_parse(&q, c->in, head);
	if (r.status) {
		conn_answer_after_body(c, &r);
		return;
	}
	c->body_left = q.length;
	dispatch(c, &q);
	if (q.expects && c->state == STATE_FILE)
		(void)send(c->watch.fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL);
	else if (q.expects && c->state == STATE_DRAIN)
		conn_answer(c); /* a body that was not asked for will not come */
	if (c->in_len > head && c->body_left > 0)
		body_comes(c, c->in + head, c->in_len - head);
}

static void api_comes(struct conn *c)
{
	char command[REQUEST_COMMAND_MAX + 1];
	struct reply r;

	if (request_member(command, sizeof command, "\"command\"", c->in, c->in_len) != 0) {
		if (c->in_len == sizeof c->in)
			conn_end(c, false);
		return;
	}
	pages_api(&r, c->board, command);
	conn_compose(c, &r);
	conn_answer(c);
}

static void on_head(struct conn *c)
{
	ssize_t n = recv(c->watch.fd, c->in + c->in_len, sizeof c->in - c->in_len, 0);
	size_t head;

	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			conn_end(c, false);
		return;
	}
	c->in_len += (size_t)n;
	if (c->api) {
		api_comes(c);
		return;
	}
	head = request_head_length(c->in, c->in_len);
	if (head)
		head_is_whole(c, head);
	else if (c->in_len == sizeof c->in)
		conn_end(c, false);
}

/* --- events --- */

static void on_body(struct conn *c)
{
	size_t room = c->state == STATE_FILE && c->board->behaves.rate ? conn_upload_pace(c) : CONN_SCRATCH;
	ssize_t n;

	if (room > 0) {
		n = recv(c->watch.fd, scratch, room, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0 || c->state == STATE_FAREWELL || c->state == STATE_MUTE) {
			if (n <= 0)
				conn_end(c, false);
			return;
		}
		if (c->board->behaves.rate && c->state == STATE_FILE && c->body_left > (uint64_t)n) {
			conn_wait(c, 0);
			conn_ring_in(c, CONN_PACE_MS);
		}
		body_comes(c, scratch, (size_t)n);
	} else {
		conn_wait(c, 0);
		conn_ring_in(c, CONN_PACE_MS);
	}
}

static void on_ready(struct watch *w, uint32_t events)
{
	struct conn *c = (struct conn *)((char *)w - offsetof(struct conn, watch));

	if (events & EPOLLERR || (events & EPOLLHUP && !(events & EPOLLIN)))
		conn_end(c, false);
	else if (c->state == STATE_HEAD)
		on_head(c);
	else if (c->state == STATE_ANSWER)
		on_writable(c);
	else
		on_body(c);
}

static void on_ring(struct alarm *a)
{
	struct conn *c = (struct conn *)((char *)a - offsetof(struct conn, alarm));

	if (c->state == STATE_FILE)
		conn_wait(c, EPOLLIN);
	else if (c->state == STATE_WRITING)
		conn_answer(c);
	else if (c->state == STATE_FAREWELL)
		conn_end(c, false);
}

void conn_open(struct sim_board *b, int fd, bool api)
{
	struct conn *c = calloc(1, sizeof *c);

	if (!c) {
		close(fd);
		return;
	}
	c->watch = (struct watch){on_ready, fd};
	c->alarm.ring = on_ring;
	c->board = b;
	c->api = api;
	c->next = b->conns;
	c->link = &b->conns;
	if (c->next)
		c->next->link = &c->next;
	b->conns = c;
	if (conn_behaves(c, BEHAVE_HANGS))
		c->state = STATE_MUTE;
	if (reactor_add(&b->farm->reactor, &c->watch, EPOLLIN) != 0)
		conn_end(c, true);
}
