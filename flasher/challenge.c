/* SPDX-License-Identifier: ISC */
/* Tells Digest from other schemes, and takes the realm: a fingerprint of the kind of board. */
#include "flasher/challenge.h"

#include <string.h>
#include <strings.h>

/* What is left of a field value. */
struct cursor {
	const char *at, *end;
};

static bool token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr("!#$%&'*+-.^_`|~", c);
}

static void skip(struct cursor *p, const char *set)
{
	while (p->at < p->end && *p->at && strchr(set, *p->at))
		p->at++;
}

static size_t token(struct cursor *p, const char **start)
{
	*start = p->at;
	while (p->at < p->end && *p->at && token_char(*p->at))
		p->at++;
	return (size_t)(p->at - *start);
}

static bool word_is(const char *at, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(at, word, len) == 0;
}

/* Takes a parameter's value, quoted or bare, into OUT (cut; NULL: thrown away). */
static void take_value(struct cursor *p, char *out, size_t size)
{
	bool quoted = p->at < p->end && *p->at == '"';
	size_t n = 0;

	if (quoted)
		p->at++;
	while (p->at < p->end && (quoted ? *p->at != '"' : *p->at && token_char(*p->at))) {
		if (quoted && *p->at == '\\' && p->at + 1 < p->end)
			p->at++;
		if (out && n + 1 < size)
			out[n++] = *p->at;
		p->at++;
	}
	if (quoted && p->at < p->end)
		p->at++;
	if (out)
		out[n] = '\0';
}

void challenge_add(struct challenge *c, const char *value, size_t len)
{
	struct cursor p = {value, value + len};
	bool in_digest = false;

	for (;;) {
		const char *word;
		size_t n;

		skip(&p, " \t,");
		n = token(&p, &word);
		if (n == 0)
			return;
		skip(&p, " \t");
		if (p.at < p.end && *p.at == '=') { /* a parameter of the scheme before */
			p.at++;
			skip(&p, " \t");
			take_value(&p, in_digest && word_is(word, n, "realm") ? c->realm : NULL, sizeof c->realm);
			continue;
		}
		in_digest = word_is(word, n, "Digest");
		if (in_digest)
			c->digest = true;
		else
			c->other = true;
	}
}
