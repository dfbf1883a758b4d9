/* SPDX-License-Identifier: ISC */
/* Errors: a verdict word, the exit status that follows from it, and a message for a person. */
#ifndef CORE_ERR_H
#define CORE_ERR_H

#include <stdarg.h>
#include <stddef.h>

/* Exit status of every program (docs/FORMAT.md section 7). */
enum status {
	STATUS_DONE = 0,
	STATUS_SYSTEM = 1,        /* I/O, memory */
	STATUS_USAGE = 2,
	STATUS_MALFORMED = 3,
	STATUS_NOT_AUTHENTIC = 4,
	STATUS_NOT_FOR_BOARD = 5, /* board, product, rollback */
	STATUS_SOME_FAILED = 6,   /* some devices failed */
	STATUS_HALTED = 7,
	STATUS_UNKNOWN = 8,       /* outcomes unknown */
	STATUS_UNSAFE_TARGET = 9,
};

/* One verdict, one word, the same in text, in JSON and on the web (docs/FORMAT.md section 7). A zeroed record says SYSTEM, and OK is far
 * from all others: a call that was skipped, or an error that nobody filled in, never reads as a success. */
enum verdict {
	VERDICT_SYSTEM = 0,       /* I/O, memory; a failure without a reason */
	VERDICT_NOT_A_BUNDLE,
	VERDICT_MALFORMED_HEADER,
	VERDICT_MALFORMED_SIGNATURE,
	VERDICT_MALFORMED_MANIFEST,
	VERDICT_MALFORMED_KEYRING,
	VERDICT_TRUNCATED,
	VERDICT_TRAILING_DATA,
	VERDICT_TOO_LARGE,
	VERDICT_UNSIGNED,
	VERDICT_UNTRUSTED_KEY,
	VERDICT_REVOKED_KEY,
	VERDICT_BAD_SIGNATURE,
	VERDICT_THRESHOLD,
	VERDICT_KEYRING_GAP,
	VERDICT_CHUNK_HASH,
	VERDICT_CHUNK_SIZE,
	VERDICT_PAYLOAD_MISMATCH,
	VERDICT_FILE_HASH,
	VERDICT_ATTACHMENT_HASH,
	VERDICT_CROSS_SITE,       /* a web page of somebody else sent this request */
	VERDICT_UNSAFE_PATH,
	VERDICT_WRONG_BOARD,
	VERDICT_WRONG_PRODUCT,
	VERDICT_ROLLBACK,
	VERDICT_UNSAFE_TARGET,    /* a disk that must not be written */
	/* Not about a bundle, but about the program's own work. */
	VERDICT_HALTED,           /* a rollout was stopped by its limits, and nobody lifted that */
	VERDICT_BUSY,             /* another install is under way */
	VERDICT_USAGE,
	VERDICT_COUNT,
	VERDICT_OK = 0x52e9a61d,
};

/* On every function that can fail: whether it did is what it returns, and nobody may pass over that. Where a failure is of no account, say so
 * with IGNORE. */
#define MUST_CHECK __attribute__((warn_unused_result))
#define IGNORE(call) ((void)!(call))

enum { ERR_MESSAGE_MAX = 1024 };

/* The word as it stands in output: "bad-signature". Never NULL. */
const char *verdict_word(enum verdict verdict);

/* The verdict whose word is WORD. Returns 0, or -1: there is no such word. */
int verdict_find(enum verdict *out, const char *word);

/* The exit status that the verdict leads to. */
enum status verdict_status(enum verdict verdict);

/* What went wrong. Plain record; zero-initialised it says "system". It never says "ok": whether a call succeeded is what it returns.
 * No allocation. */
struct err {
	enum verdict verdict;
	char message[ERR_MESSAGE_MAX]; /* what was being done, to what, what went wrong; no newline */
};

/* What a function answers that decides: is this trusted, may this be installed? Wide constants that no skipped instruction leaves behind by
 * chance. Compare with ACCEPTED only: whatever else it is, it is a refusal. */
enum decision {
	ACCEPTED = 0x3b9ac55a,
	REFUSED = 0x4465b2a5,
};

/* Fills E (may be NULL) and returns -1, so that `return err_set(e, ...)` reads well. Overlong messages are cut. */
int err_set(struct err *e, enum verdict verdict, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As err_set, for a function that decides. Returns REFUSED. */
enum decision err_refuse(struct err *e, enum verdict verdict, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As err_set with VERDICT_SYSTEM, and ": strerror(errno)" behind the message. */
int err_errno(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "prefix: " before the message that E already holds; returns -1. */
int err_prefix(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

#ifdef __clang_analyzer__ /* which looks into one file at a time, and would doubt that these return -1 */
#define err_set(...) (err_set(__VA_ARGS__), -1)
#define err_errno(...) (err_errno(__VA_ARGS__), -1)
#define err_prefix(...) (err_prefix(__VA_ARGS__), -1)
#endif

/* Writes BYTES into OUT (NUL-terminated, cut with "..." to SIZE) so that a terminal or log cannot be fooled:
 * 0x20..0x7e stand for themselves but `\` and `"`; all else is \xHH. Returns OUT. */
const char *err_quote(char *out, size_t size, const void *bytes, size_t len);

/* The same of a text that stands without quotes around it and may have some of its own, such as a message: `"' stays. */
const char *err_escape(char *out, size_t size, const void *bytes, size_t len);

#endif
