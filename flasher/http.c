/* SPDX-License-Identifier: ISC */
/* What is asked of a board's web server, in which order, and what its answers mean. */
#define _GNU_SOURCE /* explicit_bzero */
#include "flasher/http.h"

#include <stdlib.h>
#include <string.h>

struct http {
	struct http_options options;
	struct visit *visit;
	const struct board_way *way;
	const struct credential *login; /* of the board's scheme, or NULL */
	const char *realm;        /* that LOGIN is for */
	const struct image *image; /* that is to be sent */
	const char *path;         /* of the request under way */
	bool asked;               /* the probe was asked for a password */
	struct post post;
	http_told *told;
	void *owner;
	struct loop_timer later;  /* tells of what could not be started */
	struct loop *loop;
	struct result result;
};

int http_open(struct http **out, struct client *c, const struct http_options *options, struct err *e)
{
	const struct visit_options visit = {options->address, options->board->realm, options->timeout_ms,
					    options->bandwidth};
	struct http *h = calloc(1, sizeof *h);

	*out = NULL;
	if (!h)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	h->options = *options;
	h->way = options->wipe ? &options->board->wipe : &options->board->keep;
	h->loop = client_loop(c);
	if (visit_open(&h->visit, c, &visit, e)) {
		http_close(&h);
		return -1;
	}
	*out = h;
	return 0;
}

void http_cancel(struct http *h)
{
	visit_cancel(h->visit);
	loop_disarm(h->loop, &h->later);
}

void http_close(struct http **h)
{
	if (!*h)
		return;
	visit_close(&(*h)->visit);
	loop_disarm((*h)->loop, &(*h)->later);
	free(*h);
	*h = NULL;
}

void http_login(struct http *h, const struct credential *c, const char *realm)
{
	h->login = c && c->scheme == credential_scheme_of(h->options.board) ? c : NULL;
	h->realm = c ? credential_realm(c, h->options.board, realm) : "";
}

/* Who the next requests are from: by Digest, or nobody that a challenge could be answered for. */
static void log_in(struct http *h)
{
	bool digest = h->login && h->login->scheme == CREDENTIAL_DIGEST;

	visit_login(h->visit, digest ? h->login->user : NULL, digest ? h->login->password : NULL, h->realm);
}

static void tell(void *owner)
{
	struct http *h = owner;

	h->told(h->owner, &h->result);
}

/* Begins a request. What goes wrong with that is told like all else: later, from the loop. */
static void begin(struct http *h, const char *path, struct post *post, visit_told *then, http_told *told, void *owner)
{
	struct err e = {0};

	h->told = told;
	h->owner = owner;
	h->path = path;
	h->result = (struct result){.outcome = OUTCOME_FAILED};
	if (visit_begin(h->visit, path, post, then, h, &e) == 0)
		return;
	result_set(&h->result, OUTCOME_FAILED, "%.*s", RESULT_TEXT_MAX - 1, e.message);
	h->later = (struct loop_timer){.fire = tell, .owner = h};
	if (loop_arm(h->loop, &h->later, 0, NULL))
		tell(h); /* no memory for eight bytes: out of order is better than never */
}

static int judge_401(const struct http *h, const struct exchange *x, struct result *r)
{
	const struct challenge *c = &x->challenge;

	if (x->tried)
		return result_set(r, OUTCOME_FAILED, "wrong user or password (HTTP 401)");
	if (c->broken)
		return result_set(r, OUTCOME_REJECTED, "the board's request for a password (WWW-Authenticate) is malformed, and was not answered");
	if (c->digest && !c->usable)
		return result_set(r, OUTCOME_REJECTED, "the board asks for the password by a Digest challenge that cannot be answered: %s",
				  c->why ? c->why : "it has another realm");
	if (c->digest && !h->login)
		return result_set(r, OUTCOME_FAILED, "the board asks for a password, and no credential is for it");
	if (c->digest)
		return result_set(r, OUTCOME_FAILED, "the board asks for a password, and its challenge could not be answered");
	if (c->other)
		return result_set(r, OUTCOME_REJECTED,
				  "the board asks for the password by Basic or another scheme that may give it "
				  "away, not by Digest; it was not sent");
	return result_set(r, OUTCOME_FAILED, "the board answered HTTP 401 and named no way to log in");
}

/* What a GET came to. A probe needs no page, only the door. */
static int judge_get(const struct http *h, bool probe, struct result *r)
{
	const struct exchange *x = visit_exchange(h->visit);
	const char *failure = visit_failure(h->visit);
	int status = x->answer.status;
	char realm[160], wanted[160];

	if (x->foreign)
		return result_set(r, OUTCOME_REJECTED,
				  "another kind of board: its realm is \"%s\", that of %s is \"%s\"",
				  err_quote(realm, sizeof realm, x->challenge.realm, strlen(x->challenge.realm)),
				  h->options.board->id, err_quote(wanted, sizeof wanted, x->realm, strlen(x->realm)));
	if (failure && !(probe && x->overflow))
		return result_set(r, OUTCOME_FAILED, "%s", failure);
	if (status == 401)
		return judge_401(h, x, r);
	if (status >= 300 && status < 400)
		return result_set(r, OUTCOME_FAILED,
				  "GET %s was answered with a redirect (HTTP %d), which is not followed", h->path, status);
	if (status >= 300 && !(probe && status == 404)) /* a page that is not there was asked for behind the same door */
		return result_set(r, OUTCOME_FAILED, "GET %s was answered HTTP %d", h->path, status);
	r->outcome = OUTCOME_ACCEPTED;
	return 0;
}

static void on_probe(void *owner, struct visit *v)
{
	struct http *h = owner;

	h->asked = h->asked || visit_exchange(v)->answers > 1; /* after the first challenge, requests carry an answer unasked */
	judge_get(h, true, &h->result);
	tell(h);
}

