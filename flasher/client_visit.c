/* SPDX-License-Identifier: ISC */
/* One board's requests: what is asked of libcurl, and what it hands over. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boards/board.h"
#include "flasher/client_parts.h"
#include "flasher/wipe.h"

enum {
	CONNECT_MS = 15000,
	SMALL_GET_MS = 30000,
	SEND_BUFFER = 256 << 10, /* held while a body is sent, and no longer: docs/benchmarks.md has what others cost */
	RECEIVE_BUFFER = 4 << 10,
};

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

uint64_t visit_sent(const struct visit *v)
{
	curl_off_t sent = 0;

	if (!v->exchange.post || curl_easy_getinfo(v->curl, CURLINFO_SIZE_UPLOAD_T, &sent) != CURLE_OK || sent < 0)
		return 0;
	return (uint64_t)sent;
}

/* --- requests --- */

/* Let in by the gate. */
static void on_enter(void *owner)
{
	struct visit *v = owner;

	if (client_take_in(v->client, v))
		client_finish(v->client, v, CURLE_OUT_OF_MEMORY);
}

static bool has_met(const void *owner)
{
	const struct visit *v = owner;
	curl_off_t us = 0;

	return curl_easy_getinfo(v->curl, CURLINFO_CONNECT_TIME_T, &us) == CURLE_OK && us > 0;
}

#define SET(option, value) (failed = failed || curl_easy_setopt(curl, (option), (value)) != CURLE_OK)

/* "http://10.0.0.1:80", "http://[::1]:80". */
static bool is_numeric(const char *origin)
{
	const char *host = strstr(origin, "//") + 2;

	return *host == '[' || host[strspn(host, "0123456789.")] == ':';
}

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
	SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_NONE); /* it knows no password, and answers no challenge */
	SET(CURLOPT_PATH_AS_IS, 1L);               /* the login's hash is over the path as it is sent */
	SET(CURLOPT_USERAGENT, "firmflash/" FIRMSEAL_VERSION);
	SET(CURLOPT_FRESH_CONNECT, 1L);            /* libcurl repeats a request when a kept connection turns out dead */
	SET(CURLOPT_FORBID_REUSE, 1L);
	SET(CURLOPT_NOSIGNAL, 1L);
	if (is_numeric(v->options.address->origin)) /* else each end of a request looks through all addresses of the last minute */
		SET(CURLOPT_DNS_CACHE_TIMEOUT, 0L);
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
	*v = (struct visit){.client = c, .options = *options, .waiter = {.turn = client_turn, .owner = v},
			    .pass = {.enter = on_enter, .met = has_met, .owner = v}};
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
	client_take_out(v->client, v);
}

void visit_close(struct visit **v)
{
	if (!*v)
		return;
	client_take_out((*v)->client, *v);
	curl_easy_cleanup((*v)->curl);
	curl_slist_free_all((*v)->fields);
	wipe_free((*v)->bearer);
	exchange_end(&(*v)->exchange);
	free(*v);
	*v = NULL;
}

void visit_login(struct visit *v, const char *user, const struct secret *password, const char *realm)
{
	login_set(&v->login, user, password, realm);
}

bool visit_ready(const struct visit *v)
{
	return login_ready(&v->login);
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

/* Sets the header fields of the next request: TYPE of its body, unless that is NULL, the token, and the answer to the last challenge. */
static int set_fields(struct visit *v, const char *type)
{
	char login[LOGIN_FIELD_MAX];

	v->exchange.tried = login_field(&v->login, login, type ? "POST" : "GET", v->path);
	curl_easy_setopt(v->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(v->fields);
	v->fields = NULL;
	if (add_field(v, v->bearer) || (v->exchange.tried && add_field(v, login)) || add_field(v, type) || add_field(v, type ? "Expect:" : NULL)) /* an old lighttpd answers 417 to it */
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

int client_send(struct client *c, struct visit *v)
{
	const struct post *post = v->exchange.post;
	bool image = post && post->image; /* those are counted elsewhere, and may take as long as they want */

	v->error[0] = v->failure[0] = '\0';
	if (set_request(v, v->path, post) != 0)
		return -1;
	if (!image && !gate_ask(&c->gate, &v->pass))
		return 0;
	if (client_take_in(c, v) == 0)
		return 0;
	gate_leave(&c->gate, &v->pass);
	return -1;
}

static int begin(struct visit *v, const char *path, struct post *post, bool keep_challenge, visit_told *told, void *owner, struct err *e)
{
	exchange_begin(&v->exchange, post, v->login.user ? v->login.realm : v->options.realm, loop_now(v->client->loop));
	v->exchange.keep_challenge = keep_challenge;
	v->path = path;
	v->told = told;
	v->owner = owner;
	return client_send(v->client, v) == 0 ? 0 : err_set(e, VERDICT_SYSTEM, "cannot begin a request: out of memory");
}

int visit_begin(struct visit *v, const char *path, struct post *post, visit_told *told, void *owner, struct err *e)
{
	return begin(v, path, post, false, told, owner, e);
}

int visit_renew(struct visit *v, const char *path, visit_told *told, void *owner, struct err *e)
{
	return begin(v, path, NULL, true, told, owner, e);
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

bool visit_somebody(const struct visit *v)
{
	long number = 0;

	return has_met(v) || (curl_easy_getinfo(v->curl, CURLINFO_OS_ERRNO, &number) == CURLE_OK &&
			      (number == ECONNREFUSED || number == ECONNRESET));
}

const char *visit_peer(const struct visit *v)
{
	char *peer = NULL;

	return curl_easy_getinfo(v->curl, CURLINFO_PRIMARY_IP, &peer) == CURLE_OK && peer ? peer : "";
}
