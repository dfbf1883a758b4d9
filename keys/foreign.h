/* SPDX-License-Identifier: ISC */
/* Keys in the forms of other tools: signify (OpenBSD), PKCS#8 and SubjectPublicKeyInfo in PEM (RFC 5958, RFC 8410), OpenSSH's line. */
#ifndef KEYS_FOREIGN_H
#define KEYS_FOREIGN_H

#include <stdbool.h>

#include "keys/seckey.h"

enum { FOREIGN_FILE_MAX = 4096 };

enum foreign_form { FORM_MINISIGN, FORM_SIGNIFY, FORM_PEM, FORM_SSH };

/* Finds the form of that name. Returns 0, or -1: usage. */
MUST_CHECK int foreign_form(enum foreign_form *out, const char *name, struct err *e);

/* True when TEXT begins as one of the secret keys that foreign_secret reads. */
bool foreign_is_secret(const char *text, size_t len);

/* Reads a secret key: signify's, which must be without a passphrase, or PKCS#8 in PEM, unencrypted. A key in PEM has no id; it gets the
 * one that adopt_parse gives its public half. Returns 0, or -1: malformed-keyring, usage (a passphrase), system. */
MUST_CHECK int foreign_secret(struct seckey **out, const char *text, size_t len, struct err *e);

/* Writes the public key in FORM to OUT, NUL-terminated, lines ended. */
enum { FOREIGN_TEXT_MAX = 512 };
void foreign_public_text(char out[static FOREIGN_TEXT_MAX], const struct public_key *key, enum foreign_form form);

/* The secret key in FORM_SIGNIFY or FORM_PEM, without any passphrase, in sodium_malloc'd memory; NULL with E set on failure. */
char *foreign_secret_text(const struct seckey *k, enum foreign_form form, struct err *e);

#endif
