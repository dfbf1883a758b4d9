/* SPDX-License-Identifier: ISC */
/* What known_bad.c (parsing) and known_bad_look.c (looking) share; nobody else includes it. */
#ifndef VERIFIER_KNOWN_BAD_RULES_H
#define VERIFIER_KNOWN_BAD_RULES_H

#include "verifier/known_bad.h"

enum rule_kind { RULE_EXISTS, RULE_SIZE_OVER, RULE_HASH, RULE_HASH_NOT, RULE_CONTAINS, RULE_HOSTS };

struct rule {
	enum rule_kind kind;
	uint32_t sign;         /* index */
	unsigned line;         /* in the file */
	const char *path;      /* decoded */
	uint64_t bytes;        /* size-over */
	struct span hashes;    /* hash, hash-not: the fields, which have been checked */
	const char *text;      /* contains, hosts: decoded */
	struct span whole;     /* the line */
};

struct known_bad {
	char *text;            /* the file's */
	char *decoded;         /* paths and texts, one after the other */
	struct sign *signs;
	struct rule *rules;    /* sorted by path, then as they stand in the file */
	uint32_t *first;       /* index of the first rule of each path, and of the end */
	size_t nsigns, nrules, npaths;
};

#endif
