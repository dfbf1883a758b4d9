/* SPDX-License-Identifier: ISC */
/* Who logs in where: a file that names, for each group of boards, an ordered list of users and of places where their
 * passwords lie. It holds no password itself, and still nobody but its owner may read or write it.
 *
 *     firmseal-credentials 1
 *     credential default root file /etc/firmseal/farm.pw
 *     credential hall-2 root systemd hall-2-pw
 *     credential hall-2 root file /etc/firmseal/factory.pw
 *     credential lab admin fd 7
 *
 * Lines of one name are tried in the order they stand. `file': a password file, absolute; `systemd': a name in
 * $CREDENTIALS_DIRECTORY (systemd.exec(5)); `fd': a descriptor that was handed over. Grammar as of core/text, but lines
 * that begin with # are passed over. */
#ifndef FLASHER_CREDENTIALS_H
#define FLASHER_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/text.h"
#include "flasher/secret.h"

enum {
	CREDENTIALS_FILE_MAX = 64 << 10, /* bytes */
	CREDENTIALS_NAMES_MAX = 256,
	CREDENTIALS_EACH_MAX = 4,        /* tries at a board: some lock a user out after five */
	CREDENTIAL_USER_MAX = 64,
};

struct credential {
	char user[CREDENTIAL_USER_MAX + 1];
	struct secret *password;
};

/* The logins of one name, first choice first. */
struct credential_list {
	char name[TEXT_NAME_MAX + 1];
	struct credential each[CREDENTIALS_EACH_MAX];
	size_t n;
};

struct credentials; /* all lists; opaque */

/* Reads FILE and every password it names, once. Refuses a file, or a password file, that group or others may read or
 * write (systemd's: others than its group), or that somebody other than this user or root owns. Returns 0, or -1 (system, usage). */
int credentials_read(struct credentials **out, const char *file, struct err *e);

/* One list, `default', of one login: for the options --user and --password-file. Takes PASSWORD over on success. */
int credentials_single(struct credentials **out, const char *user, struct secret *password, struct err *e);

/* The list of that name ("" is `default'), or NULL. It stays the credentials'. */
const struct credential_list *credentials_find(const struct credentials *c, const char *name);

/* True for 1 to CREDENTIAL_USER_MAX printable ASCII bytes without blank, colon (RFC 7616), quote or backslash. */
bool credential_user_valid(const char *user);

/* Wipes and frees. */
void credentials_free(struct credentials **c);

#endif
