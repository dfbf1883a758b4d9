/* SPDX-License-Identifier: ISC */
/* What comes out is escaped after it was put together, so that no argument can be forgotten. */
#include "core/say.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SAY_USUAL = 2048 };

size_t utf8_length(const unsigned char *p)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : p[0] >= 0xe0 && p[0] < 0xf0 ? 3 :
		p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80) /* the NUL at the end of the string stops here, too */
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] >= 0x90))
		return 0;
	return n;
}

/* A character of N bytes stands for itself, and for nothing but itself. */
static bool plain(const unsigned char *p, size_t n)
{
	static const struct {
		uint32_t low, high;
	} odd[] = {{0, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, {0x61c, 0x61c}, {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
		   {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff}};
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7fU >> n);

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3fU);
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		if (c >= odd[i].low && c <= odd[i].high)
			return false;
	return n > 0;
}

bool utf8_is_plain(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + len;
	size_t n = 1;

	for (; p < end; p += n) {
		n = utf8_length(p);
		if (!plain(p, n) || n > (size_t)(end - p))
			return false;
	}
	return true;
}

static void put(FILE *out, const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + len;

	while (p < end) {
		size_t n = utf8_length(p), step = n ? n : 1;

		if (plain(p, n))
			fwrite(p, 1, n, out);
		else
			for (size_t i = 0; i < step; i++)
				fprintf(out, "\\x%02x", p[i]);
		p += step;
	}
}

void say(FILE *out, const char *format, ...)
{
	char usual[SAY_USUAL], *text = usual;
	size_t ends = strlen(format), feeds = 0;
	va_list args, again;
	int n;

	while (ends > feeds && format[ends - 1 - feeds] == '\n')
		feeds++;
	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(usual, sizeof usual, format, args);
	if (n >= (int)sizeof usual) {
		text = malloc((size_t)n + 1);
		if (text)
			vsnprintf(text, (size_t)n + 1, format, again);
		else
			n = sizeof usual - 1;
	}
	va_end(again);
	va_end(args);
	if (n >= 0)
		put(out, text ? text : usual, (size_t)n > feeds ? (size_t)n - feeds : 0);
	for (; feeds; feeds--)
		putc('\n', out);
	if (text != usual)
		free(text);
}
