/* SPDX-License-Identifier: ISC */
/* The verbs of firmflash. */
#ifndef FLASHER_CMD_H
#define FLASHER_CMD_H

int cmd_push(int argc, char **argv);
int cmd_boards(int argc, char **argv);
int cmd_scan(int argc, char **argv);
int cmd_plan(int argc, char **argv);
int cmd_apply(int argc, char **argv);
int cmd_resume(int argc, char **argv);
int cmd_retry(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_card(int argc, char **argv);
int cmd_cards(int argc, char **argv);

#endif
