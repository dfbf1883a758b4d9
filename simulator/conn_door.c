/* SPDX-License-Identifier: ISC */
/* Who may come in: by Digest, or by a token that a password bought. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulator/conn_parts.h"
#include "simulator/digest.h"

enum {
	SMALL_MAX = 2048, /* bytes of a body that is read whole */
	TOKEN_LEN = 32,
};

static struct digest_door door_of(const struct conn *c)
{
	const struct sim_board *b = c->board;
	const struct farm_options *o = &b->farm->options;

	return (struct digest_door){
		.realm = b->kind->profile.realm[0] ? b->kind->profile.realm : "firmseal",
		.user = o->user,
		.password = conn_behaves(c, BEHAVE_DEFAULT_PASSWORD) ? o->default_password : o->password,
		.secret = b->farm->secret,
		.board = b->index,
		.sha256 = conn_behaves(c, BEHAVE_SHA256),
		.no_qop = conn_behaves(c, BEHAVE_NO_QOP),
		.stale_first = conn_behaves(c, BEHAVE_STALE),
		.once = conn_behaves(c, BEHAVE_ONCE),
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
	const char *password = conn_behaves(c, BEHAVE_DEFAULT_PASSWORD) ? b->farm->options.default_password : b->farm->options.password;
	char key[TEXT_NAME_MAX + 3], given[sizeof b->farm->options.password], token[TOKEN_LEN + 1];
	struct reply r = {.status = 401, .type = "application/json"};

	snprintf(key, sizeof key, "\"%s\"", b->kind->profile.unlock_key);
	if (request_member(given, sizeof given, key, c->out, c->out_len) == 0 && strcmp(given, password) == 0 &&
	    !conn_behaves(c, BEHAVE_WRONG_PASSWORD)) {
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
	conn_compose(c, &r);
	conn_answer(c);
}

void conn_small_begin(struct conn *c)
{
	struct reply r = {.status = 413};

	c->out = c->body_left > 0 && c->body_left <= SMALL_MAX ? malloc((size_t)c->body_left) : NULL;
	if (c->out)
		c->state = STATE_SMALL;
	else
		conn_answer_after_body(c, &r);
}

void conn_small_comes(struct conn *c, const char *bytes, size_t len)
{
	memcpy(c->out + c->out_len, bytes, len);
	c->out_len += len;
	c->body_left -= len;
	if (c->body_left == 0)
		unlock(c);
}

/* The page that tells what the board is asks for none. */
bool conn_admit_token(struct conn *c, const struct request *q)
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
	conn_answer_after_body(c, &r);
	return false;
}

bool conn_admit(struct conn *c, const struct request *q)
{
	const struct digest_door door = door_of(c);
	char challenge[DIGEST_CHALLENGE_MAX];
	uint64_t now = reactor_now_ms();
	enum digest_result result = digest_check(&door, q->method, q->target, q->authorization, now);
	struct reply r = {.status = 401};

	if (conn_behaves(c, BEHAVE_BASIC) || conn_behaves(c, BEHAVE_WRONG_PASSWORD))
		result = result == DIGEST_NONE ? DIGEST_NONE : DIGEST_WRONG;
	if (result == DIGEST_GOOD) {
		c->board->logins++;
		return true;
	}
	if (result == DIGEST_WRONG || (result == DIGEST_NONE && q->authorization.len))
		c->board->login_failures++;
	digest_challenge(challenge, &door, result == DIGEST_STALE, now);
	snprintf(r.field, sizeof r.field, "WWW-Authenticate: %s%s", conn_behaves(c, BEHAVE_BASIC) ? "Basic realm=\"" : "",
		 conn_behaves(c, BEHAVE_BASIC) ? "router\"" : challenge);
	conn_answer_after_body(c, &r);
	return false;
}
