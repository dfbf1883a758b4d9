/* SPDX-License-Identifier: ISC */
/* Text for a person, on a terminal or in a log: the one border that foreign text passes on its way there, be it of a board, a file or a
 * library. */
#ifndef CORE_SAY_H
#define CORE_SAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* As fprintf, but of what comes out only the line feeds at the end of FORMAT are control bytes: all others, and what is not valid UTF-8,
 * become \xHH, and so do characters that change how others are shown (direction, zero width) or end a line in some programs. A format has
 * no line feed but at its end. Errors of OUT stay its own: the caller checks the stream. */
void say(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Bytes of the valid UTF-8 sequence at P, which a NUL ends (RFC 3629); 0: none. */
size_t utf8_length(const unsigned char *p);

/* True when the LEN bytes at TEXT, behind which a NUL must stand, are valid UTF-8 of which say() escapes nothing. */
bool utf8_is_plain(const char *text, size_t len);

#endif
