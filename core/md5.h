/* SPDX-License-Identifier: ISC */
/* MD5 (RFC 1321), which the Digest logins of older boards are made of. For that alone: it protects nothing. */
#ifndef CORE_MD5_H
#define CORE_MD5_H

#include <stddef.h>

enum { MD5_SIZE = 16 };

/* Hashes LEN bytes. */
void md5_buffer(unsigned char out[static MD5_SIZE], const void *bytes, size_t len);

#endif
