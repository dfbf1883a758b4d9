/* SPDX-License-Identifier: ISC */
/* What `firmflash push` was asked to do. */
#ifndef FLASHER_PUSH_H
#define FLASHER_PUSH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/text.h"
#include "core/trust.h"
#include "flasher/address.h"

enum {
	PUSH_TIMEOUT_DEFAULT = 300,  /* seconds: a board may well write its flash before it answers */
	PUSH_TIMEOUT_MAX = 86400,
	PUSH_RATE_MIN = 1024,        /* bytes a second: slower looks like a dead link */
};

/* Strings stay argv's. */
struct push_options {
	const char *bundle;
	struct address *addresses;  /* all different */
	size_t naddresses;
	char board[TEXT_NAME_MAX + 1];
	uint64_t revision;
	bool have_revision;
	const char *user;
	const char *password_file;  /* or NULL */
	int password_fd;            /* or -1 */
	const char *realm;          /* --realm: when the profile names none; or NULL */
	const char *boards_dir;     /* or NULL */
	struct trust trust;
	uint64_t timeout;           /* seconds */
	uint64_t rate;              /* bytes a second; 0: no limit */
	bool wipe, reboot, json, quiet;
};

/* Reads the arguments of `push` (ARGV[0] is the verb), and the public keys. Returns 0, or -1 with E set; json is set
 * even then if it was among the arguments read so far. */
MUST_CHECK int push_options_parse(struct push_options *o, int argc, char **argv, struct err *e);
void push_options_free(struct push_options *o);

#endif
