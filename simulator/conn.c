/* SPDX-License-Identifier: ISC */
/* A connection's states: the head, the body, the answer, the farewell; and what boards do wrong in between. */
#define _GNU_SOURCE /* SOCK_NONBLOCK and friends */
#include "simulator/conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "simulator/digest.h"
#include "simulator/form.h"
#include "simulator/pages.h"
#include "simulator/request.h"

enum {
	SCRATCH_SIZE = 256 << 10,
	PACE_MS = 20,             /* between two reads from a slow board's connection */
	SLOW_BUFFER = 64 << 10,   /* so that the kernel does not take the image in a slow board's stead */
	LINGER_MS = 3000,         /* for the other side to close after the answer */
	ANSWER_HEAD_MAX = 1024,
	SMALL_MAX = 2048,         /* bytes of a body that is read whole */
	TOKEN_LEN = 32,
};

enum state {
	STATE_HEAD,
	STATE_FILE,     /* a body that holds an image */
	STATE_SMALL,    /* a body that is read whole: a password */
	STATE_DRAIN,    /* a body that nobody wants, before the answer that is ready */
	STATE_WRITING,  /* the board is writing its flash */
	STATE_ANSWER,
	STATE_FAREWELL, /* reads on, so that a late byte does not reset the answer away */
	STATE_MUTE,     /* says nothing any more */
};

struct upload {
	struct form form;
	struct taking taking;
	bool begun, wipe;
	uint64_t started_ms;
};

struct conn {
	struct watch watch;
	struct alarm alarm;
	struct sim_board *board;
	struct conn *next, **link;
	enum state state;
	bool api, reboot;
	char in[REQUEST_HEAD_MAX];
	size_t in_len;
	uint64_t body_left;
	struct upload *upload;
	char *out;
	size_t out_len, out_at;
};

static char scratch[SCRATCH_SIZE]; /* one thread, one read at a time */

void conn_reset_fd(int fd)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(fd);
}

static struct reactor *reactor(const struct conn *c)
{
	return &c->board->farm->reactor;
}

static bool behaves(const struct conn *c, enum behaviour b)
{
	return behaves_as(&c->board->behaves, b);
}

static void conn_free(struct conn *c, bool reset)
{
	struct sim_board *b = c->board;

	reactor_remove(reactor(c), &c->watch);
	reactor_unset(reactor(c), &c->alarm);
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
	while (b->conns)
		conn_free(b->conns, true);
}

static void wait_for(struct conn *c, uint32_t events)
{
	(void)reactor_change(reactor(c), &c->watch, events);
}

static void ring_in(struct conn *c, uint64_t ms)
{
	reactor_set(reactor(c), &c->alarm, reactor_now_ms() + ms);
}

/* --- answers --- */

static const char *status_text(int status)
{
	return status == 200 ? "OK" : status == 401 ? "Unauthorized" : status == 403 ? "Forbidden" : status == 404 ? "Not Found" :
	       status == 411 ? "Length Required" : status == 413 ? "Payload Too Large" : status == 500 ? "Internal Server Error" :
	       "Bad Request";
}

/* Readies REPLY to be sent, and takes its body over. */
static void compose(struct conn *c, struct reply *r)
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
static void answer(struct conn *c)
{
	c->state = STATE_ANSWER;
	wait_for(c, EPOLLOUT);
}

static void on_writable(struct conn *c)
{
	ssize_t n = send(c->watch.fd, c->out + c->out_at, c->out_len - c->out_at, MSG_NOSIGNAL);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			conn_free(c, false);
		return;
	}
	c->out_at += (size_t)n;
	if (c->out_at < c->out_len)
		return;
	c->state = STATE_FAREWELL;
	(void)shutdown(c->watch.fd, SHUT_WR);
	wait_for(c, EPOLLIN);
	ring_in(c, LINGER_MS);
	if (c->reboot) {
		c->reboot = false;
		farm_reboot(c->board);
	}
}

/* Answers once the body that nobody wants is through. */
static void answer_after_body(struct conn *c, struct reply *r)
{
	compose(c, r);
	if (c->body_left == 0)
		answer(c);
	else
		c->state = STATE_DRAIN;
}

/* --- uploads --- */

/* In the parts before the file there is a field of that name, and it says true. */
static bool field_says_true(const struct form *f, const char *name)
{
	char wanted[TEXT_NAME_MAX + 32];
	int n = snprintf(wanted, sizeof wanted, "name=\"%s\"\r\n\r\ntrue\r\n", name);

	for (size_t i = 0; i + (size_t)n <= f->head_len; i++)
		if (memcmp(f->head + i, wanted, (size_t)n) == 0)
			return true;
	return false;
}

