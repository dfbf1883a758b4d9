/* SPDX-License-Identifier: ISC */
/* What this board knows of itself: small files in the state directory, replaced atomically, each with a checksum. */
#ifndef VERIFIER_STATE_H
#define VERIFIER_STATE_H

#include "core/manifest.h"
#include "verifier/device.h"

/* An installed image: STATE/installed, or, on boards with two sides, STATE/installed.a and .b. */
struct installed {
	bool any;                /* false: nothing has been installed yet, or it is being written over */
	char product[TEXT_NAME_MAX + 1];
	char version[TEXT_NAME_MAX + 1];
	uint64_t counter;        /* its security counter */
	unsigned char manifest[HASH_SIZE]; /* BLAKE2b-256 of its manifest */
};

/* Takes STATE/lock, within a fifth of a second. Returns a descriptor (closing it lets go), or -1: busy, system. */
MUST_CHECK int state_lock(const struct device *d, struct err *e);
/* Takes it shared, for one that only reads: installs are kept away, and nothing is written, not even a lock file. Returns a
 * descriptor (that of the directory where there never was an install), or -1: busy (one is under way, or waits to be finished), system. */
MUST_CHECK int state_lock_shared(const struct device *d, struct err *e);
/* Whether somebody holds that lock right now, for who only looks: writes nothing. Returns 0, or -1 (system). */
MUST_CHECK int state_busy(const struct device *d, bool *busy, struct err *e);

/* The last line of a state file, "blake2b HASH\n", in bytes. */
enum { SUM_LINE_LENGTH = sizeof "blake2b " - 1 + HASH_HEX + 1 };

/* Reads a state file of at most MAX bytes: its body without the checksum line. The records (installed, confirmed, boot) are kept in
 * two generations, and one that is torn or missing reads as the one before it. Returns 1, 0 when there is none, -1 (system: torn or
 * damaged, named). The caller frees *BODY. */
MUST_CHECK int state_read(const struct device *d, const char *name, char **body, size_t *len, size_t max, struct err *e);
/* Reads a file whose content is verified by other means, and may be used in part: whatever is there. Returns 0; one of these, with *BODY
 * NULL but for STATE_DAMAGED (the checksum does not fit, E says so); or -1: memory. The caller frees *BODY. */
enum { STATE_MISSING = 1, STATE_DAMAGED, STATE_UNREADABLE };
MUST_CHECK int state_salvage(const struct device *d, const char *name, char **body, size_t *len, size_t max, struct err *e);
/* True when NAME is there and is damaged, whatever state_read made of it. */
bool state_is_torn(const struct device *d, const char *name);
/* Replaces a state file atomically: body, then a line `blake2b HASH`. Returns 0 or -1. */
MUST_CHECK int state_write(const struct device *d, const char *name, const char *body, size_t len, struct err *e);
/* Removes a state file; a missing one is fine. Returns 0 or -1. */
MUST_CHECK int state_remove(const struct device *d, const char *name, struct err *e);

/* True when the N bytes of TEXT end in such a line, and its hash is that of the *LEN bytes before it. */
bool state_sum_fits(const char *text, size_t n, size_t *len);

/* Removes what a state_write that a power cut interrupted left behind. The caller holds the lock. Returns 0 or -1. */
MUST_CHECK int state_sweep(const struct device *d, struct err *e);
/* Renames a state file; one that has been renamed already is fine. Returns 0 or -1. */
MUST_CHECK int state_rename(const struct device *d, const char *from, const char *to, struct err *e);

/* The lines of STATE/installed. format returns their length (OUT holds at least 1 KiB); parse takes them off the front of *TEXT and
 * returns 0 or -1. */
int installed_format(char *out, size_t size, const struct installed *in);
int installed_parse(struct installed *out, struct span *text);

/* The name of what is kept for each side: BASE, and behind it, on boards with two sides, `.a' or `.b'. */
enum { STATE_NAME_MAX = 32 };
void state_side_name(char out[static STATE_NAME_MAX], const struct device *d, const char *base, enum side side);

/* What is installed on SIDE (boards with one: SIDE_A). Returns 0 (also when nothing is: any is false) or -1. A damaged record without
 * one before it is an error, never "nothing installed". */
MUST_CHECK int state_installed(const struct device *d, enum side side, struct installed *out, struct err *e);
MUST_CHECK int state_set_installed(const struct device *d, enum side side, const struct installed *in, struct err *e);
/* SIDE is about to be written over. Returns 0 or -1. */
MUST_CHECK int state_forget(const struct device *d, enum side side, struct err *e);

/* The number in STATE/confirmed, on boards with two sides: the security counter that was confirmed. What it is worth verifier/known.h says.
 * Returns 1, 0 when there is none, -1 (damaged). */
MUST_CHECK int state_confirmed(const struct device *d, uint64_t *counter, struct err *e);
MUST_CHECK int state_set_confirmed(const struct device *d, uint64_t counter, struct err *e);

#endif
