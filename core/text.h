/* SPDX-License-Identifier: ISC */
/* The text grammar that manifests and keyrings share (FORMAT section 3): strict, one spelling for each value. */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/crypto.h"

/* A view of bytes that somebody else owns; not NUL-terminated. */
struct span {
	const char *at;
	size_t len;
};

/* True when the span holds exactly the characters of WORD. */
bool span_is(struct span s, const char *word);

/* Splits a line at single spaces into at most MAX fields. Returns the number of fields, or 0 when the line is empty, has a
 * space at either end, two in a row, or more than MAX fields. */
size_t text_fields(struct span line, struct span *fields, size_t max);

/* Decimal, no sign, no leading zero, at most MAX (itself below 2^63). Returns 0 or -1. */
int text_number(uint64_t *out, struct span field, uint64_t max);

/* Octal with exactly four digits: a file mode. Returns 0 or -1. */
int text_mode(uint32_t *out, struct span field);

/* 64 lower-case hexadecimal digits. Returns 0 or -1. */
int text_hash(unsigned char out[static HASH_SIZE], struct span field);
void text_put_hash(char out[static HASH_HEX + 1], const unsigned char hash[static HASH_SIZE]);

/* [A-Za-z0-9._+-]{1,64}: products, versions, board ids, slots. True when FIELD is such a name. */
enum { TEXT_NAME_MAX = 64 };
bool text_is_name(struct span field);

/* True when two different words are so alike that one is likely meant for the other: they differ in one character (another one, one more, one
 * less, two turned round), or only in case, dashes, dots and underscores. ASCII. */
bool text_is_near(struct span a, struct span b);

/* Undoes %XX into OUT (NUL-terminated, at most SIZE - 1 bytes). Refuses every spelling but the canonical one, and NUL.
 * Returns the number of bytes, or -1. */
int text_unescape(char *out, size_t size, struct span field);

/* Writes LEN bytes in canonical escapes, NUL-terminated; OUT must hold 3 * LEN + 1. Returns the length. */
size_t text_escape(char *out, const char *bytes, size_t len);

#endif
