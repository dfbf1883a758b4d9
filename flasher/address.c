/* SPDX-License-Identifier: ISC */
/* Takes an address apart and puts it together again in one spelling. */
#include "flasher/address.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

enum { HOST_MAX = ADDRESS_MAX, ZONE_MAX = 15 }; /* Linux: IFNAMSIZ - 1 */

static const char lower_case[] = "abcdefghijklmnopqrstuvwxyz";
static const char digits[] = "0123456789";

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* --- one spelling of each kind of host --- */

/* True when the last label is a number in some notation of inet_aton(3): then all of it is meant to be an IPv4 address. */
static bool ends_in_number(const char *host)
{
	const char *dot = strrchr(host, '.'), *label = dot ? dot + 1 : host;

	if (label[0] == '0' && label[1] == 'x' && strspn(label + 2, "0123456789abcdef") == strlen(label + 2))
		return true;
	return label[0] != '\0' && strspn(label, digits) == strlen(label);
}

/* Returns NULL, or what is wrong. inet_pton takes four decimal octets without leading zeros, and nothing else. */
static const char *take_ipv4(char out[static HOST_MAX + 3], const char *host)
{
	struct in_addr address;

	if (inet_pton(AF_INET, host, &address) != 1)
		return "an IPv4 address has four decimal numbers up to 255 without leading zeros, such as 10.0.3.17";
	snprintf(out, HOST_MAX + 3, "%s", host);
	return NULL;
}

/* A name: letters, digits, dots, dashes. A dot at the end means the same as none. */
static const char *take_name(char out[static HOST_MAX + 3], char *host)
{
	size_t len = strlen(host);
	char allowed[sizeof lower_case + sizeof digits + 3];

	snprintf(allowed, sizeof allowed, "%s%s.-_", lower_case, digits);
	if (len > 1 && host[len - 1] == '.')
		host[--len] = '\0';
	if (len == 0 || strspn(host, allowed) != len || host[0] == '-' || host[0] == '.' || strstr(host, ".."))
		return "";
	if (ends_in_number(host))
		return take_ipv4(out, host);
	snprintf(out, HOST_MAX + 3, "%s", host);
	return NULL;
}

/* The name of an interface, as Linux has them. */
static bool is_zone(const char *zone, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = lower(zone[i]);

		if (!strchr(lower_case, c) && !strchr(digits, c) && !strchr("._-", c))
			return false;
	}
	return len > 0 && len <= ZONE_MAX;
}

/* What stands between brackets, LEN bytes at TEXT: an IPv6 address, behind %25 or % the interface of a link-local one (RFC 6874). */
static const char *take_ipv6(char out[static HOST_MAX + 3], const char *text, size_t len)
{
	const char *percent = memchr(text, '%', len), *zone = percent ? percent + 1 : text + len;
	size_t n = percent ? (size_t)(percent - text) : len;
	char host[INET6_ADDRSTRLEN + 1], spelled[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (n >= sizeof host)
		return "";
	memcpy(host, text, n);
	host[n] = '\0';
	if (inet_pton(AF_INET6, host, &address) != 1)
		return "";
	if (IN6_IS_ADDR_V4MAPPED(&address)) { /* the same board as by its IPv4 address */
		inet_ntop(AF_INET, address.s6_addr + 12, out, HOST_MAX + 3);
		return percent ? "" : NULL;
	}
	inet_ntop(AF_INET6, &address, spelled, sizeof spelled);
	if (!percent) {
		snprintf(out, HOST_MAX + 3, "[%s]", spelled);
		return NULL;
	}
	if (zone + 2 < text + len && zone[0] == '2' && zone[1] == '5')
		zone += 2;
	if (!IN6_IS_ADDR_LINKLOCAL(&address) || !is_zone(zone, (size_t)(text + len - zone)))
		return "an interface goes with link-local addresses only: [fe80::1%eth0]";
	snprintf(out, HOST_MAX + 3, "[%s%%25%.*s]", spelled, (int)(text + len - zone), zone);
	return NULL;
}

/* --- all together --- */

/* The length of the host at TEXT, brackets included, or 0 when there is none. */
static size_t host_length(const char *text)
{
	const char *end = text[0] == '[' ? strchr(text, ']') : NULL;

	return text[0] == '[' ? end ? (size_t)(end - text) + 1 : 0 : strcspn(text, ":");
}

static bool begins(const char *text, const char *scheme)
{
	size_t i = 0;

	while (scheme[i] && lower(text[i]) == scheme[i])
		i++;
	return scheme[i] == '\0';
}

/* Spells the N bytes of TEXT's host. Returns NULL, or what is wrong, "" for anything. */
static const char *take_host(char out[static HOST_MAX + 3], const char *text, size_t n)
{
	char host[HOST_MAX + 1];

	if (text[0] == '[')
		return take_ipv6(out, text + 1, n - 2);
	for (size_t i = 0; i < n; i++)
		host[i] = lower(text[i]);
	host[n] = '\0';
	return take_name(out, host);
}

int address_parse(struct address *out, const char *text, struct err *e)
{
	char spelled[HOST_MAX + 3], quoted[96];
	const char *host = text, *scheme = "http", *fault = "";
	uint64_t port = 80;
	size_t n = strlen(text);

	if (n > ADDRESS_MAX)
		goto bad;
	memcpy(out->text, text, n + 1);
	if (begins(host, "http://")) {
		host += 7;
	} else if (begins(host, "https://")) {
		host += 8;
		scheme = "https";
		port = 443;
	}
	n = host_length(host);
	if (n == 0)
		goto bad;
	fault = take_host(spelled, host, n);
	if (fault)
		goto bad;
	fault = "";
	if (host[n] == ':') {
		if (text_number(&port, (struct span){host + n + 1, strlen(host + n + 1)}, UINT16_MAX) || port == 0)
			goto bad;
	} else if (host[n]) {
		goto bad;
	}
	snprintf(out->origin, sizeof out->origin, "%s://%s:%u", scheme, spelled, (unsigned)port);
	return 0;
bad:
	return err_set(e, VERDICT_USAGE, "\"%s\" is not an address: %s", err_quote(quoted, sizeof quoted, text, strlen(text)),
		       *fault ? fault : "HOST, HOST:PORT or [IPV6]:PORT is wanted");
}
