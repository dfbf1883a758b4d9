/* SPDX-License-Identifier: ISC */
/* What the files of `firmkey keyring' share. Each verb gets its arguments as main's verbs do, and returns the exit status. */
#ifndef KEYS_CMD_KEYRING_H
#define KEYS_CMD_KEYRING_H

#include "keys/ring.h"

int keyring_create(int argc, char **argv);
int keyring_add_root(int argc, char **argv);
int keyring_add_release(int argc, char **argv);
int keyring_revoke(int argc, char **argv);
int keyring_set_floor(int argc, char **argv);
int keyring_threshold(int argc, char **argv);
int keyring_next(int argc, char **argv);
int keyring_sign(int argc, char **argv);
int keyring_show(int argc, char **argv);
int keyring_verify(int argc, char **argv);

/* One line: what K holds, in numbers. */
void keyring_print_sums(const char *name, const struct keyring *k);
/* All that K holds, as one JSON object. */
void keyring_print_json(const char *name, const struct keyring *k);

#endif
