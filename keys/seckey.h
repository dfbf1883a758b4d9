/* SPDX-License-Identifier: ISC */
/* Secret keys in minisign's own file format: made, sealed with a password (scrypt), unsealed, wiped. */
#ifndef KEYS_SECKEY_H
#define KEYS_SECKEY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/minisig.h"
#include "keys/password.h"

struct seckey; /* lives in sodium_malloc: locked, guarded, wiped when freed */

/* Readies libsodium with real randomness, and forbids core dumps and ptrace of this process. Returns 0 or -1. */
MUST_CHECK int keys_init(struct err *e);

/* Reads a secret key file; asks PW (NULL: there is none) for a password only when the file is sealed. Returns 0, or -1:
 * system, too-large, malformed-keyring (no such file format, wrong checksum), untrusted-key (wrong password), usage (others have a right
 * to the file, by io_check_private). No message holds key material. */
MUST_CHECK int seckey_load(struct seckey **out, const char *path, const struct password *pw, struct err *e);

/* A fresh random key pair. */
MUST_CHECK int seckey_generate(struct seckey **out, struct err *e);

/* Writes NAME.key (0600, O_EXCL) sealed with PW, or unsealed when PW is NULL, and NAME.pub. Neither replaces a file. *WEAKER says first
 * whether scrypt may be given less than minisign's full cost (1 GiB) where memory is short, and then whether it was. Returns 0, or -1:
 * usage, system. */
MUST_CHECK int seckey_save(const struct seckey *k, const char *name, const struct password *pw, bool *weaker, struct err *e);

/* Writes the public key file PATH, which must not exist. Returns 0 or -1. */
MUST_CHECK int seckey_save_public(const struct public_key *k, const char *path, struct err *e);

/* Replaces the secret key file PATH, atomically, with the same key under another password (or none: NULL). *WEAKER as in seckey_save. */
MUST_CHECK int seckey_reseal(const struct seckey *k, const char *path, const struct password *pw, bool *weaker, struct err *e);

/* What a secret key file shows to those who do not have its password. */
struct seckey_about {
	bool sealed;
	unsigned memory_mib;            /* that opening it takes; 0 when it is not sealed */
	unsigned char id[KEYID_SIZE];   /* when it is not sealed; else it is sealed, too */
};

/* Looks at the text of a secret key file. Returns 0 or -1: malformed-keyring. */
MUST_CHECK int seckey_look(struct seckey_about *out, const char *text, size_t len, struct err *e);

/* The public half. */
void seckey_public(const struct seckey *k, struct public_key *out);

/* Wipes and frees. */
void seckey_free(struct seckey **k);

/* Ed25519 signature of BYTES; for sign.c alone. */
void seckey_sign(const struct seckey *k, unsigned char sig[static ED25519_SIG_SIZE], const void *bytes, size_t len);

#endif
