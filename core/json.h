/* SPDX-License-Identifier: ISC */
/* JSON to a stream (RFC 8259), enough to answer with: no tree, no allocation. Commas and escapes are its business. */
#ifndef CORE_JSON_H
#define CORE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	bool comma;
};

void json_begin(struct json *j, FILE *out);
/* KEY is NULL inside an array and for the outermost value. */
void json_open_object(struct json *j, const char *key);
void json_close_object(struct json *j);
void json_open_array(struct json *j, const char *key);
void json_close_array(struct json *j);
/* Bytes that are no valid UTF-8 come out as U+FFFD. */
void json_put_string(struct json *j, const char *key, const char *value);
/* A path, which may be any bytes: as json_put_string has it, under KEY, and, when that is not all of it (not UTF-8), again in the
 * manifest's spelling (%XX) under KEY_escaped, so that two paths are never one. */
void json_put_path(struct json *j, const char *key, const char *path);
void json_put_number(struct json *j, const char *key, uint64_t value);
void json_put_bool(struct json *j, const char *key, bool value);
/* Writes the newline behind the outermost value. */
void json_finish(struct json *j);

#endif
