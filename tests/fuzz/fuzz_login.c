/* SPDX-License-Identifier: ISC */
/* What a board may answer to get at a password: a whole visit of a board (probe, page, upload, reboot) whose answers are the input, as of
 * fuzz_exchange. All that would leave this machine is looked through: the password of a Digest line is in it in no form, whatever the board
 * says and whatever its profile is; that of a token line is in the one request that its profile names. The first byte says what is tried. */
#define _GNU_SOURCE /* memfd_create */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "flasher/http.h"
#include "flasher/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TOKEN_BOARD = 1, TOKEN_LINE = 2, NO_REALM = 4, WIPE = 8, SENT_MAX = 1 << 16, ANSWERS = 24 };

/* Different in each of the forms below. */
static const char password[] = "q\"7 \\\xc3\xa9/+=Zk";
static const char *const forms[] = {
	"q\"7 \\\xc3\xa9/+=Zk",                            /* raw */
	"q%227%20%5C%C3%A9%2F%2B%3DZk", "q%227%20%5c%c3%a9%2f%2b%3dZk", "q%227+%5C%C3%A9%2F%2B%3DZk", "q%227%20%5C%C3%A9/%2B=Zk", /* percent-encoded */
	"cSI3IFzDqS8rPVpr", "cm9vdDpxIjcgXMOpLys9Wms=", "OnEiNyBcw6kvKz1aaw==", /* base64, alone, as of Basic, without a user */
	"q\\\"7 \\\\\xc3\xa9/+=Zk", "q\\\"7 \\\\\\u00e9/+=Zk", "q\\u00227 \\u005c", "q\\\"7 \\\\\xc3\xa9\\/+=Zk", /* as JSON has it */
};

/* --- the network: what goes out is kept, what comes in is the input --- */

static char sent[SENT_MAX];
static size_t sent_len;
static const char *at;
static size_t left;
static unsigned answers;
static struct visit *opened;

struct visit {
	struct visit_options options;
	struct exchange exchange;
	struct login login;
	char bearer[2048];
	const char *path;
	visit_told *told;
	void *owner;
	bool failed;
};

static void put(const char *bytes, size_t len)
{
	len = len > SENT_MAX - sent_len ? SENT_MAX - sent_len : len;
	memcpy(sent + sent_len, bytes, len);
	sent_len += len;
}

int visit_open(struct visit **out, struct client *c, const struct visit_options *options, struct err *e)
{
	(void)c, (void)e;
	*out = calloc(1, sizeof **out);
	if (!*out)
		abort();
	(*out)->options = *options;
	opened = *out;
	return 0;
}

void visit_close(struct visit **v)
{
	if (*v)
		exchange_end(&(*v)->exchange);
	free(*v);
	*v = NULL;
}

void visit_cancel(struct visit *v) { v->told = NULL; }
void visit_login(struct visit *v, const char *user, const struct secret *s, const char *realm) { login_set(&v->login, user, s, realm); }
bool visit_ready(const struct visit *v) { return login_ready(&v->login); }
const struct exchange *visit_exchange(const struct visit *v) { return &v->exchange; }
const char *visit_failure(const struct visit *v) { return v->failed ? "it broke off" : NULL; }
uint64_t visit_request_bytes(const struct visit *v) { return v->path ? 100 : 0; }
const char *visit_peer(const struct visit *v) { return v->options.address->text; }
uint64_t visit_sent(const struct visit *v) { return v->exchange.post ? v->exchange.post->at : 0; }
struct loop *client_loop(const struct client *c) { return (struct loop *)(uintptr_t)c; }

int visit_bearer(struct visit *v, const char *token, struct err *e)
{
	(void)e;
	snprintf(v->bearer, sizeof v->bearer, "%s", token ? token : "");
	return 0;
}

static int begin(struct visit *v, const char *path, struct post *post, bool keep, visit_told *told, void *owner)
{
	exchange_begin(&v->exchange, post, v->login.user ? v->login.realm : v->options.realm, 0);
	v->exchange.keep_challenge = keep;
	v->path = path;
	v->told = told;
	v->owner = owner;
	return 0;
}

int visit_begin(struct visit *v, const char *path, struct post *post, visit_told *told, void *owner, struct err *e)
{
	(void)e;
	return begin(v, path, post, false, told, owner);
}

int visit_renew(struct visit *v, const char *path, visit_told *told, void *owner, struct err *e)
{
	(void)e;
	return begin(v, path, NULL, true, told, owner);
}

/* As client_visit.c has it. */
static void send_request(struct visit *v)
{
	char field[LOGIN_FIELD_MAX], body[4096];
	struct post *post = v->exchange.post;
	ssize_t n;

	v->exchange.tried = login_field(&v->login, field, post ? "POST" : "GET", v->path);
	put(v->path, strlen(v->path));
	put(field, strlen(field));
	put(v->bearer, strlen(v->bearer));
	while (post && (n = exchange_upload(&v->exchange, body, sizeof body)) > 0)
		put(body, (size_t)n);
}

