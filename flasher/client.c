/* SPDX-License-Identifier: ISC */
/* libcurl's multi interface, driven by the loop: libcurl says which sockets and which time it waits for. */
#include "flasher/client.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boards/board.h"
#include "flasher/wipe.h"

enum {
	CONNECT_MS = 15000,
	SMALL_GET_MS = 30000,
	SWEEP_MS = 500,          /* how often stalls are looked for */
	SEND_BUFFER = 256 << 10, /* held while a body is sent, and no longer */
	RECEIVE_BUFFER = 4 << 10,
};

struct client {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer timer, sweep, kick;
	struct visit *active;    /* those with a request under way */
	uint64_t sent;           /* by visits that are over */
};

struct visit {
	struct client *client;
	struct visit *next, *prev;
	CURL *curl;
	struct curl_slist *fields;
	char *bearer;            /* a whole header field, or NULL; wiped when freed */
	struct visit_options options;
	struct bucket_waiter waiter;
	visit_told *told;
	void *owner;
	bool active, paused;
	char error[CURL_ERROR_SIZE], failure[CURL_ERROR_SIZE];
	struct exchange exchange;
};

/* One socket of libcurl's. */
struct socket {
	struct client *client;
	struct loop_watch watch;
};

int client_start(struct err *e)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};

	/* A board that hangs up is no reason to end. libcurl would see to it with system calls at every turn. */
	if (sigaction(SIGPIPE, &ignore, NULL))
		return err_errno(e, "cannot ignore SIGPIPE");
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, wipe_malloc, wipe_free, wipe_realloc, wipe_strdup, wipe_calloc))
		return err_set(e, VERDICT_SYSTEM, "cannot start libcurl");
	return 0;
}

void client_stop(void)
{
	curl_global_cleanup();
}

/* --- what libcurl tells of an exchange --- */

static size_t on_header(char *line, size_t size, size_t n, void *context)
{
	return exchange_head(&((struct visit *)context)->exchange, line, size * n) == 0 ? size * n : 0;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
	return exchange_body(&((struct visit *)context)->exchange, bytes, size * n) == 0 ? size * n : 0;
}

static size_t on_upload(char *buf, size_t size, size_t n, void *context)
{
	struct visit *v = context;
	uint64_t share = bucket_take(v->options.bandwidth, &v->waiter, size * n);
	ssize_t got;

	v->paused = share == 0;
	if (v->paused)
		return CURL_READFUNC_PAUSE;
	got = exchange_upload(&v->exchange, buf, (size_t)share);
	return got >= 0 ? (size_t)got : CURL_READFUNC_ABORT;
}

/* --- the end of a request --- */

uint64_t visit_sent(const struct visit *v)
{
	curl_off_t sent = 0;

	if (!v->exchange.post || curl_easy_getinfo(v->curl, CURLINFO_SIZE_UPLOAD_T, &sent) != CURLE_OK || sent < 0)
		return 0;
	return (uint64_t)sent;
}

/* Takes V out of the multi handle. From here on libcurl does not call for it. */
static void take_out(struct visit *v)
{
	struct client *c = v->client;

	if (!v->active)
		return;
	c->sent += visit_sent(v);
	curl_multi_remove_handle(c->multi, v->curl);
	bucket_forget(v->options.bandwidth, &v->waiter);
	if (v->prev)
		v->prev->next = v->next;
	else
		c->active = v->next;
	if (v->next)
		v->next->prev = v->prev;
	v->active = v->paused = false;
	if (!c->active)
		loop_disarm(c->loop, &c->sweep);
}

static void finish(struct visit *v, CURLcode code)
{
	struct exchange *x = &v->exchange;
	const char *why = x->halted ? x->halted : v->error[0] ? v->error : curl_easy_strerror(code);

	take_out(v);
	x->answer.whole = code == CURLE_OK;
	x->answer.sent = x->post && x->post->at == post_size(x->post);
	v->failure[0] = '\0';
	if (code != CURLE_OK)
		err_quote(v->failure, sizeof v->failure, why, strlen(why));
	v->told(v->owner, v);
}

