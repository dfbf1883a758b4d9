/* SPDX-License-Identifier: ISC */
/* The strict text grammar of manifests and keyrings. */
#include "core/text.h"

#include <string.h>

bool span_is(struct span s, const char *word)
{
	return s.len == strlen(word) && memcmp(s.at, word, s.len) == 0;
}

size_t text_fields(struct span line, struct span *fields, size_t max)
{
	const char *at = line.at, *end = line.at + line.len;

	for (size_t n = 0; line.len > 0 && n < max;) {
		const char *space = memchr(at, ' ', (size_t)(end - at));
		size_t len = (size_t)((space ? space : end) - at);

		if (len == 0)
			return 0;
		fields[n++] = (struct span){at, len};
		if (!space)
			return n;
		at = space + 1;
	}
	return 0;
}

int text_number(uint64_t *out, struct span field, uint64_t max)
{
	uint64_t v = 0;

	if (field.len == 0 || field.len > 19 || (field.at[0] == '0' && field.len > 1))
		return -1;
	for (size_t i = 0; i < field.len; i++) {
		if (field.at[i] < '0' || field.at[i] > '9')
			return -1;
		v = v * 10 + (uint64_t)(field.at[i] - '0'); /* 19 digits fit in 64 bits */
	}
	if (v > max || v > INT64_MAX)
		return -1;
	*out = v;
	return 0;
}

int text_mode(uint32_t *out, struct span field)
{
	uint32_t v = 0;

	if (field.len != 4)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		if (field.at[i] < '0' || field.at[i] > '7')
			return -1;
		v = v << 3 | (uint32_t)(field.at[i] - '0');
	}
	*out = v;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* A manifest has a hash on every line: without branches, and in a shape that compilers make vectors of. */
int text_hash(unsigned char out[static HASH_SIZE], struct span field)
{
	unsigned char values[HASH_HEX], worst = 0;

	if (field.len != HASH_HEX)
		return -1;
	for (size_t i = 0; i < HASH_HEX; i++) {
		unsigned char digit = (unsigned char)(field.at[i] - '0'), letter = (unsigned char)(field.at[i] - 'a');

		values[i] = digit < 10 ? digit : letter < 6 ? (unsigned char)(letter + 10) : 0xff;
	}
	for (size_t i = 0; i < HASH_HEX; i++)
		worst |= values[i];
	for (size_t i = 0; i < HASH_SIZE; i++)
		out[i] = (unsigned char)(values[2 * i] << 4 | values[2 * i + 1]);
	return worst > 15 ? -1 : 0;
}

void text_put_hash(char out[static HASH_HEX + 1], const unsigned char hash[static HASH_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < HASH_SIZE; i++) {
		out[2 * i] = digits[hash[i] >> 4];
		out[2 * i + 1] = digits[hash[i] & 15];
	}
	out[HASH_HEX] = '\0';
}

bool text_is_name(struct span field)
{
	if (field.len == 0 || field.len > TEXT_NAME_MAX)
		return false;
	for (size_t i = 0; i < field.len; i++) {
		char c = field.at[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
		      c == '_' || c == '+' || c == '-'))
			return false;
	}
	return true;
}

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_but_for_marks(struct span a, struct span b)
{
	size_t i = 0, k = 0;

	for (;; i++, k++) {
		while (i < a.len && memchr("-_.", a.at[i], 3))
			i++;
		while (k < b.len && memchr("-_.", b.at[k], 3))
			k++;
		if (i == a.len || k == b.len)
			return i == a.len && k == b.len;
		if (fold(a.at[i]) != fold(b.at[k]))
			return false;
	}
}

bool text_is_near(struct span a, struct span b)
{
	size_t i = 0, ra, rb;

	if (a.len < b.len)
		return text_is_near(b, a);
	if (a.len == b.len && memcmp(a.at, b.at, a.len) == 0)
		return false;
	if (same_but_for_marks(a, b))
		return true;
	if (a.len - b.len > 1)
		return false;
	while (i < b.len && fold(a.at[i]) == fold(b.at[i]))
		i++;
	ra = a.len - i;
	rb = b.len - i;
	for (; ra && rb && fold(a.at[i + ra - 1]) == fold(b.at[i + rb - 1]); ra--)
		rb--;
	return (ra <= 1 && rb <= 1) || (ra == 2 && rb == 2 && fold(a.at[i]) == fold(b.at[i + 1]) && fold(a.at[i + 1]) == fold(b.at[i]));
}

static bool plain(unsigned char c)
{
	return c > 0x20 && c < 0x7f && c != '%';
}

int text_unescape(char *out, size_t size, struct span field)
{
	size_t n = 0;

	for (size_t i = 0; i < field.len; i++) {
		unsigned char c = (unsigned char)field.at[i];

		if (c == '%') {
			int high, low;

			if (field.len - i < 3)
				return -1;
			high = hex_digit(field.at[i + 1]);
			low = hex_digit(field.at[i + 2]);
			if (high < 0 || low < 0)
				return -1;
			c = (unsigned char)(high << 4 | low);
			if (c == 0 || plain(c))
				return -1;
			i += 2;
		} else if (!plain(c)) {
			return -1;
		}
		if (n + 1 >= size)
			return -1;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return (int)n;
}

size_t text_escape(char *out, const char *bytes, size_t len)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (plain(c)) {
			out[n++] = (char)c;
		} else {
			out[n++] = '%';
			out[n++] = digits[c >> 4];
			out[n++] = digits[c & 15];
		}
	}
	out[n] = '\0';
	return n;
}
