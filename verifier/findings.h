/* SPDX-License-Identifier: ISC */
/* What an audit found, and what it could not look at: kept by several threads, bounded, read sorted. */
#ifndef VERIFIER_FINDINGS_H
#define VERIFIER_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum finding_kind {
	/* Differences from the signed image. */
	FINDING_MODIFIED,   /* the content is another */
	FINDING_MISSING,
	FINDING_ADDED,
	FINDING_TYPE,       /* a link where a file was signed, and the like */
	FINDING_MODE,       /* permissions, set-id bits, capabilities */
	FINDING_OWNER,
	FINDING_LINK,       /* the link leads elsewhere */
	FINDING_ATTRIBUTE,  /* an access control list or another extended attribute */
	FINDING_UNREADABLE, /* could not be compared, which must not pass for a match */
	/* No differences. */
	FINDING_SETTING,    /* a difference in what upgrades carry over */
	FINDING_WEAKNESS,   /* a rule of severity `weakness' holds */
	/* A sign of infection. */
	FINDING_SIGN,       /* a rule of severity `infection' holds */
	FINDING_KINDS,
};

/* The kind's word in output: "modified". */
const char *finding_word(enum finding_kind kind);

struct finding {
	enum finding_kind kind;
	bool suspect;         /* the difference itself is what infections look like */
	const char *slot;     /* the raw slot whose copy PATH names (a target), or NULL: PATH is one in the tree */
	const char *path;     /* raw bytes, NUL-terminated */
	const char *detail;   /* printable: what is there, what was signed; "" when there is nothing to add */
	const char *sign;     /* id of the rule, or NULL */
};

/* Findings kept; what is found beyond that is only counted, so that a tree full of junk cannot fill the memory. Signs
 * are kept always. */
enum { FINDINGS_MAX = 16384 };

struct findings;

struct findings *findings_new(void); /* NULL when memory is out */
void findings_free(struct findings **f);

/* Keeps a copy of *FINDING, from any thread. When memory is out it is counted all the same. */
void findings_add(struct findings *f, const struct finding *finding);
/* Something that was not looked at, and why: no difference, but the reader must know. PATH as in a finding, or a name. */
void findings_skip(struct findings *f, const char *path, const char *why);

/* The rest is for after the threads have ended. */

/* Tree first, then slots; by path as bytes, then by kind. */
void findings_sort(struct findings *f);
size_t findings_count(const struct findings *f);
const struct finding *findings_at(const struct findings *f, size_t i);
/* How many of a kind there were, kept or not. */
uint64_t findings_of(const struct findings *f, enum finding_kind kind);
/* How many were suspect, or a sign. */
uint64_t findings_suspect(const struct findings *f);
/* How many were counted only. */
uint64_t findings_omitted(const struct findings *f);

struct skipped {
	const char *path, *why;
};
size_t findings_skips(const struct findings *f);
struct skipped findings_skip_at(const struct findings *f, size_t i);

#endif
