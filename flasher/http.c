/* SPDX-License-Identifier: ISC */
/* Pushes an image over HTTP: a small GET draws the Digest challenge, then one POST carries the image, once. */
#include "flasher/http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "flasher/exchange.h"
#include "flasher/wipe.h"

enum {
	CONNECT_MS = 15000,
	SMALL_GET_MS = 30000,
	BUFFER_SIZE = 256 << 10,
};

struct http {
	struct device base;
	CURL *curl;
	struct curl_slist *fields;
	struct http_options options;
	const struct board_way *way;
	bool asked;               /* the probe was asked for a password */
	struct progress *progress;
	char error[CURL_ERROR_SIZE];
	struct exchange exchange;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int http_start(struct err *e)
{
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, wipe_malloc, wipe_free, wipe_realloc, wipe_strdup, wipe_calloc))
		return err_set(e, VERDICT_SYSTEM, "cannot start libcurl");
	return 0;
}

void http_stop(void)
{
	curl_global_cleanup();
}

/* --- what libcurl tells of an exchange --- */

static size_t on_header(char *line, size_t size, size_t n, void *context)
{
	return exchange_head(&((struct http *)context)->exchange, line, size * n) == 0 ? size * n : 0;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
	return exchange_body(&((struct http *)context)->exchange, bytes, size * n) == 0 ? size * n : 0;
}

static size_t on_upload(char *buf, size_t size, size_t n, void *context)
{
	ssize_t got = exchange_upload(&((struct http *)context)->exchange, buf, size * n);

	return got >= 0 ? (size_t)got : CURL_READFUNC_ABORT;
}

/* Called at least once a second. */
static int on_tick(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
	struct http *h = context;

	(void)down_total;
	(void)down;
	(void)up_total;
	if (h->progress)
		progress_update(h->progress, (uint64_t)up);
	return exchange_tick(&h->exchange, (uint64_t)up, now_ms(), h->options.timeout_ms);
}

/* --- requests --- */

#define SET(option, value) (failed = failed || curl_easy_setopt(curl, (option), (value)) != CURLE_OK)

/* What holds for every request of this device. */
static int set_common(struct http *h)
{
	CURL *curl = h->curl;
	bool failed = false;

	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");                    /* also shuts out http_proxy of the environment */
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_DIGEST); /* Basic would hand the password to whoever answers */
	SET(CURLOPT_USERNAME, h->options.user);
	SET(CURLOPT_PASSWORD, secret_text(h->options.password));
	SET(CURLOPT_USERAGENT, "firmflash/" FIRMSEAL_VERSION);
	SET(CURLOPT_FRESH_CONNECT, 1L);            /* libcurl repeats a request when a kept connection turns out dead */
	SET(CURLOPT_FORBID_REUSE, 1L);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(h->options.timeout_ms < CONNECT_MS ? h->options.timeout_ms : CONNECT_MS));
	SET(CURLOPT_UPLOAD_BUFFERSIZE, (long)BUFFER_SIZE);
	SET(CURLOPT_MAX_SEND_SPEED_LARGE, (curl_off_t)h->options.rate);
	SET(CURLOPT_ERRORBUFFER, h->error);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, h);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, h);
	SET(CURLOPT_READFUNCTION, on_upload);      /* and no seek function: what was read cannot be sent again */
	SET(CURLOPT_READDATA, h);
	SET(CURLOPT_XFERINFOFUNCTION, on_tick);
	SET(CURLOPT_XFERINFODATA, h);
	SET(CURLOPT_NOPROGRESS, 0L);
	return failed ? -1 : 0;
}

/* Adds a header field to those of the POST. */
static int add_field(struct http *h, const char *field)
{
	struct curl_slist *more = curl_slist_append(h->fields, field);

	if (!more)
		return -1;
	h->fields = more;
	return 0;
}

static int set_post(struct http *h, const struct post *post)
{
	char type[64 + POST_BOUNDARY_LEN];
	CURL *curl = h->curl;
	bool failed = false;

	snprintf(type, sizeof type, "Content-Type: multipart/form-data; boundary=%s", post->boundary);
	failed = add_field(h, type) || add_field(h, "Expect:"); /* an old lighttpd answers 417 to it */
	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post_size(post));
	SET(CURLOPT_HTTPHEADER, h->fields);
	SET(CURLOPT_TIMEOUT_MS, 0L);
	if (!h->asked) { /* without a challenge libcurl would send an empty POST first, to draw one */
		SET(CURLOPT_USERNAME, NULL);
		SET(CURLOPT_PASSWORD, NULL);
	}
	return failed ? -1 : 0;
}

static int set_get(struct http *h)
{
	uint64_t ms = h->options.timeout_ms;
	CURL *curl = h->curl;
	bool failed = false;

	SET(CURLOPT_HTTPGET, 1L);
	SET(CURLOPT_HTTPHEADER, NULL);
	SET(CURLOPT_TIMEOUT_MS, (long)(ms < SMALL_GET_MS ? ms : SMALL_GET_MS));
	return failed ? -1 : 0;
}

