/* SPDX-License-Identifier: ISC */
/* Long names, aliases, case. */
#include "flasher/fat_name.h"

#include <string.h>

/* Takes one character off the front of UTF-8; overlong forms, surrogates and bytes out of place are none. Returns its bytes, or 0. */
static size_t decode_one(uint32_t *out, const unsigned char *s, size_t len)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc0 ? 2 : 0;
	uint32_t c;

	if (n == 0 || n > len || s[0] > 0xf4)
		return 0;
	c = n == 1 ? s[0] : s[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3fU);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*out = c;
	return n;
}

/* ASCII that no name on FAT may have, besides control characters, and what an alias may have, besides letters and digits. */
static const bool forbidden[0x80] = {['"'] = true, ['*'] = true, ['/'] = true, [':'] = true, ['<'] = true, ['>'] = true,
				     ['?'] = true, ['\\'] = true, ['|'] = true, [0x7f] = true};
static const bool short_marks[0x80] = {['!'] = true, ['#'] = true, ['$'] = true, ['%'] = true, ['&'] = true, ['\''] = true,
				       ['('] = true, [')'] = true, ['-'] = true, ['@'] = true, ['^'] = true, ['_'] = true,
				       ['`'] = true, ['{'] = true, ['}'] = true, ['~'] = true};

const char *fat_name_decode(struct fat_name *out, const char *name, size_t len)
{
	uint32_t c = 0;

	out->n = 0;
	if (len == 0)
		return "is empty";
	for (size_t i = 0, n; i < len; i += n) {
		n = decode_one(&c, (const unsigned char *)name + i, len - i);
		if (n == 0)
			return "is no UTF-8";
		if (c < 0x20 || (c < 0x80 && forbidden[c]))
			return "has a character that FAT has no place for";
		if (c > 0xffff) /* FAT would hold two units for it, and mtools and U-Boot would read two characters */
			return "has a character beyond U+FFFF, which not every reader of FAT knows";
		if (out->n == FAT_NAME_MAX)
			return "is over 255 characters";
		out->units[out->n++] = (uint16_t)c;
	}
	/* Linux and Windows drop these, and would then look for another name. */
	return c == '.' ? "ends in a dot" : c == ' ' ? "ends in a blank" : NULL;
}

/* Ranges of small letters beyond ASCII, sorted. STEP 1: each, less DOWN, is its capital. STEP 2: capitals and small letters take turns. */
static const struct {
	uint16_t from, to, down, step;
} smalls[] = {
	{0xe0, 0xf6, 0x20, 1},   {0xf8, 0xfe, 0x20, 1},   {0x101, 0x137, 1, 2},    {0x13a, 0x148, 1, 2},
	{0x14b, 0x177, 1, 2},    {0x17a, 0x17e, 1, 2},    {0x3ac, 0x3ac, 38, 1},   {0x3ad, 0x3af, 37, 1},
	{0x3b1, 0x3c1, 0x20, 1}, {0x3c2, 0x3c2, 0x1f, 1}, {0x3c3, 0x3cb, 0x20, 1}, {0x3cc, 0x3cc, 64, 1},
	{0x3cd, 0x3ce, 63, 1},   {0x430, 0x44f, 0x20, 1}, {0x450, 0x45f, 0x50, 1}, {0x461, 0x481, 1, 2},
	{0x48b, 0x4bf, 1, 2},    {0x4c2, 0x4ce, 1, 2},    {0x4d1, 0x52f, 1, 2},    {0x561, 0x586, 0x30, 1},
	{0x1e01, 0x1e95, 1, 2},  {0x1ea1, 0x1eff, 1, 2},
};

static uint16_t upper(uint16_t c)
{
	if (c < 0x80)
		return c >= 'a' && c <= 'z' ? (uint16_t)(c - 0x20) : c;
	if (c == 0xff)
		return 0x178;
	for (size_t i = 0; i < sizeof smalls / sizeof *smalls && c >= smalls[i].from; i++)
		if (c <= smalls[i].to && (c - smalls[i].from) % smalls[i].step == 0)
			return (uint16_t)(c - smalls[i].down);
	return c;
}

void fat_name_fold(struct fat_name *name)
{
	for (size_t i = 0; i < name->n; i++)
		name->units[i] = upper(name->units[i]);
}

static bool short_unit(uint16_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c < 0x80 && short_marks[c]);
}

bool fat_name_short(unsigned char alias[static FAT_ALIAS_SIZE], bool *exact, const struct fat_name *name)
{
	size_t at = 0;
	bool dot = false;

	memset(alias, ' ', FAT_ALIAS_SIZE);
	*exact = true;
	for (size_t i = 0; i < name->n; i++) {
		uint16_t c = name->units[i];

		if (c >= 'a' && c <= 'z') {
			*exact = false;
			c = (uint16_t)(c - 0x20);
		}
		if (c == '.' && !dot && i > 0) {
			dot = true;
			at = 8;
			continue;
		}
		if (!short_unit(c) || at == (dot ? FAT_ALIAS_SIZE : 8))
			return false;
		alias[at++] = (unsigned char)c;
	}
	return true;
}

/* The characters of [FROM, TO) that an alias can have, capital, others as `_'. Returns their number, at most MAX. */
static size_t squeeze(unsigned char *out, size_t max, const struct fat_name *name, size_t from, size_t to)
{
	size_t n = 0;

	for (size_t i = from; i < to && n < max; i++) {
		uint16_t c = upper(name->units[i]);

		if (c != ' ' && c != '.')
			out[n++] = short_unit(c) ? (unsigned char)c : '_';
	}
	return n;
}

void fat_name_alias(unsigned char alias[static FAT_ALIAS_SIZE], const struct fat_name *name, unsigned attempt)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t dot = name->n, n;
	uint32_t hash = 2166136261U; /* FNV-1a */

	for (size_t i = name->n; i-- > 1 && dot == name->n;)
		if (name->units[i] == '.')
			dot = i;
	memset(alias, ' ', FAT_ALIAS_SIZE);
	(void)squeeze(alias + 8, 3, name, dot, name->n);
	n = squeeze(alias, attempt < 4 ? 6 : 2, name, 0, dot);
	if (attempt >= 4) {
		for (size_t i = 0; i < name->n; i++)
			hash = (hash ^ name->units[i]) * 16777619U;
		hash = (hash ^ hash >> 16) + attempt - 4;
		for (int shift = 12; shift >= 0; shift -= 4)
			alias[n++] = (unsigned char)digits[hash >> shift & 15];
	}
	alias[n++] = '~';
	alias[n] = (unsigned char)('1' + (attempt < 4 ? attempt : (attempt >> 16) % 9));
	for (size_t i = n + 1; i < 8; i++)
		alias[i] = ' ';
}

unsigned char fat_name_sum(const unsigned char alias[static FAT_ALIAS_SIZE])
{
	unsigned sum = 0;

	for (size_t i = 0; i < FAT_ALIAS_SIZE; i++)
		sum = (((sum & 1) << 7 | sum >> 1) + alias[i]) & 0xff;
	return (unsigned char)sum;
}