/* The last byte is there: what the board makes of it goes out a moment later. */
static void upload_ends(struct conn *c)
{
	struct images *images = &c->board->farm->images;
	struct upload *u = c->upload;
	const char *keep_field = c->board->kind->profile.keep_field;
	const struct sim_image *image = u->begun && u->taking.at == u->form.file_size ? images_end(images, &u->taking) : NULL;
	struct reply r;

	if (*keep_field)
		u->wipe = !field_says_true(&u->form, keep_field);
	pages_uploaded(&r, c->board, u->wipe, form_exact(&u->form), image);
	images_drop(images, &u->taking);
	if (behaves(c, BEHAVE_LOST) || behaves(c, BEHAVE_SILENT)) {
		if (r.reboot)
			farm_reboot(c->board);
		reply_free(&r);
		if (behaves(c, BEHAVE_LOST)) {
			conn_free(c, false);
			return;
		}
		c->state = STATE_MUTE;
		return;
	}
	compose(c, &r);
	c->state = STATE_WRITING;
	if (c->board->farm->options.write_ms == 0) {
		answer(c);
		return;
	}
	wait_for(c, 0);
	ring_in(c, c->board->farm->options.write_ms);
}

/* What some boards do half way. True when C is gone. */
static bool misbehaves_half_way(struct conn *c)
{
	struct behaves *b = &c->board->behaves;

	if (c->upload->form.got < c->upload->form.length / 2)
		return false;
	if (behaves(c, BEHAVE_RESET)) {
		if (b->value > 0 && --b->value == 0)
			b->set &= ~(1u << BEHAVE_RESET);
		conn_free(c, true);
		return true;
	}
	if (behaves(c, BEHAVE_HALF_CLOSED)) {
		(void)shutdown(c->watch.fd, SHUT_WR);
		c->state = STATE_MUTE;
	}
	return false;
}

/* Takes LEN bytes of the body. C may be gone afterwards. */
static void upload_takes(struct conn *c, const char *bytes, size_t len)
{
	struct images *images = &c->board->farm->images;
	struct upload *u = c->upload;
	struct span file;
	struct reply r = {.status = 413};

	c->body_left -= len;
	if (form_take(&u->form, bytes, len, &file)) {
		pages_uploaded(&r, c->board, u->wipe, false, NULL);
		answer_after_body(c, &r);
		return;
	}
	if (u->form.begun && !u->begun) {
		u->begun = true;
		c->board->uploads++;
		if (u->form.file_size > 0 && images_begin(images, &u->taking, u->form.file_size)) {
			answer_after_body(c, &r);
			return;
		}
	}
	if (file.len && images_take(images, &u->taking, file.at, file.len)) {
		answer_after_body(c, &r);
		return;
	}
	if (misbehaves_half_way(c))
		return;
	if (c->state == STATE_FILE && c->body_left == 0)
		upload_ends(c);
}

