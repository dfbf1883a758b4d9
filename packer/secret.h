/* SPDX-License-Identifier: ISC */
/* What must never be in a bundle: it goes to every board, and to everybody who has one. */
#ifndef PACKER_SECRET_H
#define PACKER_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/err.h"

enum {
	SECRET_FILE_MAX = 64 << 10, /* larger files are not keys, and are not looked at */
	SECRET_OWN_MAX = 80,
};

/* Files of this run, known by device and inode whatever their names are in the tree. */
struct secret_own {
	struct {
		dev_t device;
		ino_t inode;
		const char *what;   /* "the key that signs this bundle" */
	} at[SECRET_OWN_MAX];
	size_t n;
};

/* Adds FILE, if it exists (links are followed). WHAT stays the caller's. */
void secret_own_add(struct secret_own *own, const char *file, const char *what);
/* What the file is, or NULL. */
const char *secret_own_find(const struct secret_own *own, dev_t device, ino_t inode);

/* What kind of secret key the LEN bytes of a whole file are or hold: "a secret key of firmkey or minisign", or NULL. Sealed ones count:
 * a password can be guessed. Only text is recognized as text: a program that knows PEM's words is not a key. */
const char *secret_kind(const unsigned char *bytes, size_t len);

#endif
