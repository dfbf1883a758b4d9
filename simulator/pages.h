/* SPDX-License-Identifier: ISC */
/* What a board's web server and its port 4028 say: the bodies, no HTTP. */
#ifndef SIMULATOR_PAGES_H
#define SIMULATOR_PAGES_H

#include "simulator/farm.h"

struct reply {
	int status;           /* HTTP */
	const char *type;     /* of the body */
	char *body;           /* malloc; NULL when empty */
	size_t len;
	char field[600];      /* one header line more, without CR LF; or "" */
	bool reboot;          /* the board reboots once this is out */
};

void reply_free(struct reply *r);

/* The page at PATH, asked for by GET with the right password. Pages that reboot say so in R. */
void pages_get(struct reply *r, const struct sim_board *b, const char *path);

/* A whole upload: what the board makes of it, and what it says. WIPE: the settings go. EXACT: the body ended as the arithmetic
 * of stock pages assumes. IMAGE is NULL when no file was found in it. */
void pages_uploaded(struct reply *r, struct sim_board *b, bool wipe, bool exact, const struct sim_image *image);

/* The answer of port 4028 to COMMAND, its NUL included. */
void pages_api(struct reply *r, const struct sim_board *b, const char *command);

#endif
