/* SPDX-License-Identifier: ISC */
/* What comes as one word or one line: addresses, MACs, device numbers, a request's Content-Type, its Origin, escaped
 * text. The first byte says which. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/text.h"
#include "flasher/address.h"
#include "flasher/inventory.h"
#include "flasher/sysfs.h"
#include "verifier/multipart.h"
#include "verifier/origin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum kind { ADDRESS, MAC, DEVICE, CONTENT_TYPE, ESCAPED, PLAIN, ORIGIN, KINDS };

/* One place, one spelling; nothing that would become another part of a URL. */
static void address(const char *text)
{
	struct address a, again;
	struct err e = {0};

	if (address_parse(&a, text, &e) != 0) {
		if (e.verdict != VERDICT_USAGE)
			abort();
		return;
	}
	if (strpbrk(a.origin, "@?#\\ %\r\n\t\"") || strchr(a.origin + strlen("https://"), '/') || strcmp(a.text, text) != 0)
		abort();
	if (strlen(a.origin) > ADDRESS_MAX)
		return; /* longer than what was written: scheme and port are in it */
	if (address_parse(&again, a.origin, NULL) != 0 || strcmp(again.origin, a.origin) != 0)
		abort();
}

static void mac(const char *text, size_t len)
{
	char out[MAC_TEXT_MAX + 1], again[MAC_TEXT_MAX + 1];

	if (mac_parse(out, text, len) == 0 && (mac_parse(again, out, strlen(out)) != 0 || strcmp(out, again) != 0))
		abort();
}

static void content_type(const char *text)
{
	char boundary[MULTIPART_BOUNDARY_MAX + 1];
	struct err e = {0};

	if (multipart_boundary(boundary, text, &e) == 0 ? !boundary[0] || strpbrk(boundary, "\r\n\"") : e.verdict != VERDICT_MALFORMED_HEADER)
		abort();
}

/* The first line is Host, the rest Origin. What passes says where it is from as Host does. */
static void origin(char *text)
{
	char *end = strchr(text, '\n');
	struct origin o = {.host = text, .origin = end ? end + 1 : NULL};
	struct err e = {0};
	size_t n;

	if (end)
		*end = '\0';
	n = strcspn(text, ":");
	if (origin_check(&o, &e) != ACCEPTED ? e.verdict != VERDICT_CROSS_SITE :
	    o.origin && text[0] != '[' && (!strstr(o.origin, "://") || strncasecmp(strstr(o.origin, "://") + 3, text, n) != 0))
		abort();
}

static void escaped(const char *text, size_t len)
{
	char out[256], again[3 * sizeof out + 1];
	int n = text_unescape(out, sizeof out, (struct span){text, len});

	if (n >= 0 && (text_escape(again, out, (size_t)n) != len || memcmp(again, text, len) != 0))
		abort(); /* a second spelling */
}

static void plain(const char *text, size_t len)
{
	char out[3 * 64 + 1], back[3 * 64 + 1];
	size_t n;

	if (len > 64)
		len = 64;
	n = text_escape(out, text, len);
	if (memchr(text, '\0', len) || len == 0)
		return; /* of which no path has any */
	if (text_unescape(back, sizeof back, (struct span){out, n}) != (int)len || memcmp(back, text, len) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned major, minor;
	char *text;

	if (size < 1)
		return 0;
	text = malloc(size); /* the first byte's place is the NUL's */
	if (!text)
		return 0;
	memcpy(text, data + 1, --size);
	text[size] = '\0';
	switch ((enum kind)(data[0] % KINDS)) {
	case ADDRESS: address(text); break;
	case MAC: mac(text, size); break;
	case DEVICE: (void)sysfs_parse_dev(text, &major, &minor); break;
	case CONTENT_TYPE: content_type(text); break;
	case ESCAPED: escaped(text, size); break;
	case ORIGIN: origin(text); break;
	default: plain(text, size); break;
	}
	free(text);
	return 0;
}
