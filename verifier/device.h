/* SPDX-License-Identifier: ISC */
/* What this board is and where its firmware goes: the device file, /etc/firmseal/device. It comes with the board, never with a
 * bundle. Every setting fails closed: what is unknown, missing or doubled refuses the whole file. */
#ifndef VERIFIER_DEVICE_H
#define VERIFIER_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/manifest.h"
#include "core/trust.h"

#define DEVICE_FILE_DEFAULT "/etc/firmseal/device"
#define DEVICE_UPLOAD_DEFAULT ((uint64_t)512 << 20) /* bytes */
enum {
	DEVICE_MIN_RATE_DEFAULT = 1024,  /* bytes a second */
	DEVICE_MAX_TIME_DEFAULT = 1800,  /* seconds */
	DEVICE_FILE_MAX = 64 << 10,
	DEVICE_SLOTS_MAX = 32,
	DEVICE_TARGET_MAX = 512, /* bytes of a target's text */
	DEVICE_SETTINGS_MAX = 32,
	DEVICE_REBOOT_MAX = 8,   /* words: the program and its arguments */
	DEVICE_MTD_MAX = 2048,   /* bytes of all expected lines of /proc/mtd */
	DEVICE_BOOT_TRIES_DEFAULT = 3,
};
#define DEVICE_STAGING_RAM "ram"
#define DEVICE_PROC_DEFAULT "/proc"

enum side { SIDE_A, SIDE_B, SIDES };
enum dialect { DIALECT_HTML, DIALECT_JSON };

struct device_slot {
	char name[TEXT_NAME_MAX + 1];
	/* "file:/boot/uImage", "dir:/srv/root", "mtd:/dev/mtd0@0+0x800000,mtd:/dev/mtd0@0x800000+0x800000": verifier/copy.h. That of
	 * SIDE_B is empty for a slot with one side. */
	char target[SIDES][DEVICE_TARGET_MAX];
};

/* How the side that starts next is chosen: verifier/boot.h. */
enum boot_kind { BOOT_NONE, BOOT_UBOOT_ENV, BOOT_MARKER, BOOT_LINK };

/* Plain record, filled by device_load. */
struct device {
	char board[TEXT_NAME_MAX + 1];
	uint64_t revision;
	char product[TEXT_NAME_MAX + 1];
	char state[DEVICE_TARGET_MAX];  /* directory of the state files */
	struct device_slot slots[DEVICE_SLOTS_MAX];
	size_t nslots;
	bool two_sided;                 /* a slot has a B side */
	char staging[DEVICE_TARGET_MAX]; /* DEVICE_STAGING_RAM, or a directory; empty: nothing needs it */
	enum boot_kind boot;
	char boot_argument[DEVICE_TARGET_MAX]; /* marker: a target; link: the link; uboot-env: its configuration, or empty */
	uint32_t boot_tries;            /* starts of an image on trial before `boot-attempt' gives it up */
	char proc[DEVICE_TARGET_MAX];   /* where the kernel tells of itself */
	char mtd[DEVICE_MTD_MAX];       /* lines of /proc/mtd that must be there, each with its NUL, one behind the other */
	size_t mtd_len, nmtd;
	struct trust trust;             /* the public keys of all `keyring` lines, or the one keyring: the image's own. What was learned since is verifier/known.h's */
	enum dialect dialect;
	bool hooks;                     /* off unless the file says on */
	uint64_t max_upload;            /* bytes of a request body */
	uint32_t min_rate;              /* bytes a second, over a minute, below which a client is dropped; 0: no floor */
	uint32_t max_time;              /* seconds that a client may keep the board waiting in all */
	/* Files of the tree that an upgrade carries over from the old one (verifier/settings.h): paths as in a manifest. */
	char settings[DEVICE_SETTINGS_MAX][PATH_MAX_LEN + 1];
	size_t nsettings;
	/* What the web endpoint runs once it has answered a good upload: NREBOOT words, each with its NUL, one behind the other.
	 * 0: nothing, who sent the image asks for the reboot. */
	char reboot[DEVICE_TARGET_MAX];
	size_t nreboot;
};

/* Reads a device file and the keys or the keyring it names. Returns 0, or -1: system (cannot be read), usage (FILE:LINE and why),
 * malformed-keyring (a key). */
MUST_CHECK int device_load(struct device *d, const char *path, struct err *e);

/* Parses the text of one; NAME is for messages. Keys are not loaded by this one: KEYRINGS (may be NULL) is called for each. */
MUST_CHECK int device_parse(struct device *d, const char *name, const char *text, size_t len,
		 int (*keyring)(struct device *d, const char *path, struct err *e), struct err *e);

#endif
