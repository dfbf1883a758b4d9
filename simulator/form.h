/* SPDX-License-Identifier: ISC */
/* The file in an upload, found as stock boards find it: by hand and by arithmetic, not by the rules of RFC 7578.
 *
 * The first line is the delimiter, the part's header ends with an empty line, and off the end of the body the length of the
 * delimiter and six bytes are cut: CR LF, delimiter, two hyphens, CR LF. */
#ifndef SIMULATOR_FORM_H
#define SIMULATOR_FORM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/text.h"

enum {
	FORM_HEAD_MAX = 2048,     /* bytes before the file */
	FORM_DELIMITER_MAX = 128,
	FORM_TAIL_MAX = FORM_DELIMITER_MAX + 6,
};

struct form {
	uint64_t length, got;     /* of the body: as promised by Content-Length, and so far */
	uint64_t file_size, file_got;
	bool several;             /* parts without a file name may come first, as the token API has it */
	bool begun;               /* the file's size is known */
	char head[FORM_HEAD_MAX];
	size_t head_len, delimiter_len;
	char tail[FORM_TAIL_MAX];
	size_t tail_len;
};

/* Starts on a body of LENGTH bytes. */
void form_begin(struct form *f, uint64_t length, bool several);

/* Takes the next bytes of the body, never more than were promised, and points FILE at those of the file among them.
 * Returns 0, or -1 when no file can be found in this body. */
int form_take(struct form *f, const char *bytes, size_t len, struct span *file);

/* The body has come whole, and ends as the arithmetic assumes. */
bool form_exact(const struct form *f);

#endif
