/* SPDX-License-Identifier: ISC */
/* Who logs in where: a file that names, for each group of boards, an ordered list of users and of places where their
 * passwords lie. It holds no password itself, and still nobody but its owner may read or write it.
 *
 *     firmseal-credentials 1
 *     credential default root file /etc/firmseal/farm.pw
 *     credential hall-2 root systemd hall-2-pw
 *     credential hall-2 root file /etc/firmseal/factory.pw digest antMiner%20Configuration
 *     credential lab admin fd 7 token
 *
 * Lines of one name are tried in the order they stand. `file': a password file, absolute; `systemd': a name in
 * $CREDENTIALS_DIRECTORY (systemd.exec(5)); `fd': a descriptor that was handed over. The scheme comes last, and a password is used in no
 * other: `digest' (also when nothing is said) proves it to boards of one realm, this one or else the board profile's; `token' sends it
 * as it is to boards whose profile has the dialect `token', never as `default'. Grammar as of core/text, but lines that begin with # are passed over. */
#ifndef FLASHER_CREDENTIALS_H
#define FLASHER_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>

#include "boards/board.h"
#include "core/err.h"
#include "core/text.h"
#include "flasher/challenge.h"
#include "flasher/secret.h"

enum {
	CREDENTIALS_FILE_MAX = 64 << 10, /* bytes */
	CREDENTIALS_NAMES_MAX = 256,
	CREDENTIALS_EACH_MAX = 4,        /* tries at a board: some lock a user out after five */
	CREDENTIAL_USER_MAX = 64,
};

/* How a password is used. None stands in for another one: each has its own lines. */
enum credential_scheme {
	CREDENTIAL_DIGEST, /* RFC 7616: it never leaves this machine */
	CREDENTIAL_TOKEN,  /* it is sent, and buys a token */
};

struct credential {
	enum credential_scheme scheme;
	char realm[CHALLENGE_REALM_MAX + 1]; /* of a Digest line; "": the board profile's */
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

/* Reads FILE and every password it names, once. Refuses a file, or a password file, that is not private (io_check_private; systemd's may be
 * read by its group). Returns 0, or -1 (system, usage). */
MUST_CHECK int credentials_read(struct credentials **out, const char *file, struct err *e);

/* One list, `default', of one login of that scheme: for the options --user and --password-file. Takes PASSWORD over on success. */
MUST_CHECK int credentials_single(struct credentials **out, enum credential_scheme scheme, const char *user, struct secret *password, struct err *e);

/* The list of that name ("" is `default'), or NULL. It stays the credentials'. */
const struct credential_list *credentials_find(const struct credentials *c, const char *name);

/* The scheme that boards of this profile want. */
enum credential_scheme credential_scheme_of(const struct board *profile);
const char *credential_scheme_word(enum credential_scheme scheme); /* "digest", "token" */

/* The realm that a Digest line is for at boards of PROFILE: the line's, else the profile's, else REALM (--realm; or NULL); "" when none says it. */
const char *credential_realm(const struct credential *c, const struct board *profile, const char *realm);

/* The first login of LIST (may be NULL) at or behind FROM that boards of PROFILE may be shown; its number, or CREDENTIALS_EACH_MAX. */
size_t credential_next(const struct credential_list *list, size_t from, const struct board *profile, const char *realm);

/* Returns 0 when LIST, which is called NAME, has a login for boards of PROFILE, else -1 (usage): says which line to write. */
MUST_CHECK int credential_check(const struct credential_list *list, const char *name, const struct board *profile, const char *realm, struct err *e);

/* True for 1 to CREDENTIAL_USER_MAX printable ASCII bytes without blank, colon (RFC 7616), quote or backslash. */
bool credential_user_valid(const char *user);

/* Wipes and frees. */
void credentials_free(struct credentials **c);

#endif
