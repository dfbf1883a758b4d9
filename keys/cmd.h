/* SPDX-License-Identifier: ISC */
/* The verbs of firmkey, one file each; they return the exit status. */
#ifndef KEYS_CMD_H
#define KEYS_CMD_H

#include <stdbool.h>

#include "core/minisig.h"

int cmd_generate(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_sign(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_keyring(int argc, char **argv);
int cmd_password(int argc, char **argv);

/* Says that the verb has made or changed key K in FILE: TEXT behind "key ID: ", or an object in JSON. Returns the exit status. */
int cmd_answer_key(const struct public_key *k, const char *file, const char *text, bool json);

#endif
