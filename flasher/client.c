/* SPDX-License-Identifier: ISC */
/* libcurl's multi interface, driven by the loop: libcurl says which sockets and which time it waits for. */
#include "flasher/client_parts.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "flasher/curl_late.h"
#include "flasher/wipe.h"

enum { SWEEP_MS = 500 }; /* how often stalls are looked for */

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
	if (curl_late_load(e))
		return -1;
	(void)unsetenv("SSLKEYLOGFILE"); /* libcurl would make that file, though nothing here speaks TLS */
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, wipe_malloc, wipe_free, wipe_realloc, wipe_strdup, wipe_calloc))
		return err_set(e, VERDICT_SYSTEM, "cannot start libcurl");
	return 0;
}

void client_stop(void)
{
	curl_global_cleanup();
}

/* --- a request comes and goes --- */

int client_take_in(struct client *c, struct visit *v)
{
	v->exchange.mark_ms = loop_now(c->loop);
	if ((!loop_armed(&c->sweep) && loop_arm(c->loop, &c->sweep, SWEEP_MS, NULL)) || curl_multi_add_handle(c->multi, v->curl) != CURLM_OK)
		return -1;
	LIST_INSERT_HEAD(&c->active, v, link);
	v->active = true;
	return 0;
}

void client_take_out(struct client *c, struct visit *v)
{
	gate_leave(&c->gate, &v->pass);
	if (!v->active)
		return;
	c->sent += visit_sent(v);
	curl_multi_remove_handle(c->multi, v->curl);
	bucket_forget(v->options.bandwidth, &v->waiter);
	LIST_REMOVE(v, link);
	v->active = v->paused = false;
	if (LIST_EMPTY(&c->active))
		loop_disarm(c->loop, &c->sweep);
}

void client_finish(struct client *c, struct visit *v, CURLcode code)
{
	struct exchange *x = &v->exchange;
	const char *why = x->halted ? x->halted : v->error[0] ? v->error : curl_easy_strerror(code);

	if (code == CURLE_OUT_OF_MEMORY && !x->halted) /* libcurl's word for a line of a head that grows over its limit, too */
		why = "the board's answer has a header field without an end, or memory is short";

	client_take_out(c, v);
	if (code == CURLE_OK && !x->halted && exchange_again(x, &v->login) && client_send(c, v) == 0)
		return;
	if (code == CURLE_OK && x->halted) {
		code = CURLE_ABORTED_BY_CALLBACK;
		why = x->halted;
	}
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
			client_finish(c, v, code);
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
void client_turn(void *visit)
{
	struct visit *v = visit;
	struct client *c = v->client;

	curl_easy_pause(v->curl, CURLPAUSE_CONT);
	if (!loop_armed(&c->kick))
		IGNORE(loop_arm(c->loop, &c->kick, 0, NULL));
}

/* Looks for exchanges that stand still. Who waits for its share of the bandwidth does not. */
static void on_sweep(void *owner)
{
	struct client *c = owner;
	uint64_t now_ms = loop_now(c->loop);
	struct visit *v = LIST_FIRST(&c->active);

	while (v) {
		struct visit *stalled = NULL;

		for (; v && !stalled; v = LIST_NEXT(v, link)) {
			if (v->paused)
				v->exchange.mark_ms = now_ms;
			if (exchange_tick(&v->exchange, visit_sent(v), now_ms, v->options.timeout_ms))
				stalled = v;
		}
		if (stalled) { /* what is told may close any visit, the next one too */
			client_finish(c, stalled, CURLE_OPERATION_TIMEDOUT);
			v = LIST_FIRST(&c->active);
		}
	}
	if (!LIST_EMPTY(&c->active) && !loop_armed(&c->sweep))
		IGNORE(loop_arm(c->loop, &c->sweep, SWEEP_MS, NULL));
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
	gate_init(&c->gate, loop, GATE_PLACES);
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
	gate_close(&(*c)->gate);
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

struct gate *client_gate(struct client *c)
{
	return &c->gate;
}

uint64_t client_sent(const struct client *c)
{
	uint64_t sent = c->sent;

	for (const struct visit *v = LIST_FIRST(&c->active); v; v = LIST_NEXT(v, link))
		sent += visit_sent(v);
	return sent;
}
