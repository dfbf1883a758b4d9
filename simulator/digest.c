/* SPDX-License-Identifier: ISC */
/* Digest logins from the server's side. The only file here that calls libsodium, for SHA-256. */
#include "simulator/digest.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/md5.h"

enum {
	HEX_MAX = DIGEST_HEX_MAX,
	NONCE_LEN = 1 + 16 + 32, /* kind, milliseconds, keyed hash */
	INPUT_MAX = 2048,        /* bytes of what is hashed */
};

/* The parameters of an Authorization field (RFC 7616 section 3.4); absent ones have length 0. */
struct credentials {
	struct span username, realm, nonce, uri, response, algorithm, qop, nc, cnonce;
};

/* --- the field --- */

static void skip_blanks(struct span *s)
{
	while (s->len && (s->at[0] == ' ' || s->at[0] == '\t')) {
		s->at++;
		s->len--;
	}
}

static bool token_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static struct span take_token(struct span *s)
{
	struct span word = {s->at, 0};

	while (word.len < s->len && token_byte(s->at[word.len]))
		word.len++;
	s->at += word.len;
	s->len -= word.len;
	return word;
}

/* A quoted value (no escapes: none of these parameters needs one) or a bare one. Returns 0 or -1. */
static int take_value(struct span *s, struct span *out)
{
	const char *end;

	if (s->len == 0 || s->at[0] != '"') {
		*out = take_token(s);
		return out->len ? 0 : -1;
	}
	end = memchr(s->at + 1, '"', s->len - 1);
	if (!end)
		return -1;
	*out = (struct span){s->at + 1, (size_t)(end - s->at) - 1};
	s->len -= out->len + 2;
	s->at = end + 1;
	return memchr(out->at, '\\', out->len) ? -1 : 0;
}

static bool word_is(struct span s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.at, word, s.len) == 0;
}

static struct span *member(struct credentials *c, struct span name)
{
	const struct {
		const char *name;
		struct span *at;
	} known[] = {{"username", &c->username}, {"realm", &c->realm}, {"nonce", &c->nonce}, {"uri", &c->uri},
		     {"response", &c->response}, {"algorithm", &c->algorithm}, {"qop", &c->qop}, {"nc", &c->nc},
		     {"cnonce", &c->cnonce}};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (word_is(name, known[i].name))
			return known[i].at;
	return NULL;
}

/* Returns 0, or -1: not Digest, malformed, or a parameter twice. */
static int parse(struct credentials *c, struct span s)
{
	memset(c, 0, sizeof *c);
	if (!word_is(take_token(&s), "Digest"))
		return -1;
	for (;;) {
		struct span name, value, *at;

		skip_blanks(&s);
		name = take_token(&s);
		skip_blanks(&s);
		if (name.len == 0 || s.len == 0 || s.at[0] != '=')
			return -1;
		s.at++;
		s.len--;
		skip_blanks(&s);
		if (take_value(&s, &value))
			return -1;
		at = member(c, name);
		if (at && at->at)
			return -1;
		if (at)
			*at = value;
		skip_blanks(&s);
		if (s.len == 0)
			return 0;
		if (s.at[0] != ',')
			return -1;
		s.at++;
		s.len--;
	}
}

/* --- hashes --- */

/* The hash of the parts, a colon between two of them, in hexadecimal. Parts too long for any real login give "". */
static void hash_parts(char out[static HEX_MAX], bool sha256, const struct span *parts, size_t n)
{
	unsigned char raw[crypto_hash_sha256_BYTES];
	char text[INPUT_MAX];
	size_t len = 0, size = sha256 ? sizeof raw : MD5_SIZE;

	out[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		if (parts[i].len + 1 > sizeof text - len)
			return;
		if (i > 0)
			text[len++] = ':';
		if (parts[i].len)
			memcpy(text + len, parts[i].at, parts[i].len);
		len += parts[i].len;
	}
	if (sha256)
		crypto_hash_sha256(raw, (const unsigned char *)text, len);
	else
		md5_buffer(raw, text, len);
	for (size_t i = 0; i < size; i++)
		snprintf(out + 2 * i, 3, "%02x", raw[i]);
}

static struct span text_span(const char *text)
{
	return (struct span){text, strlen(text)};
}

void digest_response(char out[static DIGEST_HEX_MAX], const struct digest_door *door, const char *method, struct span target,
		     struct span nonce, struct span nc, struct span cnonce)
{
	char ha1[HEX_MAX], ha2[HEX_MAX];

