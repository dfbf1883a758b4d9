/* SPDX-License-Identifier: ISC */
/* What this board has learned about whom to trust: STATE/keyrings, the pairs of the bundles it installed, as they came (FORMAT section
 * 6). They are verified again at each start, from the keyring that the device file names, and so are no more than a memory. */
#ifndef VERIFIER_KEYRINGS_H
#define VERIFIER_KEYRINGS_H

#include "core/reader.h"
#include "verifier/device.h"

/* Takes T, which has the device file's keyring or a newer one, on to the newest that is kept. Without a keyring, or with nothing kept,
 * does nothing. Returns 0, or -1: system (damaged), keyring-gap and all else that chain_take says. */
int keyrings_load(const struct device *d, struct trust *t, struct err *e);

/* Keeps the keyrings that R's bundle brought, if the last is newer than that of T, which keyrings_load has filled under the same lock. To
 * be called only when the whole bundle has been verified and is about to be installed. Returns 0 or -1 (nothing changed). */
int keyrings_adopt(const struct device *d, const struct trust *t, const struct reader *r, struct err *e);

#endif
