/* SPDX-License-Identifier: ISC */
/* Which side starts next, and whether it is on trial: one struct of functions for each boot method, one file each. And the marker by
 * which a board with one side starts its recovery system while its flash is half written. */
#ifndef VERIFIER_BOOT_H
#define VERIFIER_BOOT_H

#include "core/text.h"
#include "verifier/device.h"

struct boot_state {
	enum side side;        /* starts next */
	bool trial;            /* nobody has confirmed it: when it does not come up, the other one comes back */
	uint32_t tries;        /* starts of it so far, while on trial */
};

/* The seam. Both return 0 or -1. */
struct boot_method {
	const char *word;
	int (*read)(const struct device *d, struct boot_state *out, struct err *e);
	int (*write)(const struct device *d, const struct boot_state *next, struct err *e);
	bool counts;           /* `firmverify boot-attempt' counts the starts; else the boot loader does */
};
extern const struct boot_method boot_uboot_env, boot_marker, boot_link;

/* Reads what starts next. A record that is damaged is an error, unless the kernel's command line says which side runs: then that one.
 * Only for boards with two sides. Returns 0, or -1: system, usage (this program was built without that method). */
MUST_CHECK int boot_read(const struct device *d, struct boot_state *out, struct err *e);
MUST_CHECK int boot_write(const struct device *d, const struct boot_state *next, struct err *e);

/* Which side runs now: `firmseal.side=a|b' on the kernel's command line when it is there; else what boot_note_running has noted since
 * the last start; else what follows from S: an image on trial that has not been started yet does not run, the other one does. */
enum side boot_running(const struct device *d, const struct boot_state *s);
/* Notes that SIDE runs, until the next start: for who changes what starts next so that the record no longer shows it. Returns 0 or -1. */
MUST_CHECK int boot_note_running(const struct device *d, enum side side, struct err *e);
/* Whether the image that runs has been given up in this very start: S, no trial, is the other side's, and a note says so. Until the
 * restart the side that starts next is the only one that is known to be good. */
bool boot_given_up(const struct device *d, const struct boot_state *s);
/* What the command line says. Returns false when it says nothing. */
bool boot_told(const struct device *d, enum side *out);

/* For the first program of a start, where the boot loader does not count: counts a start of what is on trial, or, when it has had its
 * tries, makes the other side the next again. *OUT is what should be started. Returns 0, or -1: usage, system. */
MUST_CHECK int boot_attempt(const struct device *d, struct boot_state *out, struct err *e);

/* On boards with one side and `boot marker': sets the marker before flash is written, takes it away when all of it is right. Else
 * nothing. Returns 0 or -1. */
MUST_CHECK int boot_recovery(const struct device *d, bool on, struct err *e);

/* True when the N bytes of IN are what this board's `boot marker' can hold in a file: a boot record, or the recovery marker, set or not. */
bool boot_marker_is_ours(const struct device *d, const unsigned char *in, size_t n);

/* The other one; and its letter. */
enum side boot_other(enum side side);
const char *boot_letter(enum side side);
/* `a' or `b'. Returns 0 or -1. */
int boot_side(enum side *out, struct span text);

/* The record that the methods marker and link keep: 512 bytes, so that a boot loader's environment import takes them:
 *   firmseal_side=a|b, firmseal_trial=0|1, firmseal_tries=N, a line each, in this order; NUL bytes up to byte 508; then the CRC-32 of
 *   those 508 bytes (IEEE 802.3, as U-Boot's crc32), big-endian. */
enum { BOOT_RECORD_SIZE = 512 };
void boot_record_make(unsigned char out[static BOOT_RECORD_SIZE], const struct boot_state *s);
/* Returns 0, or -1: it is no whole record. */
int boot_record_parse(struct boot_state *out, const unsigned char in[static BOOT_RECORD_SIZE]);

#endif
