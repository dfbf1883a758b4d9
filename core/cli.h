/* SPDX-License-Identifier: ISC */
/* What all four programs do alike: a table of verbs, help, --version, and how an error is said. */
#ifndef CORE_CLI_H
#define CORE_CLI_H

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/err.h"
#include "core/manifest.h"
#include "core/trust.h"

struct verb {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is the verb; returns the exit status */
	const char *synopsis;              /* arguments, as in a man page; \n parts long ones */
	const char *help;                  /* one line */
};

struct program {
	const char *name;
	const char *purpose;               /* one line */
	const struct verb *verbs;          /* ends with a NULL name */
};

/* Finds the verb and runs it; handles --help, --version, `help VERB`. Returns the exit status. */
int cli_run(const struct program *p, int argc, char **argv);

/* Says E on standard error, "PROGRAM: VERDICT: message", and returns its exit status. */
int cli_fail(const struct err *e);

/* One JSON object, {"verdict":...,"status":...,"message":...}. */
void cli_print_failure(FILE *out, const struct err *e);

/* As cli_fail, and that object on standard output when JSON is set. */
int cli_fail_as(const struct err *e, bool json);

/* Passes on what another program said, one line, escaped already: "PROGRAM: signer: text" on standard error. */
void cli_relay(const char *text);

/* The next option of ARGV, as getopt_long has it: its code, -1 behind the last one, or '?' when it is unknown, ambiguous, without the value
 * that it wants or with one that it does not: *E names it then. The first call of a process begins with ARGV[1]. */
MUST_CHECK int cli_option(int argc, char **argv, const char *shorts, const struct option *table, struct err *e);

/* A usage error: says the message, and a short synopsis of the verb or where to find a long one. Returns STATUS_USAGE. */
int cli_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What was wrong with the arguments, or with a file that they name: as cli_usage, but E may have another verdict; then as cli_fail_as. */
int cli_wrong(const struct err *e);

/* ONE or MANY, whichever goes with N. */
const char *cli_many(uint64_t n, const char *one, const char *many);

/* Flushes standard output and returns STATUS, or STATUS_SYSTEM when output was lost (disk full, closed pipe). */
int cli_done(int status);

/* Parses "ID:REV" or "ID" (revision 0 then; *HAVE_REV tells) into ID. Returns 0 or -1 (usage). */
MUST_CHECK int cli_board(char id[static TEXT_NAME_MAX + 1], uint64_t *revision, bool *have_rev, const char *text, struct err *e);

/* Parses a decimal number of at most MAX. Returns 0 or -1 (usage, naming WHAT). */
MUST_CHECK int cli_number(uint64_t *out, const char *text, uint64_t max, const char *what, struct err *e);

/* Parses a duration into milliseconds: "90" and "2.5" are seconds; "500ms", "30s", "10m", "1h30m", "2d" have units, the largest first. At most
 * MAX_MS. Returns 0 or -1 (usage, naming WHAT). */
MUST_CHECK int cli_duration(uint64_t *out_ms, const char *text, uint64_t max_ms, const char *what, struct err *e);

/* Parses "64K", "512M", "8G", "2T", or a number of bytes, of at most MAX bytes. Returns 0 or -1 (usage, naming WHAT). */
MUST_CHECK int cli_bytes(uint64_t *out, const char *text, uint64_t max, const char *what, struct err *e);

#endif
