/* SPDX-License-Identifier: ISC */
/* A bundle opened by one of the verbs that take BUNDLE|- and --pubkey or --keyring: arguments, keys, descriptor, reader. */
#ifndef CORE_OPENED_H
#define CORE_OPENED_H

#include <stdbool.h>

#include "core/reader.h"

/* Which options a verb has besides --pubkey, --keyring, --json and --quiet. */
enum {
	OPEN_QUICK = 1 << 0,
	OPEN_POLICY = 1 << 1,     /* --board, --product, --counter */
	OPEN_OWNERS = 1 << 2,
	OPEN_PAIR = 1 << 4,       /* two bundles, where else a bundle and a directory stand */
	OPEN_UNVERIFIED = 1 << 3, /* --pubkey and --keyring may be missing */
};

/* Strings stay argv's. */
struct open_options {
	const char *bundle;       /* "-" is standard input */
	const char *dir;          /* the second argument, where a verb has one */
	const char *board, *product; /* or NULL */
	const char *counter;      /* or NULL */
	const char *pubkeys[TRUST_KEYS_MAX];
	size_t npubkeys;
	const char *keyring;      /* or NULL */
	bool quick, owners, quiet, json;
};

/* Reads a verb's arguments: NARGS (1 or 2) names, and the options ALLOWED. Returns 0, or -1 (usage). */
MUST_CHECK int open_options_parse(struct open_options *o, int argc, char **argv, unsigned allowed, int nargs, struct err *e);

struct opened {
	int fd;
	struct source_fd source;
	struct trust trust;
	struct policy policy;
	char board[TEXT_NAME_MAX + 1]; /* POLICY's */
	struct reader *reader;    /* of opened_reader */
};

/* Loads the keys and opens the file; reads nothing yet. Returns 0 or -1; opened_close is due in either case. */
MUST_CHECK int opened_source(struct opened *b, const struct open_options *o, struct err *e);
/* The same, reads up to the signed manifest, and asks whether the image is for the board, product and counter given. */
MUST_CHECK int opened_reader(struct opened *b, const struct open_options *o, struct err *e);
void opened_close(struct opened *b);

#endif