static void tell_finished(struct client *c)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(c->multi, &left))) {
		CURLcode code = message->data.result;
		struct visit *v = NULL;

		if (message->msg == CURLMSG_DONE &&
		    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &v) == CURLE_OK && v)
			finish(v, code);
	}
}

/* --- sockets and time --- */

static void act(struct client *c, curl_socket_t fd, int what)
{
	int running;

	curl_multi_socket_action(c->multi, fd, what, &running);
	tell_finished(c);
}

static void on_socket_ready(void *owner, unsigned events)
{
	struct socket *s = owner;

	act(s->client, s->watch.fd,
	    (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0));
}

static void on_time(void *owner)
{
	act(owner, CURL_SOCKET_TIMEOUT, 0);
}

static int on_socket(CURL *curl, curl_socket_t fd, int what, void *context, void *known)
{
	struct client *c = context;
	struct socket *s = known;
	unsigned events = (what & CURL_POLL_IN ? LOOP_READ : 0U) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0U);

	(void)curl;
	if (what == CURL_POLL_REMOVE) {
		if (s) {
			loop_unwatch(c->loop, &s->watch);
			free(s);
		}
		return 0;
	}
	if (!s) {
		s = calloc(1, sizeof *s);
		if (!s)
			return -1;
		*s = (struct socket){c, {on_socket_ready, s, fd, false}};
		curl_multi_assign(c->multi, fd, s);
	}
	return loop_watch(c->loop, &s->watch, events, NULL);
}

static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
	struct client *c = context;

	(void)multi;
	if (timeout_ms >= 0)
		return loop_arm(c->loop, &c->timer, (uint64_t)timeout_ms, NULL);
	loop_disarm(c->loop, &c->timer);
	return 0;
}

/* libcurl may not be called from within its own callbacks, and the bucket serves many at a time: they are woken one by
 * one, libcurl is told once. */
static void on_turn(void *owner)
{
	struct visit *v = owner;
	struct client *c = v->client;

	curl_easy_pause(v->curl, CURLPAUSE_CONT);
	if (!loop_armed(&c->kick))
		(void)loop_arm(c->loop, &c->kick, 0, NULL);
}

/* Looks for exchanges that stand still. Who waits for its share of the bandwidth does not. */
static void on_sweep(void *owner)
{
	struct client *c = owner;
	uint64_t now_ms = loop_now(c->loop);
	struct visit *v = c->active;

	while (v) {
		struct visit *stalled = NULL;

		for (; v && !stalled; v = v->next) {
			if (v->paused)
				v->exchange.mark_ms = now_ms;
			if (exchange_tick(&v->exchange, visit_sent(v), now_ms, v->options.timeout_ms))
				stalled = v;
		}
		if (stalled) { /* what is told may close any visit, the next one too */
			finish(stalled, CURLE_OPERATION_TIMEDOUT);
			v = c->active;
		}
	}
	if (c->active && !loop_armed(&c->sweep))
		(void)loop_arm(c->loop, &c->sweep, SWEEP_MS, NULL);
}

int client_open(struct client **out, struct loop *loop, struct err *e)
{
	struct client *c = calloc(1, sizeof *c);
	bool failed = false;

	*out = NULL;
	if (!c)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	*c = (struct client){.loop = loop, .timer = {.fire = on_time}, .sweep = {.fire = on_sweep}, .kick = {.fire = on_time}};
	c->timer.owner = c->sweep.owner = c->kick.owner = c;
	c->multi = curl_multi_init();
	failed = !c->multi || curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket) ||
		 curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c) ||
		 curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timer) ||
		 curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	if (failed) {
		client_free(&c);
		return err_set(e, VERDICT_SYSTEM, "cannot set libcurl up");
	}
	*out = c;
	return 0;
}

