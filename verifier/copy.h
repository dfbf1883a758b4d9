/* SPDX-License-Identifier: ISC */
/* The text of a target: `KIND:PATH[@OFFSET+LENGTH]', and for raw kinds more of them behind commas, which are copies. */
#ifndef VERIFIER_COPY_H
#define VERIFIER_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COPY_TEXT_MAX = 512 }; /* bytes of a target's text, its NUL among them */

enum copy_kind { COPY_DIR, COPY_FILE, COPY_BLOCK, COPY_MTD, COPY_UBI };

struct copy {
	enum copy_kind kind;
	char text[COPY_TEXT_MAX];   /* as it stands in the device file: for messages */
	char path[COPY_TEXT_MAX];
	uint64_t offset, length;    /* bytes; LENGTH 0: no region was given, all of it */
};

/* What is wrong with a target's text, in words that follow "a target", or NULL: nothing. */
const char *copy_fault(const char *target);

/* Takes the next copy off *TARGET, a text without fault. Returns false when there is none left. */
bool copy_next(struct copy *out, const char **target);

/* True for kinds that are written in place, byte by byte: they have no names that could be exchanged. */
bool copy_is_raw(enum copy_kind kind);

#endif
