/* SPDX-License-Identifier: ISC */
/* The verbs of firmsim. */
#ifndef SIMULATOR_CMD_H
#define SIMULATOR_CMD_H

int cmd_run(int argc, char **argv);
int cmd_ask(int argc, char **argv);
int cmd_behaviours(int argc, char **argv);

#endif
