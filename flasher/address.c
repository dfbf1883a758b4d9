/* SPDX-License-Identifier: ISC */
/* Takes an address apart and puts it together again in one spelling. */
#include "flasher/address.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

static const char digits_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

/* To lower case. Host names and hexadecimal do not care; one spelling does. */
static void lower(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

/* The length of the host at TEXT, brackets included, or 0 when there is none. */
static size_t host_length(const char *text)
{
	char allowed[sizeof digits_letters + 8];
	size_t n;

	if (*text == '[') {
		n = strspn(text + 1, "0123456789abcdef:.");
		return n >= 2 && text[1 + n] == ']' ? n + 2 : 0;
	}
	snprintf(allowed, sizeof allowed, "%s.-_", digits_letters);
	n = strspn(text, allowed);
	return n > 0 && *text != '-' && *text != '.' ? n : 0;
}

int address_parse(struct address *out, const char *text, struct err *e)
{
	char folded[ADDRESS_MAX + 1], quoted[96];
	const char *host = folded, *scheme = "http";
	uint64_t port = 80;
	size_t n;

	n = strlen(text);
	if (n > ADDRESS_MAX)
		goto bad;
	memcpy(out->text, text, n + 1);
	memcpy(folded, text, n + 1);
	lower(folded);
	if (strncmp(host, "http://", 7) == 0) {
		host += 7;
	} else if (strncmp(host, "https://", 8) == 0) {
		host += 8;
		scheme = "https";
		port = 443;
	}
	n = host_length(host);
	if (n == 0)
		goto bad;
	if (host[n] == ':') {
		if (text_number(&port, (struct span){host + n + 1, strlen(host + n + 1)}, UINT16_MAX) || port == 0)
			goto bad;
	} else if (host[n]) {
		goto bad;
	}
	snprintf(out->origin, sizeof out->origin, "%s://%.*s:%u", scheme, (int)n, host, (unsigned)port);
	return 0;
bad:
	return err_set(e, VERDICT_USAGE, "\"%s\" is no address: HOST, HOST:PORT or [IPV6]:PORT is wanted",
		       err_quote(quoted, sizeof quoted, text, strlen(text)));
}