static CURLcode perform(struct http *h, const char *path, struct post *post)
{
	char url[sizeof h->options.address->origin + BOARD_PATH_MAX + 1];

	snprintf(url, sizeof url, "%s%s", h->options.address->origin, path);
	exchange_begin(&h->exchange, post, h->options.board->realm, now_ms());
	h->error[0] = '\0';
	if ((post ? set_post(h, post) : set_get(h)) || curl_easy_setopt(h->curl, CURLOPT_URL, url) != CURLE_OK)
		return CURLE_OUT_OF_MEMORY;
	return curl_easy_perform(h->curl);
}

/* Why the last exchange failed, in printable words. */
static const char *reason(const struct http *h, CURLcode code, char *out, size_t size)
{
	const char *text = h->exchange.halted ? h->exchange.halted : h->error[0] ? h->error : curl_easy_strerror(code);

	return err_quote(out, size, text, strlen(text));
}

/* --- the seam's functions --- */

static int judge_401(const struct http *h, struct result *r)
{
	const struct challenge *c = &h->exchange.challenge;

	if (c->digest)
		return result_set(r, OUTCOME_FAILED, "wrong user or password (HTTP 401)");
	if (c->other)
		return result_set(r, OUTCOME_REJECTED,
				  "the board asks for the password by Basic or another scheme that may give it "
				  "away, not by Digest; it was not sent");
	return result_set(r, OUTCOME_FAILED, "the board answered HTTP 401 and named no way to log in");
}

static int http_probe(struct device *d, struct result *r)
{
	struct http *h = (struct http *)d;
	struct exchange *x = &h->exchange;
	const char *path = h->options.board->probe;
	char why[256], realm[160];
	CURLcode code = perform(h, path, NULL);
	int status = x->answer.status;

	h->asked = x->answers > 1;
	if (x->foreign)
		return result_set(r, OUTCOME_REJECTED,
				  "another kind of board: its realm is \"%s\", that of %s is \"%s\"",
				  err_quote(realm, sizeof realm, x->challenge.realm, strlen(x->challenge.realm)),
				  h->options.board->id, h->options.board->realm);
	if (code != CURLE_OK && !x->overflow)
		return result_set(r, OUTCOME_FAILED, "%s", reason(h, code, why, sizeof why));
	if (status == 401)
		return judge_401(h, r);
	if (status >= 300 && status < 400)
		return result_set(r, OUTCOME_FAILED,
				  "GET %s was answered with a redirect (HTTP %d), which is not followed", path, status);
	if (status >= 300 && status != 404) /* a page that is not there was asked for behind the same door */
		return result_set(r, OUTCOME_FAILED, "GET %s was answered HTTP %d", path, status);
	return 0;
}

static void http_upload(struct device *d, const struct image *image, struct progress *progress, struct result *r)
{
	struct http *h = (struct http *)d;
	struct exchange *x = &h->exchange;
	char why[256];
	struct post post;
	CURLcode code;

	post_init(&post, image, h->options.board->field);
	h->progress = progress;
	code = perform(h, h->way->upgrade, &post);
	h->progress = NULL;
	reason(h, code, why, sizeof why);
	x->answer.sent = post.at == post_size(&post);
	x->answer.whole = code == CURLE_OK;
	if (x->answer.status || post.at > 0)
		answer_judge(r, h->options.board->dialect, &x->answer, code == CURLE_OK ? NULL : why);
	else
		result_set(r, OUTCOME_FAILED, "%s; no byte of the image was sent", why);
	if (post.at == 0 && r->outcome == OUTCOME_UNKNOWN) /* an odd answer, but to nothing */
		r->outcome = OUTCOME_FAILED;
}

static int http_reboot(struct device *d, struct err *e)
{
	struct http *h = (struct http *)d;
	const struct exchange *x = &h->exchange;
	long sent = 0;
	char why[256];
	CURLcode code;

	if (!h->way->reboot[0])
		return 0;
	code = perform(h, h->way->reboot, NULL);
	if (x->answer.status >= 200 && x->answer.status < 300)
		return 1;
	if (x->answer.status)
		return err_set(e, VERDICT_SYSTEM, "GET %s was answered HTTP %d", h->way->reboot, x->answer.status);
	/* A board that goes down at once gives no answer. */
	if (curl_easy_getinfo(h->curl, CURLINFO_REQUEST_SIZE, &sent) == CURLE_OK && sent > 0)
		return 1;
	return err_set(e, VERDICT_SYSTEM, "GET %s: %s", h->way->reboot, reason(h, code, why, sizeof why));
}

static void http_close(struct device *d)
{
	struct http *h = (struct http *)d;

	if (!h)
		return;
	curl_easy_cleanup(h->curl);
	curl_slist_free_all(h->fields);
	free(h);
}

int http_open(struct device **out, const struct http_options *options, struct err *e)
{
	struct http *h = calloc(1, sizeof *h);

	*out = NULL;
	if (!h)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	h->base = (struct device){http_probe, http_upload, http_reboot, http_close};
	h->options = *options;
	h->way = options->wipe ? &options->board->wipe : &options->board->keep;
	h->curl = curl_easy_init();
	if (!h->curl || set_common(h)) {
		http_close(&h->base);
		return err_set(e, VERDICT_SYSTEM, "cannot set libcurl up");
	}
	*out = &h->base;
	return 0;
}
