/* SPDX-License-Identifier: ISC */
/* What is signed: a file's BLAKE2b-512, and the comment that suits it. */
#ifndef KEYS_SUBJECT_H
#define KEYS_SUBJECT_H

#include "core/err.h"
#include "core/minisig.h"

struct subject {
	unsigned char prehash[PREHASH_SIZE];
	/* "firmseal product:P version:V counter:N" of a manifest, else "file:NAME". */
	char comment[MINISIG_COMMENT_MAX + 1];
};

/* Reads the regular file NAME, or standard input when it is "-", once: what is looked at is what is hashed. A file that
 * begins as a manifest must be one. Returns 0, or -1: system, usage (overlong name), or as manifest_parse. */
MUST_CHECK int subject_read(struct subject *out, const char *name, struct err *e);

/* As subject_read, but only hashes: for those who verify. */
MUST_CHECK int subject_hash(unsigned char prehash[static PREHASH_SIZE], const char *name, struct err *e);

#endif
