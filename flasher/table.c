/* SPDX-License-Identifier: ISC */
/* Decodes and takes apart what spreadsheets save. */
#include "flasher/table.h"

#include <stdlib.h>
#include <string.h>

#include "core/say.h"

/* --- from UTF-16 and UTF-8 to UTF-8 --- */

static size_t put_utf8(char *out, uint32_t c)
{
	if (c < 0x80)
		return out[0] = (char)c, 1;
	if (c < 0x800)
		return out[0] = (char)(0xc0 | c >> 6), out[1] = (char)(0x80 | (c & 63)), 2;
	if (c < 0x10000)
		return out[0] = (char)(0xe0 | c >> 12), out[1] = (char)(0x80 | (c >> 6 & 63)), out[2] = (char)(0x80 | (c & 63)), 3;
	return out[0] = (char)(0xf0 | c >> 18), out[1] = (char)(0x80 | (c >> 12 & 63)), out[2] = (char)(0x80 | (c >> 6 & 63)),
	       out[3] = (char)(0x80 | (c & 63)), 4;
}

static uint32_t unit(const unsigned char *p, bool big)
{
	return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

/* SIZE bytes of UTF-16 at P into OUT, which has room for 3 bytes for each two (RFC 2781). Returns the length, or -1: half a character. */
static long from_utf16(char *out, const unsigned char *p, size_t size, bool big)
{
	size_t n = 0;

	if (size % 2)
		return -1;
	for (size_t i = 0; i < size; i += 2) {
		uint32_t c = unit(p + i, big), low = i + 4 <= size ? unit(p + i + 2, big) : 0;

		if (c >= 0xd800 && c < 0xe000) {
			if (c >= 0xdc00 || low < 0xdc00 || low >= 0xe000)
				return -1;
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i += 2;
		}
		n += put_utf8(out + n, c);
	}
	return (long)n;
}

/* The number of the line with the first byte that is not UTF-8, or a NUL; 0: none. */
static size_t odd_line(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + len;
	size_t line = 1, n;

	for (; p < end; p += n) {
		n = utf8_length(p);
		if (n == 0 || *p == '\0')
			return line;
		line += *p == '\n';
	}
	return 0;
}

int table_decode(char **out, size_t *len, const char *name, const char *text, size_t size, struct err *e)
{
	const unsigned char *p = (const unsigned char *)text;
	bool big = size >= 2 && p[0] == 0xfe && p[1] == 0xff, little = size >= 2 && p[0] == 0xff && p[1] == 0xfe;
	bool mark = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
	size_t line;
	long n;

	*out = malloc(size + size / 2 + 4);
	if (!*out)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (big || little) {
		n = from_utf16(*out, p + 2, size - 2, big);
		if (n < 0)
			return err_set(e, VERDICT_USAGE, "%s:1: the text begins as UTF-16 and holds half a character; save it again, as \"CSV UTF-8\"",
				       name);
		*len = (size_t)n;
	} else {
		*len = mark ? size - 3 : size;
		memcpy(*out, mark ? text + 3 : text, *len);
	}
	(*out)[*len] = '\0';
	line = odd_line(*out, *len);
	return line ? err_set(e, VERDICT_USAGE, "%s:%zu: this line holds bytes that are not UTF-8 text; save the table again, as \"CSV UTF-8\"", name, line) : 0;
}

/* --- rows and cells --- */

int table_open(struct table *t, const char *text, size_t len, struct err *e)
{
	*t = (struct table){.at = text, .end = text + len, .separator = ',', .bytes = malloc(len + TABLE_CELLS_MAX + 1)};
	return t->bytes ? 0 : err_set(e, VERDICT_SYSTEM, "out of memory");
}

void table_restart(struct table *t, const char *text, char separator)
{
	t->at = text;
	t->separator = separator;
	t->line = t->lines = t->ncells = 0;
}

/* Passes the end of a line at t->at: CR, LF or both. */
static void end_line(struct table *t)
{
	t->at += t->at + 1 < t->end && t->at[0] == '\r' && t->at[1] == '\n' ? 2 : 1;
	t->lines++;
}

/* Behind the opening quote, to behind the closing one. Returns the bytes put at OUT, or -1. */
static long quoted_cell(struct table *t, char *out)
{
	size_t n = 0;

	for (; t->at < t->end; t->at++) {
		if (*t->at == '"') {
			if (t->at + 1 == t->end || t->at[1] != '"') {
				t->at++;
				return (long)n;
			}
			t->at++;
		}
		t->lines += *t->at == '\n';
		out[n++] = *t->at;
	}
	return -1;
}

static bool ends_cell(const struct table *t)
{
	return t->at == t->end || *t->at == t->separator || *t->at == '\r' || *t->at == '\n';
}

/* One cell into OUT, where its bytes and a NUL go. Returns 0 or -1. */
static int take_cell(struct table *t, char *out, struct err *e)
{
	size_t column = t->ncells + 1;
	long n = 0;

	if (t->ncells == TABLE_CELLS_MAX)
		return err_set(e, VERDICT_USAGE, "column %zu: there are over %d columns", column, TABLE_CELLS_MAX);
	if (t->at < t->end && *t->at == '"') {
		t->at++;
		n = quoted_cell(t, out);
		if (n < 0)
			return err_set(e, VERDICT_USAGE, "column %zu: the quote that opens this cell is not closed; expected: another one at the cell's end",
				       column);
		if (!ends_cell(t))
			return err_set(e, VERDICT_USAGE, "column %zu: text stands behind a closing quote; expected: the next cell, or two quotes for one within a cell",
				       column);
	} else {
		for (; !ends_cell(t); out[n++] = *t->at++)
			if (*t->at == '"')
				return err_set(e, VERDICT_USAGE, "column %zu: a quote stands within a cell; expected: quotes around the cell, and two for one within it",
					       column);
	}
	if (n > TABLE_CELL_MAX)
		return err_set(e, VERDICT_USAGE, "column %zu: the cell is over %d bytes", column, TABLE_CELL_MAX);
	out[n] = '\0';
	t->cells[t->ncells++] = (struct span){out, (size_t)n};
	return 0;
}

static int take_row(struct table *t, bool *empty, struct err *e)
{
	char *out = t->bytes;

	t->ncells = 0;
	t->line = t->lines + 1;
	*empty = true;
	for (;;) {
		if (take_cell(t, out, e))
			return -1;
		out += t->cells[t->ncells - 1].len + 1;
		*empty = *empty && table_trim(t->cells[t->ncells - 1]).len == 0;
		if (t->at == t->end || *t->at != t->separator)
			break;
		t->at++;
	}
	if (t->at < t->end)
		end_line(t);
	return 0;
}

int table_next(struct table *t, struct err *e)
{
	bool empty = true;

	while (empty && t->at < t->end) {
		if (t->comments && *t->at == '#') {
			while (t->at < t->end && *t->at != '\n' && *t->at != '\r')
				t->at++;
			if (t->at < t->end)
				end_line(t);
			continue;
		}
		if (take_row(t, &empty, e))
			return -1;
	}
	return empty ? 0 : 1;
}

static size_t blank(const char *at, size_t len)
{
	if (len && memchr(" \t\r\n", *at, 4))
		return 1;
	return len >= 2 && memcmp(at, "\xc2\xa0", 2) == 0 ? 2 : 0;
}

struct span table_trim(struct span cell)
{
	size_t n;

	while ((n = blank(cell.at, cell.len)) > 0) {
		cell.at += n;
		cell.len -= n;
	}
	for (;;) {
		if (cell.len >= 2 && blank(cell.at + cell.len - 2, 2) == 2)
			cell.len -= 2;
		else if (cell.len && blank(cell.at + cell.len - 1, 1))
			cell.len--;
		else
			return cell;
	}
}

void table_free(struct table *t)
{
	free(t->bytes);
	t->bytes = NULL;
}
