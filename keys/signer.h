/* SPDX-License-Identifier: ISC */
/* A program that signs for us: it asks an HSM, an agent or a cloud, and no secret key is ever in this process (docs/signing.md). */
#ifndef KEYS_SIGNER_H
#define KEYS_SIGNER_H

#include <stdbool.h>

#include "core/minisig.h"

enum {
	SIGNER_ARGS_MAX = 62,
	SIGNER_SECONDS = 60,         /* for one signature; a person may have to touch a token */
	SIGNER_SECONDS_MAX = 3600,
};

/* The bytes to be signed are the program's standard input, the signature (64 bytes, or them in base64) its standard output. It is
 * started without a shell, with the caller's environment and no descriptor but these three. Strings stay argv's. */
struct signer {
	const char *argv[SIGNER_ARGS_MAX + 2]; /* ends with NULL */
	size_t argc;
	struct public_key public;    /* of the key it signs with */
	bool have_public;
	unsigned seconds;
	void (*say)(const char *text); /* called with what it says on standard error, escaped, a line at a time; or NULL */
};

/* The programs named on a command line. Plain record, zero-initialised by the caller, but for SAY. */
struct signer_list {
	struct signer at[MINISIG_BLOCKS_MAX];
	size_t n;
	void (*say)(const char *text);
};

/* What follows --signer; each option but the first is about the --signer before it. */
enum signer_option { SIGNER_PROGRAM, SIGNER_ARG, SIGNER_PUBKEY, SIGNER_TIMEOUT };

/* The options for a getopt_long table; CODE is that of --signer, the others follow in the order of enum signer_option. */
#define SIGNER_OPTIONS(code) \
	{"signer", required_argument, NULL, (code)}, {"signer-arg", required_argument, NULL, (code) + 1}, \
	{"signer-pubkey", required_argument, NULL, (code) + 2}, {"signer-timeout", required_argument, NULL, (code) + 3}
/* Their lines in a synopsis. */
#define SIGNER_SYNOPSIS \
	"  [--signer PROGRAM [--signer-arg ARG]... --signer-pubkey FILE [--signer-timeout SECONDS (60)]]...\n" \
	"                            a program that gets what is to be signed on standard input and writes the Ed25519\n" \
	"                            signature to standard output: for an HSM or a cloud key. Started without a shell\n"

/* Takes one of these options. Returns 0, or -1: usage, or what the public key file has wrong. */
MUST_CHECK int signer_take(struct signer_list *l, enum signer_option option, const char *value, struct err *e);
/* Complains (usage) about a --signer without --signer-pubkey. */
MUST_CHECK int signer_complete(const struct signer_list *l, struct err *e);

/* Has LEN bytes signed, and checks the signature with the public key before anybody uses it. Returns 0, or -1: system (cannot be
 * started, fails, takes too long, answers something else), bad-signature (it signed something else, or with another key). */
MUST_CHECK int signer_run(const struct signer *s, unsigned char sig[static ED25519_SIG_SIZE], const void *bytes, size_t len, struct err *e);

#endif
