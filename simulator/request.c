/* SPDX-License-Identifier: ISC */
/* Reads a request's head: strict about its form, deaf to the fields that no board looks at. */
#include "simulator/request.h"

#include <string.h>
#include <strings.h>

enum { BAD_REQUEST = 400, LENGTH_REQUIRED = 411, URI_TOO_LONG = 414, NOT_SUPPORTED = 505 };

size_t request_head_length(const char *bytes, size_t len)
{
	for (size_t i = 0; i + 4 <= len; i++)
		if (memcmp(bytes + i, "\r\n\r\n", 4) == 0)
			return i + 4;
	return 0;
}

/* The next line without its CR LF. False at the end, or when a lone LF or CR stands in it. */
static bool next_line(struct span *rest, struct span *line)
{
	const char *end = memchr(rest->at, '\n', rest->len);
	size_t n = end ? (size_t)(end - rest->at) : 0;

	if (!end || n == 0 || end[-1] != '\r')
		return false;
	*line = (struct span){rest->at, n - 1};
	rest->at += n + 1;
	rest->len -= n + 1;
	return !memchr(line->at, '\r', line->len) && !memchr(line->at, '\0', line->len);
}

static int parse_first(struct request *r, struct span line)
{
	struct span part[3];
	size_t path;

	if (text_fields(line, part, 3) != 3 || part[0].len >= sizeof r->method)
		return BAD_REQUEST;
	if (!span_is(part[2], "HTTP/1.1") && !span_is(part[2], "HTTP/1.0"))
		return NOT_SUPPORTED;
	memcpy(r->method, part[0].at, part[0].len);
	r->method[part[0].len] = '\0';
	r->target = part[1];
	for (path = 0; path < part[1].len && part[1].at[path] != '?'; path++)
		;
	if (part[1].at[0] != '/')
		return BAD_REQUEST;
	if (path > REQUEST_PATH_MAX)
		return URI_TOO_LONG;
	memcpy(r->path, part[1].at, path);
	r->path[path] = '\0';
	return 0;
}

static bool field_is(struct span line, const char *name, struct span *value)
{
	size_t n = strlen(name);

	if (line.len <= n || strncasecmp(line.at, name, n) != 0 || line.at[n] != ':')
		return false;
	*value = (struct span){line.at + n + 1, line.len - n - 1};
	while (value->len && strchr(" \t", value->at[0])) {
		value->at++;
		value->len--;
	}
	while (value->len && strchr(" \t", value->at[value->len - 1]))
		value->len--;
	return true;
}

static int parse_field(struct request *r, struct span line, bool *have_length)
{
	struct span value;

	if (!memchr(line.at, ':', line.len))
		return BAD_REQUEST;
	if (field_is(line, "Content-Length", &value)) {
		if (*have_length || text_number(&r->length, value, INT64_MAX))
			return BAD_REQUEST;
		*have_length = true;
	} else if (field_is(line, "Transfer-Encoding", &value)) {
		return LENGTH_REQUIRED; /* as the servers of these boards say */
	} else if (field_is(line, "Authorization", &value)) {
		if (r->authorization.at)
			return BAD_REQUEST;
		r->authorization = value;
	} else if (field_is(line, "Expect", &value)) {
		r->expects = value.len == 12 && strncasecmp(value.at, "100-continue", 12) == 0;
	}
	return 0;
}

int request_parse(struct request *r, const char *head, size_t len)
{
	struct span rest = {head, len}, line;
	bool have_length = false;
	int status;

	memset(r, 0, sizeof *r);
	if (!next_line(&rest, &line))
		return BAD_REQUEST;
	status = parse_first(r, line);
	while (status == 0) {
		if (!next_line(&rest, &line))
			return BAD_REQUEST;
		if (line.len == 0)
			return rest.len == 0 ? 0 : BAD_REQUEST;
		status = parse_field(r, line, &have_length);
	}
	return status;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Takes one character of a JSON text (RFC 8259 section 7) of ASCII. Returns the bytes it took of LEN, or 0 when it is none or not whole. */
static size_t take_character(char *out, const char *at, size_t len)
{
	int code = 0;

	if (len > 0 && at[0] != '\\') {
		*out = at[0];
		return 1;
	}
	if (len >= 2 && at[1] != 'u') {
		*out = at[1];
		return strchr("\"\\/", at[1]) && at[1] ? 2 : 0;
	}
	for (size_t i = 2; i < 6; i++) {
		int digit = i < len ? hex_digit(at[i]) : -1;

		if (digit < 0)
			return 0;
		code = code << 4 | digit;
	}
	*out = (char)code;
	return len >= 6 && code > 0 && code < 0x80 ? 6 : 0;
}

int request_member(char *out, size_t size, const char *key, const char *bytes, size_t len)
{
	const char *end = bytes + len, *at = bytes;
	size_t n = strlen(key), used = 0;

	while ((size_t)(end - at) >= n && memcmp(at, key, n) != 0)
		at++;
	if ((size_t)(end - at) < n)
		return -1;
	for (at += n; at < end && (*at == ' ' || *at == ':'); at++)
		;
	if (at == end || *at++ != '"')
		return -1;
	while (at < end && *at != '"' && used + 1 < size) {
		size_t took = take_character(out + used, at, (size_t)(end - at));

		if (took == 0)
			return -1;
		at += took;
		used++;
	}
	if (at == end || *at != '"')
		return -1;
	out[used] = '\0';
	return 0;
}
