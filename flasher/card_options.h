/* SPDX-License-Identifier: ISC */
/* The arguments of `firmflash card'. */
#ifndef FLASHER_CARD_OPTIONS_H
#define FLASHER_CARD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/text.h"
#include "core/trust.h"

enum card_act_wanted { CARD_WRITE, CARD_VERIFY, CARD_STEPS, CARD_SHEET };
enum { CARD_TARGETS_MAX = 32 };

/* Strings stay argv's. */
struct card_options {
	enum card_act_wanted act;
	const char *bundle;                    /* of CARD_WRITE; "-" is standard input */
	const char *targets[CARD_TARGETS_MAX]; /* images or disks */
	size_t ntargets;
	char board[TEXT_NAME_MAX + 1];         /* "" when not said */
	uint64_t revision;
	bool have_revision;
	struct trust trust;
	uint64_t size, most;                   /* bytes; SIZE 0: as the profile says */
	const char *confirm[CARD_TARGETS_MAX]; /* serials */
	size_t nconfirm;
	const char *receipt, *boards_dir;      /* or NULL */
	const char *lang;                      /* "en", "ru" */
	bool json, quiet, force;
};

/* Returns 0, or -1: usage, or what is wrong with a key. */
MUST_CHECK int card_options_parse(struct card_options *o, int argc, char **argv, struct err *e);

#endif
