/* SPDX-License-Identifier: ISC */
/* Board profiles: what a kind of board is called, and how its web endpoint wants to be spoken to. */
#ifndef BOARDS_BOARD_H
#define BOARDS_BOARD_H

#include <stdbool.h>
#include <stddef.h>

#include "boards/card.h"
#include "core/err.h"
#include "core/text.h"

enum {
	BOARD_FILE_MAX = 16 << 10,  /* bytes of a NAME.board file */
	BOARD_TEXT_MAX = 120,       /* bytes of a title, realm or model */
	BOARD_PATH_MAX = 120,       /* bytes of a path on the board's web server */
	BOARD_MODELS_MAX = 24,
	BOARD_SUBTYPES_MAX = 8,
	BOARD_DIRS_MAX = 2,
	BOARD_DIR_NAME_MAX = 4096,  /* bytes of a directory's name, NUL included */
};

/* How the board words the answer to an upload. */
enum board_dialect {
	BOARD_HTML,   /* "System Upgrade Successed" in a page */
	BOARD_JSON,   /* {"stats":"success","code":"U000","msg":"OK!"} */
	BOARD_PLAIN,  /* one line of text */
	BOARD_TOKEN,  /* an API of its own: a password buys a token, which the upload carries; any 2xx answer is a yes */
};

/* What is sent to the board. */
enum board_send {
	BOARD_SEND_BUNDLE,   /* as it is: the board runs firmverify */
	BOARD_SEND_PAYLOAD,  /* payload.tar.gz, out of the verified bundle: a stock board unpacks that */
	BOARD_SEND_FILE,     /* one file of the payload: a stock board's own container */
};

/* One way to upgrade: the settings on the board are kept, or they are wiped. */
struct board_way {
	char upgrade[BOARD_PATH_MAX + 1];  /* POST the image here; "" when the board has no such way */
	char reboot[BOARD_PATH_MAX + 1];   /* GET this afterwards; "" when the board reboots by itself */
};

/* A profile. Plain record, nothing to free. */
struct board {
	char id[TEXT_NAME_MAX + 1];
	char hardware[TEXT_NAME_MAX + 1];  /* what bundles call this board: the id, unless the profile says otherwise */
	char title[BOARD_TEXT_MAX + 1];
	char family[TEXT_NAME_MAX + 1];    /* of boards that share flash layout and boot chain; "" when not said */
	char models[BOARD_MODELS_MAX][BOARD_TEXT_MAX + 1];
	size_t nmodels;
	char subtypes[BOARD_SUBTYPES_MAX][BOARD_TEXT_MAX + 1]; /* of miner_type.cgi; `*' at the end stands for anything */
	size_t nsubtypes;
	enum board_dialect dialect;
	enum board_send send;
	char send_path[BOARD_PATH_MAX + 1]; /* of BOARD_SEND_FILE: in the payload */
	char realm[BOARD_TEXT_MAX + 1];    /* of the Digest challenge; "" when any will do */
	char probe[BOARD_PATH_MAX + 1];    /* a small GET, without side effect, that draws the challenge */
	char field[TEXT_NAME_MAX + 1];     /* form field that carries the image */
	char unlock[BOARD_PATH_MAX + 1];   /* of BOARD_TOKEN: POST the password here */
	char unlock_key[TEXT_NAME_MAX + 1];  /* as this member of an object */
	char keep_field[TEXT_NAME_MAX + 1];  /* form field that says "true" when the settings are kept, else "false"; or "" */
	struct board_way keep, wipe;
	struct board_card card;
};

/* The dialect's name as it stands in a profile. */
const char *board_dialect_word(enum board_dialect dialect);

/* How well a board that says so of itself fits the profile. */
enum board_fit {
	BOARD_UNFIT,
	BOARD_FIT_MODEL,   /* by the model alone, which several control boards may share */
	BOARD_FIT_SUBTYPE, /* by the control board */
};

/* REALM, MODEL and SUBTYPE as the board gave them, "" when it did not. A profile with subtypes fits by them alone, one without
 * them only boards that give none. */
enum board_fit board_fits(const struct board *b, const char *realm, const char *model, const char *subtype);

/* Parses the text of a profile; NAME stands in messages, "NAME:LINE: ...". Strict: an unknown or repeated directive, a
 * missing one, a stray space or byte refuses the file. Returns 0 or -1 (usage). */
MUST_CHECK int board_parse(struct board *out, const char *name, const char *text, size_t len, struct err *e);

/* Reads the profile PATH, whose last component must be ID.board. Returns 0, or -1 (system, too-large, usage). */
MUST_CHECK int board_read_file(struct board *out, const char *path, struct err *e);

/* Directories to look in, the first one first. */
struct board_dirs {
	char dir[BOARD_DIRS_MAX][BOARD_DIR_NAME_MAX];
	size_t n;
};

/* DIR alone; or, when it is NULL, two directories beside the running program: ../share/firmseal/boards as installed,
 * then ../boards as built. Returns 0, or -1 (system, usage). */
MUST_CHECK int board_dirs_init(struct board_dirs *dirs, const char *dir, struct err *e);

/* Reads the profile of board ID from the first directory that has it. Returns 0, or -1: usage when there is none. */
MUST_CHECK int board_find(struct board *out, const struct board_dirs *dirs, const char *id, struct err *e);

/* Reads all profiles, sorted by id, each id once, from the first directory that has it. The caller frees *OUT.
 * Returns 0, or -1: usage when there are none. */
MUST_CHECK int board_list(struct board **out, size_t *n, const struct board_dirs *dirs, struct err *e);

#endif
