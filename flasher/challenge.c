/* SPDX-License-Identifier: ISC */
/* The grammar of challenges, and which of them can be answered. */
#include "flasher/challenge.h"

#include <string.h>
#include <strings.h>

#include "core/text.h"

/* What is left of a field value. */
struct cursor {
	const char *at, *end;
};

/* The parameters of a Digest challenge. Unknown ones are passed over, as RFC 7616 section 3.3 wants. */
enum parameter { REALM, NONCE, OPAQUE, STALE, ALGORITHM, QOP, CHARSET, USERHASH, DOMAIN_LIST, PARAMETERS };

static const char *const names[PARAMETERS] = {"realm", "nonce", "opaque", "stale", "algorithm", "qop", "charset", "userhash", "domain"};

struct value {
	struct span text;  /* between its quotes */
	bool given, escape; /* ESCAPE: it holds a backslash, of which clients and servers make different things */
};

struct draft {
	struct value values[PARAMETERS];
	bool twice;
};

static bool is_token(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token68(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~+/", c));
}

static bool is_control(char c)
{
	return (unsigned char)c == 0x7f || ((unsigned char)c < 0x20 && c != '\t');
}

static void skip(struct cursor *p, const char *set)
{
	while (p->at < p->end && *p->at && strchr(set, *p->at))
		p->at++;
}

static bool at_end(const struct cursor *p, const char *or_at)
{
	return p->at == p->end || (*p->at && strchr(or_at, *p->at));
}

static struct span token(struct cursor *p)
{
	struct span word = {p->at, 0};

	while (p->at < p->end && is_token(*p->at))
		p->at++;
	word.len = (size_t)(p->at - word.at);
	return word;
}

static bool word_is(struct span s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.at, word, s.len) == 0;
}

/* A token or a quoted string. Returns 0, or -1: neither. */
static int take_value(struct cursor *p, struct value *v)
{
	*v = (struct value){.given = true};
	if (p->at == p->end || *p->at != '"') {
		v->text = token(p);
		return v->text.len ? 0 : -1;
	}
	v->text.at = ++p->at;
	for (; p->at < p->end && *p->at != '"'; p->at++) {
		if (*p->at == '\\' && p->at + 1 < p->end) {
			v->escape = true;
			p->at++;
		}
		if (is_control(*p->at))
			return -1;
	}
	if (p->at == p->end)
		return -1;
	v->text.len = (size_t)(p->at++ - v->text.at);
	return 0;
}

/* Skips what some schemes have in the place of parameters (RFC 9110 section 11.2). False when it is none. */
static bool take_token68(struct cursor *p)
{
	struct cursor q = *p;

	while (q.at < q.end && is_token68(*q.at))
		q.at++;
	if (q.at == p->at)
		return false;
	skip(&q, "=");
	skip(&q, " \t");
	if (!at_end(&q, ","))
		return false;
	*p = q;
	return true;
}

/* Does a parameter come next, and not the next scheme? */
static bool at_parameter(struct cursor p)
{
	if (token(&p).len == 0)
		return false;
	skip(&p, " \t");
	return p.at < p.end && *p.at == '=';
}

/* Takes the parameters of a scheme, and the comma behind them. Returns 0 or -1. */
static int take_parameters(struct cursor *p, struct draft *d)
{
	for (;;) {
		struct span name = token(p);
		struct value v;

		skip(p, " \t");
		if (name.len == 0 || p->at == p->end || *p->at != '=')
			return -1;
		p->at++;
		skip(p, " \t");
		if (take_value(p, &v) != 0)
			return -1;
		for (int i = 0; i < PARAMETERS; i++) {
			if (!word_is(name, names[i]))
				continue;
			d->twice = d->twice || d->values[i].given;
			d->values[i] = v;
		}
		skip(p, " \t");
		if (!at_end(p, ","))
			return -1;
		skip(p, " \t,");
		if (!at_parameter(*p))
			return 0;
	}
}

/* Undoes the escapes, cuts. */
static void copy_realm(char out[static CHALLENGE_REALM_MAX + 1], struct span text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len && n < CHALLENGE_REALM_MAX; i++) {
		if (text.at[i] == '\\' && i + 1 < text.len)
			i++;
		out[n++] = text.at[i];
	}
	out[n] = '\0';
}

static int copy(char *out, size_t size, const struct value *v)
{
	if (v->text.len >= size)
		return -1;
	if (v->text.len)
		memcpy(out, v->text.at, v->text.len);
	out[v->text.len] = '\0';
	return 0;
}

