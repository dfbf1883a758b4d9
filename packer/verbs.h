/* SPDX-License-Identifier: ISC */
/* The verbs of firmpack that are its own: one file each, called by the table in main.c. */
#ifndef PACKER_VERBS_H
#define PACKER_VERBS_H

int cmd_countersign(int argc, char **argv);
int cmd_build(int argc, char **argv);
int cmd_attach(int argc, char **argv);
int cmd_detach(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_evidence(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_inspect(int argc, char **argv);

#endif
