/* SPDX-License-Identifier: ISC */
/* Settings: the few files of the old tree that the device file names (`settings PATH'), carried over into the new one. They are
 * the only bytes of the new tree that nobody has signed; stock boards carry over a whole directory, and what has settled there.
 * So a setting is data, never a program, and never stands in for one:
 *   - regular files only, named one by one, reached through no link, at most SETTING_MAX bytes each;
 *   - no execute and no set-id bit comes along, and no right of others to write; owner and the other bits do. Directories on the way to one
 *     keep their rights, but for that one; access control lists and other extended attributes stay behind;
 *   - the new image has the last word: where its manifest has a directory, a link, an executable, or a file that a `write' or
 *     `run' line names, the setting is passed over. It replaces a plain file of the same path: the vendor's default.
 * What a shell sources must not be named as a setting all the same: no mode keeps `. FILE' from running it.
 * An audit lists these paths as settings, since the manifest cannot vouch for them. */
#ifndef VERIFIER_SETTINGS_H
#define VERIFIER_SETTINGS_H

#include "verifier/device.h"

struct json;

enum { SETTING_MAX = 1 << 20 }; /* bytes */
enum { SETTING_MODES = 0644, SETTING_DIR_MODES = 0755 }; /* of the mode's bits, those that come along */

/* What became of a setting. */
enum setting_fate {
	SETTING_NOT_ASKED,   /* no settings were to be carried over */
	SETTING_KEPT,
	SETTING_MISSING,     /* the old tree has none */
	SETTING_NO_FILE,     /* a link, device, directory, ..., or one stands in the way to it */
	SETTING_TOO_LARGE,
	SETTING_NOT_ALLOWED, /* the new image has something else in its place */
};

/* Some words on it: "kept", "passed over: the old tree has none". */
const char *setting_fate_text(enum setting_fate fate);

/* "settings": an array of {"path", "kept", "text"}, one for each of D's settings. */
void settings_print_json(struct json *j, const struct device *d, const enum setting_fate fates[static DEVICE_SETTINGS_MAX]);

/* Carries D's settings over from the tree at path FROM (which may be missing) into the whole, still staged one at TO, whose
 * manifest is M; synced and read back. FATES gets one for each of D's settings. What is passed over is no failure; what cannot
 * be read or written is, and the caller must throw TO away. Returns 0 or -1. */
MUST_CHECK int settings_carry(enum setting_fate fates[static DEVICE_SETTINGS_MAX], const struct device *d, const struct manifest *m,
		   const char *from, const char *to, struct err *e);

#endif
