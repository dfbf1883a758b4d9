/* SPDX-License-Identifier: ISC */
/* JSON to a stream. */
#include "core/json.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "core/path.h"
#include "core/text.h"

#include "core/say.h"

static void put_string(FILE *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	putc('"', out);
	while (*p) {
		size_t n = utf8_length(p);

		if (n == 0) {
			fputs("\\ufffd", out);
			n = 1;
		} else if (*p < 0x20 || *p == '"' || *p == '\\' || *p == 0x7f) {
			fprintf(out, "\\u%04x", *p);
		} else if (*p == 0xc2 && p[1] < 0xa0) { /* C1: to terminals some of them begin what ESC begins */
			fprintf(out, "\\u%04x", p[1]);
		} else {
			fwrite(p, 1, n, out);
		}
		p += n;
	}
	putc('"', out);
}

static void lead(struct json *j, const char *key)
{
	if (j->comma)
		putc(',', j->out);
	j->comma = true;
	if (key) {
		put_string(j->out, key);
		putc(':', j->out);
	}
}

static void open_with(struct json *j, const char *key, char bracket)
{
	lead(j, key);
	putc(bracket, j->out);
	j->comma = false;
}

static void close_with(struct json *j, char bracket)
{
	putc(bracket, j->out);
	j->comma = true;
}

void json_begin(struct json *j, FILE *out)
{
	*j = (struct json){.out = out};
}

void json_open_object(struct json *j, const char *key)
{
	open_with(j, key, '{');
}

void json_close_object(struct json *j)
{
	close_with(j, '}');
}

void json_open_array(struct json *j, const char *key)
{
	open_with(j, key, '[');
}

void json_close_array(struct json *j)
{
	close_with(j, ']');
}

void json_put_string(struct json *j, const char *key, const char *value)
{
	lead(j, key);
	put_string(j->out, value);
}

static bool is_utf8(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n;

	while (*p && (n = utf8_length(p)) > 0)
		p += n;
	return *p == '\0';
}

void json_put_path(struct json *j, const char *key, const char *path)
{
	char escaped[PATH_MAX_LEN * 3 + 1], name[40];

	json_put_string(j, key, path);
	if (is_utf8(path) || strlen(path) > PATH_MAX_LEN)
		return;
	text_escape(escaped, path, strlen(path));
	snprintf(name, sizeof name, "%s_escaped", key);
	json_put_string(j, name, escaped);
}

void json_put_number(struct json *j, const char *key, uint64_t value)
{
	lead(j, key);
	fprintf(j->out, "%" PRIu64, value);
}

void json_put_bool(struct json *j, const char *key, bool value)
{
	lead(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_finish(struct json *j)
{
	putc('\n', j->out);
	j->comma = false;
}
