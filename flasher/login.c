/* SPDX-License-Identifier: ISC */
/* Hashes, and what is said to whom. */
#define _GNU_SOURCE /* explicit_bzero, getrandom */
#include "flasher/login.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "core/md5.h"
#include "core/sha256.h"

enum { HEX_MAX = SHA256_HEX + 1, INPUT_MAX = SECRET_MAX + 2 * CHALLENGE_VALUE_MAX };

static void put_hex(char *out, const unsigned char *raw, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[raw[i] >> 4];
		out[2 * i + 1] = digits[raw[i] & 15];
	}
	out[2 * len] = '\0';
}

/* The hash of N texts, a colon between two of them. False when they are too long for any real login. */
static bool hash(char out[static HEX_MAX], bool sha256, size_t n, ...)
{
	char text[INPUT_MAX];
	unsigned char raw[MD5_SIZE];
	struct sha256 h = {.state = {0}};
	size_t len = 0;
	va_list texts;
	bool fits = true;

	va_start(texts, n);
	for (size_t i = 0; i < n && fits; i++) {
		const char *part = va_arg(texts, const char *);
		size_t size = strlen(part);

		fits = size + 1 <= sizeof text - len;
		if (!fits)
			break;
		if (i > 0)
			text[len++] = ':';
		memcpy(text + len, part, size);
		len += size;
	}
	va_end(texts);
	if (fits && sha256) {
		sha256_init(&h);
		sha256_update(&h, text, len);
		sha256_final(&h, out);
	} else if (fits) {
		md5_buffer(raw, text, len);
		put_hex(out, raw, sizeof raw);
	}
	explicit_bzero(text, sizeof text); /* the password may be in it */
	explicit_bzero(&h, sizeof h);
	return fits;
}

void login_set(struct login *l, const char *user, const struct secret *password, const char *realm)
{
	l->user = password ? user : NULL;
	l->password = password;
	snprintf(l->realm, sizeof l->realm, "%s", user ? realm : "");
	if (user && strlen(realm) > CHALLENGE_REALM_MAX)
		l->realm[0] = '\0'; /* cut it would be another one */
	l->challenged = false;
	l->uses = 0;
}

/* RFC 7616 section 3.4.1; without qop RFC 2069 section 2.1.2. */
static bool respond(char out[static HEX_MAX], const struct login *l, const char *count, const char *method, const char *path)
{
	const struct digest_challenge *c = &l->challenge;
	char ha1[HEX_MAX], ha2[HEX_MAX];
	bool good = hash(ha1, c->sha256, 3, l->user, c->realm, secret_text(l->password)) &&
		    (!c->sess || hash(ha1, c->sha256, 3, ha1, c->nonce, l->cnonce)) && hash(ha2, c->sha256, 2, method, path) &&
		    (c->qop ? hash(out, c->sha256, 6, ha1, c->nonce, count, l->cnonce, "auth", ha2)
			    : hash(out, c->sha256, 3, ha1, c->nonce, ha2));

	explicit_bzero(ha1, sizeof ha1); /* as good as the password, for this realm */
	return good;
}

bool login_field(struct login *l, char out[static LOGIN_FIELD_MAX], const char *method, const char *path)
{
	const struct digest_challenge *c = &l->challenge;
	char response[HEX_MAX], user[HEX_MAX] = "", count[16];
	int n;

	out[0] = '\0';
	if (!l->user || !l->challenged || !*l->realm || strcmp(l->realm, c->realm) != 0)
		return false;
	snprintf(count, sizeof count, "%08x", (unsigned)++l->uses);
	if (!respond(response, l, count, method, path) || (c->userhash && !hash(user, c->sha256, 2, l->user, c->realm)))
		return false;
	n = snprintf(out, LOGIN_FIELD_MAX, "Authorization: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", response=\"%s\"",
		     c->userhash ? user : l->user, c->realm, c->nonce, path, response);
	if (c->have_algorithm)
		n += snprintf(out + n, LOGIN_FIELD_MAX - (size_t)n, ", algorithm=%s%s", c->sha256 ? "SHA-256" : "MD5", c->sess ? "-sess" : "");
	if (c->qop)
		n += snprintf(out + n, LOGIN_FIELD_MAX - (size_t)n, ", qop=auth, nc=%s, cnonce=\"%s\"", count, l->cnonce);
	if (c->have_opaque)
		n += snprintf(out + n, LOGIN_FIELD_MAX - (size_t)n, ", opaque=\"%s\"", c->opaque);
	if (c->userhash)
		snprintf(out + n, LOGIN_FIELD_MAX - (size_t)n, ", userhash=true");
	return true;
}
_Static_assert(LOGIN_FIELD_MAX > CHALLENGE_REALM_MAX + 2 * CHALLENGE_VALUE_MAX + 2 * HEX_MAX + 1000, "room for every field, a path included");

/* Returns 0, or -1: no random bytes were to be had. */
static int take(struct login *l, const struct digest_challenge *c)
{
	unsigned char raw[LOGIN_CNONCE_LEN / 2];

	if (getrandom(raw, sizeof raw, 0) != sizeof raw)
		return -1;
	put_hex(l->cnonce, raw, sizeof raw);
	l->challenge = *c;
	l->challenged = true;
	l->uses = 0;
	return 0;
}

enum login_step login_judge(struct login *l, int status, const struct challenge *c, bool tried)
{
	if (status != 401) {
		l->reusable = l->reusable || (tried && l->uses > 1);
		return LOGIN_OVER;
	}
	l->challenged = false;
	if (!l->user || !*l->realm || !challenge_answerable(c) || strcmp(c->best.realm, l->realm) != 0)
		return LOGIN_OVER;
	if (tried && !c->best.stale) /* the password is wrong, and is not tried again: some boards count */
		return LOGIN_OVER;
	return take(l, &c->best) == 0 ? LOGIN_AGAIN : LOGIN_OVER;
}

bool login_ready(const struct login *l)
{
	return l->challenged && (l->reusable || l->uses == 0);
}