/* Returns NULL, or why this algorithm cannot be used. */
static const char *take_algorithm(struct digest_challenge *d, const struct value *v)
{
	static const struct {
		const char *word;
		bool sha256, sess;
	} known[] = {{"MD5", false, false}, {"MD5-sess", false, true}, {"SHA-256", true, false}, {"SHA-256-sess", true, true}};

	d->have_algorithm = v->given;
	if (!v->given)
		return NULL;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (!word_is(v->text, known[i].word))
			continue;
		d->sha256 = known[i].sha256;
		d->sess = known[i].sess;
		return NULL;
	}
	return "its algorithm is neither MD5 nor SHA-256";
}

/* Returns NULL, or why none of the offered qualities of protection can be had. */
static const char *take_qop(struct digest_challenge *d, const struct value *v)
{
	bool whole_body = false;
	struct cursor p;

	if (!v->given)
		return d->sess ? "its algorithm needs a qop, and it offers none" : NULL;
	p = (struct cursor){v->text.at, v->text.at + v->text.len};
	for (skip(&p, " \t,"); p.at < p.end; skip(&p, " \t,")) {
		struct span word = token(&p);

		if (word.len == 0)
			return "its qop cannot be read";
		d->qop = d->qop || word_is(word, "auth");
		whole_body = whole_body || word_is(word, "auth-int");
	}
	if (d->qop)
		return NULL;
	return whole_body ? "it offers qop auth-int alone, a hash over the whole body before the body is sent; qop auth is needed"
			  : "it offers no qop that is known here (auth)";
}

/* Makes a challenge of its parameters. Returns NULL, or why it cannot be answered. */
static const char *understand(struct digest_challenge *d, const struct draft *draft)
{
	const struct value *v = draft->values;
	const char *why;

	*d = (struct digest_challenge){.realm = ""};
	if (draft->twice)
		return "a parameter comes twice in it";
	for (int i = 0; i < PARAMETERS; i++)
		if (v[i].escape)
			return "a value in it holds a backslash, which servers read in different ways";
	if (!v[REALM].given || !v[NONCE].given || v[NONCE].text.len == 0)
		return "it lacks a realm or a nonce";
	if (copy(d->realm, sizeof d->realm, &v[REALM]) != 0 || copy(d->nonce, sizeof d->nonce, &v[NONCE]) != 0 ||
	    copy(d->opaque, sizeof d->opaque, &v[OPAQUE]) != 0)
		return "its realm, nonce or opaque value is too long";
	d->have_opaque = v[OPAQUE].given;
	d->stale = word_is(v[STALE].text, "true");
	if (v[CHARSET].given && !word_is(v[CHARSET].text, "UTF-8"))
		return "its charset is not UTF-8";
	if (v[USERHASH].given && !word_is(v[USERHASH].text, "true") && !word_is(v[USERHASH].text, "false"))
		return "its userhash is neither true nor false";
	d->userhash = word_is(v[USERHASH].text, "true");
	why = take_algorithm(d, &v[ALGORITHM]);
	return why ? why : take_qop(d, &v[QOP]);
}

static void add_digest(struct challenge *c, const char *wanted, const struct draft *draft)
{
	char realm[CHALLENGE_REALM_MAX + 1];
	struct digest_challenge d;
	const char *why = understand(&d, draft);
	bool ours;

	copy_realm(realm, draft->values[REALM].text);
	ours = !*wanted || !draft->values[REALM].given || strcmp(realm, wanted) == 0;
	if (!c->digest || (ours && strcmp(c->realm, wanted) != 0 && *wanted))
		memcpy(c->realm, realm, sizeof realm);
	c->digest = true;
	if (why && ours && !c->why)
		c->why = why;
	if (why || !ours || (c->usable && (c->best.sha256 || !d.sha256)))
		return;
	c->best = d;
	c->usable = true;
	memcpy(c->realm, d.realm, sizeof c->realm);
}

static int parse(struct challenge *c, const char *wanted, struct cursor *p)
{
	for (skip(p, " \t,"); p->at < p->end; skip(p, " \t,")) {
		struct span scheme = token(p);
		struct draft d = {.twice = false};

		if (scheme.len == 0 || !at_end(p, " \t,"))
			return -1;
		skip(p, " \t");
		if (!at_end(p, ",") && !take_token68(p) && take_parameters(p, &d) != 0)
			return -1;
		if (word_is(scheme, "Digest"))
			add_digest(c, wanted, &d);
		else
			c->other = true;
	}
	return 0;
}

void challenge_add(struct challenge *c, const char *realm, const char *value, size_t len)
{
	struct cursor p = {value, value + len};

	if (parse(c, realm, &p) != 0)
		c->broken = true;
}

bool challenge_answerable(const struct challenge *c)
{
	return c->usable && !c->broken;
}