static int upload_begin(struct conn *c, bool wipe)
{
	c->upload = calloc(1, sizeof *c->upload);
	if (!c->upload)
		return -1;
	form_begin(&c->upload->form, c->body_left, c->board->kind->profile.keep_field[0] != '\0');
	c->upload->wipe = wipe;
	c->upload->started_ms = reactor_now_ms();
	c->state = STATE_FILE;
	if (c->board->behaves.rate) {
		int size = SLOW_BUFFER;

		(void)setsockopt(c->watch.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	}
	return 0;
}

/* --- requests --- */

static struct digest_door door_of(const struct conn *c)
{
	const struct sim_board *b = c->board;
	const struct farm_options *o = &b->farm->options;

	return (struct digest_door){
		.realm = b->kind->profile.realm[0] ? b->kind->profile.realm : "firmseal",
		.user = o->user,
		.password = behaves(c, BEHAVE_DEFAULT_PASSWORD) ? o->default_password : o->password,
		.secret = b->farm->secret,
		.board = b->index,
		.sha256 = behaves(c, BEHAVE_SHA256),
		.no_qop = behaves(c, BEHAVE_NO_QOP),
		.stale_first = behaves(c, BEHAVE_STALE),
		.once = behaves(c, BEHAVE_ONCE),
	};
}

/* --- boards that give tokens --- */

static void make_token(char out[static TOKEN_LEN + 1], const struct sim_board *b)
{
	unsigned char raw[HASH_SIZE];
	char hex[HASH_HEX + 1];
	struct hash h;

	hash_init(&h, HASH_SIZE);
	hash_update(&h, b->farm->secret, sizeof b->farm->secret);
	hash_update(&h, "token", 5);
	hash_update(&h, &b->index, sizeof b->index);
	hash_final(&h, raw, HASH_SIZE);
	text_put_hash(hex, raw);
	snprintf(out, TOKEN_LEN + 1, "%.*s", TOKEN_LEN, hex);
}

/* The body with the password is whole, in the place of the answer. */
static void unlock(struct conn *c)
{
	const struct sim_board *b = c->board;
	const char *password = behaves(c, BEHAVE_DEFAULT_PASSWORD) ? b->farm->options.default_password : b->farm->options.password;
	char key[TEXT_NAME_MAX + 3], given[sizeof b->farm->options.password], token[TOKEN_LEN + 1];
	struct reply r = {.status = 401, .type = "application/json"};

	snprintf(key, sizeof key, "\"%s\"", b->kind->profile.unlock_key);
	if (request_member(given, sizeof given, key, c->out, c->out_len) == 0 && strcmp(given, password) == 0 &&
	    !behaves(c, BEHAVE_WRONG_PASSWORD)) {
		c->board->logins++;
		make_token(token, b);
		r.status = 200;
		r.body = malloc(TOKEN_LEN + 16);
		if (r.body)
			r.len = (size_t)snprintf(r.body, TOKEN_LEN + 16, "{\"token\":\"%s\"}", token);
	} else {
		c->board->login_failures++;
	}
	free(c->out);
	c->out = NULL;
	c->out_len = 0;
	compose(c, &r);
	answer(c);
}

static void small_begin(struct conn *c)
{
	struct reply r = {.status = 413};

	c->out = c->body_left > 0 && c->body_left <= SMALL_MAX ? malloc((size_t)c->body_left) : NULL;
	if (c->out)
		c->state = STATE_SMALL;
	else
		answer_after_body(c, &r);
}

static void small_comes(struct conn *c, const char *bytes, size_t len)
{
	memcpy(c->out + c->out_len, bytes, len);
	c->out_len += len;
	c->body_left -= len;
	if (c->body_left == 0)
		unlock(c);
}

/* Lets the request in that brings the token; the page that tells what the board is asks for none. */
static bool admit_token(struct conn *c, const struct request *q)
{
	static const char scheme[] = "Bearer ";
	char token[TOKEN_LEN + 1];
	struct reply r = {.status = 401, .type = "application/json"};

	make_token(token, c->board);
	if (strcmp(q->path, c->board->kind->profile.probe) == 0 ||
	    (q->authorization.len == sizeof scheme - 1 + TOKEN_LEN && memcmp(q->authorization.at, scheme, sizeof scheme - 1) == 0 &&
	     memcmp(q->authorization.at + sizeof scheme - 1, token, TOKEN_LEN) == 0))
		return true;
	if (q->authorization.len)
		c->board->login_failures++;
	answer_after_body(c, &r);
	return false;
}

/* Lets the request in, or composes the 401. */
static bool admit(struct conn *c, const struct request *q)
{
	const struct digest_door door = door_of(c);
	char challenge[DIGEST_CHALLENGE_MAX];
	uint64_t now = reactor_now_ms();
	enum digest_result result = digest_check(&door, q->method, q->target, q->authorization, now);
	struct reply r = {.status = 401};

	if (behaves(c, BEHAVE_BASIC) || behaves(c, BEHAVE_WRONG_PASSWORD))
		result = result == DIGEST_NONE ? DIGEST_NONE : DIGEST_WRONG;
	if (result == DIGEST_GOOD) {
		c->board->logins++;
		return true;
	}
	if (result == DIGEST_WRONG || (result == DIGEST_NONE && q->authorization.len))
		c->board->login_failures++;
	digest_challenge(challenge, &door, result == DIGEST_STALE, now);
	snprintf(r.field, sizeof r.field, "WWW-Authenticate: %s%s", behaves(c, BEHAVE_BASIC) ? "Basic realm=\"" : "",
		 behaves(c, BEHAVE_BASIC) ? "router\"" : challenge);
	answer_after_body(c, &r);
	return false;
}

static void dispatch(struct conn *c, const struct request *q)
{
	const struct board *p = &c->board->kind->profile;
	bool post = strcmp(q->method, "POST") == 0, wipe = p->wipe.upgrade[0] && strcmp(q->path, p->wipe.upgrade) == 0;
	struct reply r = {.status = 400};

	if (p->dialect == BOARD_TOKEN && post && strcmp(q->path, p->unlock) == 0) {
		small_begin(c);
		return;
	}
	if (p->dialect == BOARD_TOKEN ? !admit_token(c, q) : !admit(c, q))
		return;
	if (post && (wipe || strcmp(q->path, p->keep.upgrade) == 0)) {
		if (c->body_left > 0 && upload_begin(c, wipe) == 0)
			return;
		pages_uploaded(&r, c->board, wipe, false, NULL);
	} else if (strcmp(q->method, "GET") == 0) {
		pages_get(&r, c->board, q->path);
	}
	answer_after_body(c, &r);
}

/* Hands LEN bytes of the body to whoever wants them. C may be gone afterwards. */
static void body_comes(struct conn *c, const char *bytes, size_t len)
{
	if (len > c->body_left)
		len = (size_t)c->body_left;
	if (c->state == STATE_FILE) {
		upload_takes(c, bytes, len);
	} else if (c->state == STATE_SMALL) {
		small_comes(c, bytes, len);
	} else if (c->state == STATE_DRAIN) {
		c->body_left -= len;
		if (c->body_left == 0)
			answer(c);
	}
}

static void head_is_whole(struct conn *c, size_t head)
{
	struct reply r = {.status = 0};
	struct request q;

	c->board->requests++;
	r.status = request_parse(&q, c->in, head);
	if (r.status) {
		answer_after_body(c, &r);
		return;
	}
	c->body_left = q.length;
	dispatch(c, &q);
	if (q.expects && c->state == STATE_FILE)
		(void)send(c->watch.fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL);
	else if (q.expects && c->state == STATE_DRAIN)
		answer(c); /* a body that was not asked for will not come */
	if (c->in_len > head && c->body_left > 0)
		body_comes(c, c->in + head, c->in_len - head);
}

static void api_comes(struct conn *c)
{
	char command[REQUEST_COMMAND_MAX + 1];
	struct reply r;

	if (request_member(command, sizeof command, "\"command\"", c->in, c->in_len) != 0) {
		if (c->in_len == sizeof c->in)
			conn_free(c, false);
		return;
	}
	pages_api(&r, c->board, command);
	compose(c, &r);
	answer(c);
}

static void on_head(struct conn *c)
{
	ssize_t n = recv(c->watch.fd, c->in + c->in_len, sizeof c->in - c->in_len, 0);
	size_t head;

	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			conn_free(c, false);
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
		conn_free(c, false);
}

/* --- events --- */

/* How much a slow board takes now; when nothing, it looks again in a moment. */
static size_t pace(struct conn *c)
{
	uint64_t ms = reactor_now_ms() - c->upload->started_ms, due = ms * c->board->behaves.rate / 1000;
	uint64_t got = c->upload->form.got;

	if (due > got)
		return due - got < SCRATCH_SIZE ? (size_t)(due - got) : SCRATCH_SIZE;
	return 0;
}

static void on_body(struct conn *c)
{
	size_t room = c->state == STATE_FILE && c->board->behaves.rate ? pace(c) : SCRATCH_SIZE;
	ssize_t n;

	if (room > 0) {
		n = recv(c->watch.fd, scratch, room, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0 || c->state == STATE_FAREWELL || c->state == STATE_MUTE) {
			if (n <= 0)
				conn_free(c, false);
			return;
		}
		if (c->board->behaves.rate && c->state == STATE_FILE && c->body_left > (uint64_t)n) {
			wait_for(c, 0);
			ring_in(c, PACE_MS);
		}
		body_comes(c, scratch, (size_t)n);
	} else {
		wait_for(c, 0);
		ring_in(c, PACE_MS);
	}
}

static void on_ready(struct watch *w, uint32_t events)
{
	struct conn *c = (struct conn *)((char *)w - offsetof(struct conn, watch));

	if (events & EPOLLERR || (events & EPOLLHUP && !(events & EPOLLIN)))
		conn_free(c, false);
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
		wait_for(c, EPOLLIN);
	else if (c->state == STATE_WRITING)
		answer(c);
	else if (c->state == STATE_FAREWELL)
		conn_free(c, false);
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
	if (behaves(c, BEHAVE_HANGS))
		c->state = STATE_MUTE;
	if (reactor_add(&b->farm->reactor, &c->watch, EPOLLIN) != 0)
		conn_free(c, true);
}
