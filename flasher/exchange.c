/* SPDX-License-Identifier: ISC */
/* The rules of an exchange: how much may come, how often, how slowly, and when to stop. */
#include "flasher/exchange.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void exchange_begin(struct exchange *x, struct post *post, const char *realm, uint64_t now_ms)
{
	exchange_end(x);
	memset(x, 0, sizeof *x);
	x->post = post;
	x->realm = realm;
	x->mark_ms = now_ms;
}

void exchange_end(struct exchange *x)
{
	free(x->body);
	x->body = NULL;
	x->answer.body = NULL;
	x->room = x->answer.len = 0;
}

static int halt(struct exchange *x, const char *why)
{
	x->halted = why;
	return -1;
}

/* A status line begins an answer, and what an answer before it brought no longer counts. */
static int on_status(struct exchange *x, const char *line, size_t len)
{
	const char *space = memchr(line, ' ', len);
	uint64_t status = 0;

	if (!space || line + len - space < 4 || text_number(&status, (struct span){space + 1, 3}, 999))
		return halt(x, "the board's status line is malformed");
	if (status < 200)
		return 0;
	x->answer = (struct answer){.status = (int)status, .body = x->body};
	x->challenge = (struct challenge){.digest = false};
	if (x->post && status == 401)
		return halt(x, "the password was asked for again"); /* a body is sent once */
	x->answers++;
	return 0;
}

bool exchange_again(struct exchange *x, struct login *l)
{
	enum login_step step = login_judge(l, x->answer.status, &x->challenge, x->tried);

	if (step == LOGIN_OVER || x->foreign || x->post || (x->keep_challenge && x->tried))
		return false;
	if (x->answers >= LOGIN_ANSWERS_MAX) {
		halt(x, "the board keeps asking for the password");
		return false;
	}
	x->answer = (struct answer){.status = 0, .body = x->body}; /* if no other one comes, none came */
	return true;
}

/* Points *VALUE at the value of field NAME, without white space at its ends. False when LINE is another field. */
static bool field_value(struct span *value, const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);

	if (len <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
		return false;
	*value = (struct span){line + n + 1, len - n - 1};
	while (value->len && memchr(" \t", value->at[0], 2)) {
		value->at++;
		value->len--;
	}
	while (value->len && memchr(" \t\r\n", value->at[value->len - 1], 4))
		value->len--;
	return true;
}

static void take_word(struct answer *a, struct span value)
{
	if (a->word[0] || value.len == 0 || value.len > ANSWER_WORD_MAX) {
		memcpy(a->word, "?", 2); /* two words, or none that fits: no word at all, but not silence either */
		return;
	}
	memcpy(a->word, value.at, value.len);
	a->word[value.len] = '\0';
}

int exchange_head(struct exchange *x, const char *line, size_t len)
{
	struct span value;

	x->head_bytes += len;
	if (x->head_bytes > EXCHANGE_HEAD_MAX)
		return halt(x, "the board's answer has no end of header fields");
	if (len > 5 && memcmp(line, "HTTP/", 5) == 0)
		return on_status(x, line, len);
	if (field_value(&value, line, len, "WWW-Authenticate"))
		challenge_add(&x->challenge, x->realm, value.at, value.len);
	if (field_value(&value, line, len, "Firmseal-Verdict"))
		take_word(&x->answer, value);
	if (len <= 2 && x->answer.status == 401)
		x->foreign = x->challenge.digest && *x->realm && strcmp(x->realm, x->challenge.realm) != 0;
	return 0;
}

int exchange_body(struct exchange *x, const char *bytes, size_t len)
{
	if (len == 0) /* libcurl's way to hand over an empty one; no room was made yet to copy it to */
		return 0;
	if (x->answer.status == 401) /* a page for people, of any length within the request's time */
		return 0;
	if (len > ANSWER_MAX - x->answer.len) {
		x->overflow = true;
		return halt(x, "the answer is too long");
	}
	if (len > x->room - x->answer.len) {
		size_t room = 2 * (x->answer.len + len);
		char *more = realloc(x->body, room);

		if (!more)
			return halt(x, "out of memory for the answer");
		x->body = more;
		x->room = room;
	}
	x->answer.body = x->body;
	memcpy(x->body + x->answer.len, bytes, len);
	x->answer.len += len;
	return 0;
}

ssize_t exchange_upload(struct exchange *x, char *buf, size_t len)
{
	ssize_t n = x->post ? post_read(x->post, buf, len) : -1;

	return n >= 0 ? n : halt(x, "the image cannot be read");
}

/* While the image goes out a trickle will do, at the rate at which firmverify, too, gives a client up: with one of some bytes now and then
 * a board could keep a rollout from its end for months. Once it is out, there is one timeout for the whole answer, or a board
 * could hold us with a byte now and then. */
int exchange_tick(struct exchange *x, uint64_t sent, uint64_t now_ms, uint64_t timeout_ms)
{
	bool all = x->post && sent == post_size(x->post);
	uint64_t seconds = timeout_ms / 1000, due = EXCHANGE_STALL_BYTES * (seconds > 0 ? seconds : 1);

	if (sent - x->mark_bytes >= due || (all && sent > x->mark_bytes)) {
		x->mark_bytes = sent;
		x->mark_ms = now_ms;
	}
	if (now_ms - x->mark_ms <= timeout_ms)
		return 0;
	return halt(x, all ? "no answer in time" : x->post ? "the board stopped taking bytes" : "no answer in time");
}
