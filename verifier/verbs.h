/* SPDX-License-Identifier: ISC */
/* The verbs of firmverify that are its own: one cmd_NAME.c each. argv[0] is the verb; they return the exit status. */
#ifndef VERIFIER_VERBS_H
#define VERIFIER_VERBS_H

#include <stdbool.h>

int cmd_install(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_confirm(int argc, char **argv);
int cmd_rollback(int argc, char **argv);
int cmd_boot_attempt(int argc, char **argv);
int cmd_audit(int argc, char **argv);
int cmd_cgi(int argc, char **argv);

/* Parses [--device FILE] [--json] for verbs that take nothing else. Returns 0, or STATUS_USAGE, which has been said. */
int cmd_device_options(const char **device_file, bool *json, int argc, char **argv);

#endif