void client_free(struct client **c)
{
	if (!*c)
		return;
	curl_multi_cleanup((*c)->multi);
	loop_disarm((*c)->loop, &(*c)->timer);
	loop_disarm((*c)->loop, &(*c)->sweep);
	loop_disarm((*c)->loop, &(*c)->kick);
	free(*c);
	*c = NULL;
}

struct loop *client_loop(const struct client *c)
{
	return c->loop;
}

uint64_t client_sent(const struct client *c)
{
	uint64_t sent = c->sent;

	for (const struct visit *v = c->active; v; v = v->next)
		sent += visit_sent(v);
	return sent;
}

/* --- requests --- */

#define SET(option, value) (failed = failed || curl_easy_setopt(curl, (option), (value)) != CURLE_OK)

/* What holds for every request of a visit. */
static int set_common(struct visit *v)
{
	uint64_t ms = v->options.timeout_ms;
	CURL *curl = v->curl;
	bool failed = false;

	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");                    /* also shuts out http_proxy of the environment */
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_DIGEST); /* Basic would hand the password to whoever answers */
	SET(CURLOPT_USERAGENT, "firmflash/" FIRMSEAL_VERSION);
	SET(CURLOPT_FRESH_CONNECT, 1L);            /* libcurl repeats a request when a kept connection turns out dead */
	SET(CURLOPT_FORBID_REUSE, 1L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(ms < CONNECT_MS ? ms : CONNECT_MS));
	SET(CURLOPT_UPLOAD_BUFFERSIZE, (long)SEND_BUFFER);
	SET(CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER);
	SET(CURLOPT_ERRORBUFFER, v->error);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, v);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, v);
	SET(CURLOPT_READFUNCTION, on_upload);      /* and no seek function: what was read cannot be sent again */
	SET(CURLOPT_READDATA, v);
	SET(CURLOPT_PRIVATE, v);
	return failed ? -1 : 0;
}

int visit_open(struct visit **out, struct client *c, const struct visit_options *options, struct err *e)
{
	struct visit *v = calloc(1, sizeof *v);

	*out = NULL;
	if (!v)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	*v = (struct visit){.client = c, .options = *options, .waiter = {.turn = on_turn, .owner = v}};
	v->curl = curl_easy_init();
	if (!v->curl || set_common(v)) {
		visit_close(&v);
		return err_set(e, VERDICT_SYSTEM, "cannot set libcurl up");
	}
	*out = v;
	return 0;
}

void visit_cancel(struct visit *v)
{
	take_out(v);
}

void visit_close(struct visit **v)
{
	if (!*v)
		return;
	take_out(*v);
	curl_easy_cleanup((*v)->curl);
	curl_slist_free_all((*v)->fields);
	wipe_free((*v)->bearer);
	exchange_end(&(*v)->exchange);
	free(*v);
	*v = NULL;
}

/* A handle of its own for each login: with what libcurl remembers of the challenge to the one before it would try a wrong password
 * twice, and some boards count. */
int visit_login(struct visit *v, const char *user, const struct secret *password, struct err *e)
{
	CURL *curl = curl_easy_init();
	bool failed = false;

	if (!curl)
		return err_set(e, VERDICT_SYSTEM, "out of memory for a login");
	curl_easy_cleanup(v->curl);
	v->curl = curl;
	if (set_common(v))
		return err_set(e, VERDICT_SYSTEM, "cannot set libcurl up");
	SET(CURLOPT_USERNAME, user);
	SET(CURLOPT_PASSWORD, user ? secret_text(password) : NULL);
	return failed ? err_set(e, VERDICT_SYSTEM, "out of memory for a login") : 0;
}

