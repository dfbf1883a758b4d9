/* SPDX-License-Identifier: ISC */
/* Signs of known infections, as data (docs/AUDIT.md): what must not be in a tree, and the look at one file that tells. */
#ifndef VERIFIER_KNOWN_BAD_H
#define VERIFIER_KNOWN_BAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/crypto.h"
#include "core/err.h"
#include "core/text.h"

#define KNOWN_BAD_MAGIC "firmseal-known-bad 1"
enum {
	KNOWN_BAD_FILE_MAX = 256 << 10, /* bytes */
	KNOWN_BAD_WORDS_MAX = 200,      /* bytes of a sign's words for people */
	KNOWN_BAD_TEXT_MAX = 128,       /* bytes of text looked for, or of a host's name */
	KNOWN_BAD_RULES_MAX = 32,       /* rules on one path */
	KNOWN_BAD_FIELDS_MAX = 67,      /* `hash PATH blake2b', and 64 hashes */
};

enum severity { SEVERITY_WEAKNESS, SEVERITY_INFECTION };

struct sign {
	char id[TEXT_NAME_MAX + 1];
	char words[KNOWN_BAD_WORDS_MAX + 1]; /* for people; printable ASCII */
	enum severity severity;
};

/* A rule file, parsed: signs, and rules grouped by the path they look at. */
struct known_bad;

/* Parses LEN bytes; NAME is for messages, "NAME:LINE: ...". Unknown, unfinished or doubled lines refuse all of it. Returns 0, or
 * -1: usage, system (memory). */
MUST_CHECK int known_bad_parse(struct known_bad **out, const char *name, const char *text, size_t len, struct err *e);
/* Reads the file PATH. Returns 0, or -1: system, too-large, usage. */
MUST_CHECK int known_bad_load(struct known_bad **out, const char *path, struct err *e);
void known_bad_free(struct known_bad **k);

size_t known_bad_signs(const struct known_bad *k);
/* The paths that rules look at, sorted as bytes, each once. */
size_t known_bad_paths(const struct known_bad *k);
const char *known_bad_path(const struct known_bad *k, size_t i);
/* The index of PATH, or -1: no rule looks at it. */
int64_t known_bad_find(const struct known_bad *k, const char *path);
/* True when some rule on path I can be told from the content alone. */
bool known_bad_wants_content(const struct known_bad *k, size_t i);

/* One look at the content of one path, as it is read for hashing. Plain record. */
struct look {
	const struct known_bad *k;
	size_t path;
	uint32_t found;                       /* bit I: rule I of the path has seen its text */
	char before[KNOWN_BAD_TEXT_MAX];      /* the end of what came so far: a text may lie across two reads */
	size_t nbefore;
	char word[KNOWN_BAD_TEXT_MAX + 1];    /* of a hosts file: the word being read */
	size_t nword;
	bool comment;
};

void look_begin(struct look *l, const struct known_bad *k, size_t path);
void look_feed(struct look *l, const void *bytes, size_t len);
void look_content_ends(struct look *l);

/* What is known of the thing at a path, once it has been looked at. */
struct sighting {
	uint64_t size;             /* of a regular file, else 0 */
	const unsigned char *hash; /* BLAKE2b-256 of a regular file that was read, else NULL */
	const struct look *look;   /* of a regular file that was read, else NULL */
};

/* Calls HIT for each sign of path I of which a rule holds, once a sign. There is something at the path. */
void known_bad_judge(const struct known_bad *k, size_t i, const struct sighting *s,
		     void (*hit)(void *context, const struct sign *sign), void *context);

#endif
