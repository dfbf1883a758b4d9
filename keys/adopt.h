/* SPDX-License-Identifier: ISC */
/* Ed25519 public keys that other tools made: an HSM's, a cloud's, an ssh-agent's. */
#ifndef KEYS_ADOPT_H
#define KEYS_ADOPT_H

#include "core/minisig.h"

enum { ADOPT_FILE_MAX = 4096 };

/* Reads one of: SubjectPublicKeyInfo in PEM or DER (RFC 8410), a line "ssh-ed25519 ..." (RFC 8709), a DER octet string as PKCS#11
 * has it in CKA_EC_POINT, or the bare 32 bytes. Such keys have no id: it becomes the first 8 bytes of the key's BLAKE2b-256, so that
 * everybody who adopts the key gives it the same. Returns 0, or -1: malformed-keyring. */
MUST_CHECK int adopt_parse(struct public_key *out, const char *text, size_t len, struct err *e);

#endif
