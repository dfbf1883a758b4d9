/* SPDX-License-Identifier: ISC */
/* Origin and Sec-Fetch-Site, against Host. */
#include "verifier/origin.h"

#include <string.h>
#include <strings.h>

#include "core/text.h"

enum { HTTP_PORT = 80, HTTPS_PORT = 443, PORT_MAX = 65535 };

/* HOST[:PORT], an IPv6 address in brackets (RFC 3986 section 3.2.2). */
struct authority {
	struct span host;
	uint64_t port;          /* 0: none is named */
};

static bool is_host_character(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
}

/* The length of the host at the front of TEXT; 0: there is none. */
static size_t host_length(const char *text)
{
	size_t n = 0;

	if (text[0] == '[') {
		n = strspn(text + 1, "0123456789abcdefABCDEF:.");
		return n > 0 && text[n + 1] == ']' ? n + 2 : 0;
	}
	while (is_host_character(text[n]))
		n++;
	return n;
}

static bool parse_authority(struct authority *out, const char *text)
{
	size_t n = host_length(text);

	*out = (struct authority){.host = {text, n}};
	if (n == 0 || !text[n])
		return n > 0;
	return text[n] == ':' && text_number(&out->port, (struct span){text + n + 1, strlen(text + n + 1)}, PORT_MAX) == 0 && out->port > 0;
}

/* Takes `http://' or `https://' off the front of *TEXT. Returns the default port, or 0 for any other scheme. */
static uint64_t take_scheme(const char **text)
{
	static const struct {
		const char *word;
		uint64_t port;
	} schemes[] = {{"http://", HTTP_PORT}, {"https://", HTTPS_PORT}};

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		size_t n = strlen(schemes[i].word);

		if (strncasecmp(*text, schemes[i].word, n) == 0) {
			*text += n;
			return schemes[i].port;
		}
	}
	return 0;
}

static bool is_own(const struct origin *o)
{
	struct authority from, here;
	const char *text = o->origin;
	uint64_t usual = take_scheme(&text);

	if (usual == 0 || (usual == HTTP_PORT && o->secure))
		return false;
	if (!parse_authority(&from, text) || !o->host || !parse_authority(&here, o->host))
		return false;
	return from.host.len == here.host.len && strncasecmp(from.host.at, here.host.at, from.host.len) == 0 &&
		(from.port ? from.port : usual) == (here.port ? here.port : usual);
}

/* HEADER says WHAT. */
static enum decision refuse(const char *header, const char *what, const char *host, struct err *e)
{
	char said[256], here[256];

	return err_refuse(e, VERDICT_CROSS_SITE, "the header %s is \"%s\", and this board is \"%s\": another site's page sent this request; "
			  "send it from the board's own page, or with a tool", header, err_quote(said, sizeof said, what, strlen(what)),
			  err_quote(here, sizeof here, host ? host : "", host ? strlen(host) : 0));
}

enum decision origin_check(const struct origin *o, struct err *e)
{
	if (o->fetch_site && strcmp(o->fetch_site, "same-origin") != 0 && strcmp(o->fetch_site, "none") != 0)
		return refuse("Sec-Fetch-Site", o->fetch_site, o->host, e);
	if (o->origin && !is_own(o))
		return refuse("Origin", o->origin, o->host, e);
	return ACCEPTED;
}