/* The password bought a token, or it did not. With it the probe's page is read. */
static void on_unlock(void *owner, struct visit *v)
{
	struct http *h = owner;
	const struct answer *a = &visit_exchange(v)->answer;
	const char *failure = visit_failure(v);
	char token[ANSWER_TOKEN_MAX + 1];
	struct err e = {0};
	bool unlocked = false;

	post_wipe(&h->post);
	if (a->status == 401 || a->status == 403)
		result_set(&h->result, OUTCOME_FAILED, "wrong password (HTTP %d)", a->status);
	else if (failure)
		result_set(&h->result, OUTCOME_FAILED, "%s", failure);
	else if (a->status != 200 || answer_token(token, a))
		result_set(&h->result, OUTCOME_FAILED, "the board gave no token for the password (HTTP %d)", a->status);
	else if (visit_bearer(v, token, &e))
		result_set(&h->result, OUTCOME_FAILED, "%.*s", RESULT_TEXT_MAX - 1, e.message);
	else
		unlocked = true;
	explicit_bzero(token, sizeof token);
	if (unlocked)
		begin(h, h->options.board->probe, NULL, on_probe, h->told, h->owner);
	else
		tell(h);
}

static void unlock(struct http *h, http_told *told, void *owner)
{
	const struct board *b = h->options.board;

	visit_login(h->visit, NULL, NULL, ""); /* nothing but the token is shown from here on */
	IGNORE(visit_bearer(h->visit, NULL, NULL));
	/* A password too long to be sent was never set there: without one the upload will be refused. */
	if (h->login && h->login->scheme == CREDENTIAL_TOKEN && post_init_json(&h->post, b->unlock_key, secret_text(h->login->password)) == 0)
		begin(h, b->unlock, &h->post, on_unlock, told, owner);
	else
		begin(h, b->probe, NULL, on_probe, told, owner);
}

void http_probe(struct http *h, http_told *told, void *owner)
{
	if (h->options.board->dialect == BOARD_TOKEN) {
		unlock(h, told, owner);
		return;
	}
	log_in(h);
	begin(h, h->options.board->probe, NULL, on_probe, told, owner);
}

static void on_get(void *owner, struct visit *v)
{
	struct http *h = owner;

	(void)v;
	judge_get(h, false, &h->result);
	tell(h);
}

void http_get(struct http *h, const char *path, http_told *told, void *owner)
{
	begin(h, path, NULL, on_get, told, owner);
}

static void on_upload(void *owner, struct visit *v)
{
	struct http *h = owner;
	const struct answer *a = &visit_exchange(v)->answer;
	const char *failure = visit_failure(v);
	struct result *r = &h->result;

	if (a->status || h->post.at > 0)
		answer_judge(r, h->options.board->dialect, a, failure);
	else
		result_set(r, OUTCOME_FAILED, "%s; no byte of the image was sent", failure ? failure : "no answer");
	if (h->post.at == 0 && r->outcome == OUTCOME_UNKNOWN) /* an odd answer, but to nothing */
		r->outcome = OUTCOME_FAILED;
	tell(h);
}

static void send_image(struct http *h, http_told *told, void *owner)
{
	post_init(&h->post, h->image, h->options.board->field);
	if (h->options.board->keep_field[0])
		post_add_field(&h->post, h->options.board->keep_field, h->options.wipe ? "false" : "true");
	begin(h, h->way->upgrade, &h->post, on_upload, told, owner);
}

static void on_renewed(void *owner, struct visit *v)
{
	struct http *h = owner;

	if (!visit_ready(v) && judge_get(h, true, &h->result) != 0)
		tell(h);
	else
		send_image(h, h->told, h->owner);
}

/* A nonce that is good for one request only must not be used up before the POST, whose body is sent once: one more GET shows whether it is. */
void http_upload(struct http *h, const struct image *image, http_told *told, void *owner)
{
	struct err e = {0};

	h->image = image;
	h->told = told;
	h->owner = owner;
	h->path = h->options.board->probe;
	if (!h->asked || visit_ready(h->visit) || visit_renew(h->visit, h->path, on_renewed, h, &e) != 0)
		send_image(h, told, owner);
}

static void on_reboot(void *owner, struct visit *v)
{
	struct http *h = owner;
	int status = visit_exchange(v)->answer.status;

	/* A board that goes down at once gives no answer. */
	if ((status >= 200 && status < 300) || (!status && visit_request_bytes(v) > 0))
		h->result.outcome = OUTCOME_ACCEPTED;
	else if (status)
		result_set(&h->result, OUTCOME_FAILED, "GET %s was answered HTTP %d", h->path, status);
	else
		result_set(&h->result, OUTCOME_FAILED, "GET %s: %s", h->path, visit_failure(v));
	tell(h);
}

void http_reboot(struct http *h, http_told *told, void *owner)
{
	begin(h, h->way->reboot, NULL, on_reboot, told, owner);
}

bool http_wants_reboot(const struct http *h)
{
	return h->way->reboot[0] != '\0';
}

const struct exchange *http_exchange(const struct http *h)
{
	return visit_exchange(h->visit);
}

enum http_reach http_reach(const struct http *h)
{
	if (visit_exchange(h->visit)->answer.status)
		return HTTP_ANSWERED;
	return visit_request_bytes(h->visit) > 0 ? HTTP_NO_ANSWER : HTTP_NOT_REACHED;
}

bool http_asked(const struct http *h)
{
	return h->asked;
}

uint64_t http_sent(const struct http *h)
{
	return visit_sent(h->visit);
}

const char *http_peer(const struct http *h)
{
	return visit_peer(h->visit);
}