int visit_bearer(struct visit *v, const char *token, struct err *e)
{
	static const char field[] = "Authorization: Bearer ";
	size_t n = token ? strlen(token) : 0;

	wipe_free(v->bearer);
	v->bearer = NULL;
	if (!token)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (token[i] < 0x21 || token[i] > 0x7e)
			return err_set(e, VERDICT_USAGE, "the board's token is none that can be sent back");
	v->bearer = wipe_malloc(sizeof field + n);
	if (!v->bearer)
		return err_set(e, VERDICT_SYSTEM, "out of memory for a token");
	memcpy(v->bearer, field, sizeof field - 1);
	memcpy(v->bearer + sizeof field - 1, token, n + 1);
	return 0;
}

static int add_field(struct visit *v, const char *field)
{
	struct curl_slist *more = field ? curl_slist_append(v->fields, field) : v->fields;

	if (field && !more)
		return -1;
	v->fields = more;
	return 0;
}

/* Sets the header fields of the next request: TYPE of its body, unless that is NULL, and the token. */
static int set_fields(struct visit *v, const char *type)
{
	curl_easy_setopt(v->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(v->fields);
	v->fields = NULL;
	if (add_field(v, v->bearer) || add_field(v, type) || add_field(v, type ? "Expect:" : NULL)) /* an old lighttpd answers 417 to it */
		return -1;
	return curl_easy_setopt(v->curl, CURLOPT_HTTPHEADER, v->fields) == CURLE_OK ? 0 : -1;
}

static int set_request(struct visit *v, const char *path, const struct post *post)
{
	uint64_t ms = v->options.timeout_ms;
	char url[sizeof v->options.address->origin + BOARD_PATH_MAX + 1], type[64 + POST_BOUNDARY_LEN];
	CURL *curl = v->curl;
	bool failed = false;

	snprintf(url, sizeof url, "%s%s", v->options.address->origin, path);
	SET(CURLOPT_URL, url);
	if (post) {
		snprintf(type, sizeof type, "Content-Type: %s%s%s", post_type(post), post->image ? "; boundary=" : "", post->boundary);
		failed = failed || set_fields(v, type);
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post_size(post));
		SET(CURLOPT_TIMEOUT_MS, 0L);
	} else {
		failed = failed || set_fields(v, NULL);
		SET(CURLOPT_HTTPGET, 1L);
		SET(CURLOPT_TIMEOUT_MS, (long)(ms < SMALL_GET_MS ? ms : SMALL_GET_MS));
	}
	return failed ? -1 : 0;
}

int visit_begin(struct visit *v, const char *path, struct post *post, visit_told *told, void *owner, struct err *e)
{
	struct client *c = v->client;

	exchange_begin(&v->exchange, post, v->options.realm, loop_now(c->loop));
	v->error[0] = v->failure[0] = '\0';
	v->told = told;
	v->owner = owner;
	if (set_request(v, path, post) || (!loop_armed(&c->sweep) && loop_arm(c->loop, &c->sweep, SWEEP_MS, e)) ||
	    curl_multi_add_handle(c->multi, v->curl) != CURLM_OK)
		return err_set(e, VERDICT_SYSTEM, "cannot begin a request: out of memory");
	v->prev = NULL;
	v->next = c->active;
	if (c->active)
		c->active->prev = v;
	c->active = v;
	v->active = true;
	return 0;
}

const struct exchange *visit_exchange(const struct visit *v)
{
	return &v->exchange;
}

const char *visit_failure(const struct visit *v)
{
	return v->failure[0] ? v->failure : NULL;
}

uint64_t visit_request_bytes(const struct visit *v)
{
	long sent = 0;

	return curl_easy_getinfo(v->curl, CURLINFO_REQUEST_SIZE, &sent) == CURLE_OK && sent > 0 ? (uint64_t)sent : 0;
}

const char *visit_peer(const struct visit *v)
{
	char *peer = NULL;

	return curl_easy_getinfo(v->curl, CURLINFO_PRIMARY_IP, &peer) == CURLE_OK && peer ? peer : "";
}
