/* SPDX-License-Identifier: ISC */
/* The verbs of firmkey, one file each; they return the exit status. */
#ifndef KEYS_CMD_H
#define KEYS_CMD_H

int cmd_generate(int argc, char **argv);
int cmd_adopt(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_sign(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_keyring(int argc, char **argv);
int cmd_password(int argc, char **argv);

#endif