	hash_parts(ha1, door->sha256, (struct span[]){text_span(door->user), text_span(door->realm), text_span(door->password)},
		   3);
	hash_parts(ha2, door->sha256, (struct span[]){text_span(method), target}, 2);
	if (door->no_qop)
		hash_parts(out, door->sha256, (struct span[]){text_span(ha1), nonce, text_span(ha2)}, 3);
	else
		hash_parts(out, door->sha256,
			   (struct span[]){text_span(ha1), nonce, nc, cnonce, text_span("auth"), text_span(ha2)}, 6);
}

/* --- nonces --- */

static void nonce_make(char out[static NONCE_LEN + 1], const struct digest_door *door, char kind, uint64_t ms)
{
	unsigned char raw[HASH_SIZE];
	struct hash h;
	int n = snprintf(out, NONCE_LEN + 1, "%c%016" PRIx64, kind, ms);

	hash_init(&h, HASH_SIZE);
	hash_update(&h, door->secret, DIGEST_SECRET_SIZE);
	hash_update(&h, &door->board, sizeof door->board);
	hash_update(&h, out, (size_t)n);
	hash_final(&h, raw, HASH_SIZE);
	for (size_t i = 0; i < 16; i++, n += 2)
		snprintf(out + n, 3, "%02x", raw[i]);
}

enum nonce { NONCE_FOREIGN, NONCE_OLD, NONCE_GOOD };

static enum nonce nonce_look(const struct digest_door *door, const struct credentials *c, uint64_t now_ms)
{
	char made[NONCE_LEN + 1];
	uint64_t ms = 0;

	if (c->nonce.len != NONCE_LEN || (c->nonce.at[0] != 'f' && c->nonce.at[0] != 's'))
		return NONCE_FOREIGN;
	for (size_t i = 1; i <= 16; i++) {
		const char *digit = strchr("0123456789abcdef", c->nonce.at[i]);

		if (!digit || !*digit)
			return NONCE_FOREIGN;
		ms = ms << 4 | (uint64_t)(*digit <= '9' ? *digit - '0' : *digit - 'a' + 10);
	}
	nonce_make(made, door, c->nonce.at[0], ms);
	if (!span_is(c->nonce, made))
		return NONCE_FOREIGN;
	if ((door->stale_first && c->nonce.at[0] == 'f') || (door->once && !span_is(c->nc, "00000001")) ||
	    (door->life_ms && now_ms - ms > door->life_ms))
		return NONCE_OLD;
	return NONCE_GOOD;
}

enum digest_result digest_check(const struct digest_door *door, const char *method, struct span target, struct span field,
				uint64_t now_ms)
{
	char want[DIGEST_HEX_MAX];
	struct credentials c;
	enum nonce nonce;

	if (parse(&c, field))
		return DIGEST_NONE;
	nonce = nonce_look(door, &c, now_ms);
	if (nonce == NONCE_FOREIGN || c.uri.len == 0 || !span_is(c.username, door->user) || !span_is(c.realm, door->realm) ||
	    c.uri.len != target.len || memcmp(c.uri.at, target.at, target.len) != 0)
		return DIGEST_WRONG;
	if (!word_is(c.algorithm, door->sha256 ? "SHA-256" : "MD5") && (c.algorithm.len || door->sha256))
		return DIGEST_WRONG;
	if (door->no_qop ? c.qop.len > 0 : !span_is(c.qop, "auth") || c.nc.len != 8 || c.cnonce.len == 0)
		return DIGEST_WRONG;
	digest_response(want, door, method, target, c.nonce, c.nc, c.cnonce);
	if (!*want || !span_is(c.response, want))
		return DIGEST_WRONG;
	return nonce == NONCE_OLD ? DIGEST_STALE : DIGEST_GOOD;
}

void digest_challenge(char out[static DIGEST_CHALLENGE_MAX], const struct digest_door *door, bool stale, uint64_t now_ms)
{
	char nonce[NONCE_LEN + 1];

	nonce_make(nonce, door, stale ? 's' : 'f', now_ms);
	snprintf(out, DIGEST_CHALLENGE_MAX, "Digest realm=\"%s\", nonce=\"%s\"%s%s%s", door->realm, nonce,
		 door->no_qop ? "" : ", qop=\"auth\"", door->sha256 ? ", algorithm=SHA-256" : ", algorithm=MD5",
		 stale ? ", stale=true" : "");
}
