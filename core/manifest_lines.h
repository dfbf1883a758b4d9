/* SPDX-License-Identifier: ISC */
/* What manifest.c (reading lines) and manifest_parse.c (checking all of them) share; nobody else includes it. */
#ifndef CORE_MANIFEST_LINES_H
#define CORE_MANIFEST_LINES_H

#include "core/manifest.h"

/* Kinds of repeated lines, in the order in which they stand. */
enum line_kind { LINE_BOARD, LINE_PAYLOAD, LINE_CHUNK, LINE_ATTACH, LINE_ENTRY, LINE_WRITE, LINE_RUN, LINE_KINDS };

struct manifest {
	char *text;
	size_t len;
	uint32_t *lines;             /* offset of each line, and of the end */
	uint32_t first[LINE_KINDS];  /* index of the first line of a kind */
	struct manifest_head head;
};

struct span manifest_line(const struct manifest *m, enum line_kind kind, uint32_t i);
/* The kind of an entry line whose keyword is known to be one of the four. */
enum entry_type manifest_line_type(struct span line);

/* Each reads one line's fields, and returns NULL or what is wrong with it. They check form, not meaning. */
const char *manifest_read_board(struct span line, struct manifest_board *out);
const char *manifest_read_chunk(struct span line, struct manifest_chunk *out);
const char *manifest_read_attach(struct span line, struct manifest_attach *out);
const char *manifest_read_entry(struct span line, enum entry_type type, struct manifest_entry *out);
const char *manifest_read_write(struct span line, struct manifest_write *out);
const char *manifest_read_run(struct span line, struct manifest_run *out);

#endif
