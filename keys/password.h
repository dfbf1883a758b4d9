/* SPDX-License-Identifier: ISC */
/* Passwords: from the terminal without echo, from a file, from a descriptor. Never from argv or the environment. */
#ifndef KEYS_PASSWORD_H
#define KEYS_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

enum { PASSWORD_MAX = 1024 };

/* Where a password comes from. Plain record; zero-initialised with FD -1 it asks the terminal. */
struct password {
	const char *file;   /* first line of this file, or NULL */
	int fd;             /* first line from this descriptor, or -1 */
	bool twice;         /* a new password: may not be empty, and a terminal is asked again and compared */
	const char *prompt; /* or NULL: "Password for release.key: ", "New password: " */
};

/* Takes the argument of --password-file, or of --password-fd. Returns 0, or -1: usage (a second source, no number). */
MUST_CHECK int password_use_file(struct password *pw, const char *file, struct err *e);
MUST_CHECK int password_use_fd(struct password *pw, const char *number, struct err *e);

/* Fetches the password into sodium_malloc'd memory, NUL-terminated, without the newline; the caller frees it with
 * sodium_free (which wipes it). Of a descriptor, not a byte behind the line is read. Returns NULL with E set: no
 * terminal, empty file, over PASSWORD_MAX, NUL or CR in it, the two entries differ. */
char *password_get(const struct password *pw, struct err *e);

#endif