static size_t line_length(void)
{
	const char *end = memchr(at, '\n', left);

	return end ? (size_t)(end - at) + 1 : left;
}

/* One answer off the input. Returns 0, or -1 when the exchange broke off. */
static int receive(struct exchange *x)
{
	size_t n;

	do {
		n = line_length();
		if (n == 0 || exchange_head(x, at, n) != 0)
			return -1;
		at += n;
		left -= n;
	} while (n > 2);
	while (left > 0 && (left < 5 || memcmp(at, "HTTP/", 5) != 0)) {
		n = line_length();
		if (exchange_body(x, at, n) != 0)
			return -1;
		at += n;
		left -= n;
	}
	return 0;
}

/* Carries V's requests out, until nothing is begun any more. */
static void run(struct visit *v)
{
	while (v->told && answers++ < ANSWERS) {
		visit_told *told = v->told;

		v->told = NULL;
		do {
			send_request(v);
			v->failed = receive(&v->exchange) != 0;
		} while (!v->failed && exchange_again(&v->exchange, &v->login));
		v->exchange.answer.whole = !v->failed;
		v->exchange.answer.sent = v->exchange.post && v->exchange.post->at == post_size(v->exchange.post);
		told(v->owner, v);
	}
}

/* --- the board --- */

static struct secret *secret(void)
{
	struct secret *s = NULL;
	int ends[2];

	if (pipe(ends) || write(ends[1], password, sizeof password - 1) != sizeof password - 1 || close(ends[1]) || secret_read(&s, NULL, ends[0], NULL))
		abort();
	close(ends[0]);
	return s;
}

static enum outcome outcome;

static void on_told(void *owner, const struct result *r)
{
	(void)owner;
	outcome = r->outcome;
}

static bool leaves(const char *form)
{
	size_t n = strlen(form);

	for (size_t i = 0; i + n <= sent_len; i++)
		if (memcmp(sent + i, form, n) == 0)
			return true;
	return false;
}

static void act(struct visit *v)
{
	outcome = OUTCOME_FAILED;
	run(v);
}

static void visit_board(struct http *h, const struct image *image, struct visit *v)
{
	http_probe(h, on_told, NULL);
	act(v);
	http_get(h, "/cgi-bin/miner_type.cgi", on_told, NULL);
	act(v);
	http_probe(h, on_told, NULL);
	act(v);
	if (outcome != OUTCOME_ACCEPTED)
		return;
	http_upload(h, image, on_told, NULL);
	act(v);
	http_reboot(h, on_told, NULL);
	act(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct board digest = {.id = "d", .dialect = BOARD_JSON, .realm = "antMiner Configuration", .probe = "/p", .field = "f", .keep = {"/u", "/r"}, .wipe = {"/w", "/x"}},
			    token = {.id = "t", .dialect = BOARD_TOKEN, .probe = "/p", .unlock = "/unlock", .unlock_key = "pw", .keep_field = "keep", .field = "f",
				     .keep = {"/u", "/r"}, .wipe = {"/w", "/x"}};
	static struct address address = {.text = "10.0.0.1", .origin = "http://10.0.0.1:80"};
	static struct image image = {.fd = -1, .size = 64, .name = "p-1.firm.tar"};
	static struct credential line = {.user = "root"};
	static char client;
	struct http_options options = {.address = &address, .timeout_ms = 1000};
	struct http *h = NULL;
	bool token_line;

	if (size < 1)
		return 0;
	at = (const char *)data + 1;
	left = size - 1;
	for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) /* a board may say it, if it knows it; then it may be echoed */
		for (size_t i = 0, n = strlen(forms[f]); i + n <= left; i++)
			if (memcmp(at + i, forms[f], n) == 0)
				return 0;
	if (image.fd < 0) {
		image.fd = memfd_create("image", MFD_CLOEXEC);
		if (image.fd < 0 || ftruncate(image.fd, 64))
			abort();
		line.password = secret();
	}
	token_line = data[0] & TOKEN_LINE;
	options.board = data[0] & TOKEN_BOARD ? &token : &digest;
	options.wipe = data[0] & WIPE;
	line.scheme = token_line ? CREDENTIAL_TOKEN : CREDENTIAL_DIGEST;
	snprintf(digest.realm, sizeof digest.realm, "%s", data[0] & NO_REALM ? "" : "antMiner Configuration");
	sent_len = 0;
	answers = 0;
	if (http_open(&h, (struct client *)(void *)&client, &options, NULL))
		abort();
	http_login(h, &line, NULL);
	visit_board(h, &image, opened);
	http_close(&h);
	for (size_t f = 0; f < sizeof forms / sizeof *forms; f++)
		if (leaves(forms[f]) && !(token_line && options.board == &token))
			abort();
	if ((token_line || options.board == &token || data[0] & NO_REALM) && leaves("Authorization: Digest"))
		abort();
	return 0;
}
