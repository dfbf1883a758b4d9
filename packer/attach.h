/* SPDX-License-Identifier: ISC */
/* Attachments: files that ride along behind the payload, hashed before the manifest is written (FORMAT section 1). */
#ifndef PACKER_ATTACH_H
#define PACKER_ATTACH_H

#include "core/manifest.h"

struct attachment {
	char *name;            /* the file's last component */
	int fd;                /* kept open, so that what was hashed is what is written */
	uint64_t size;
	unsigned char hash[HASH_SIZE];
};

struct attachments {
	struct attachment *at; /* sorted by name */
	size_t n;
};

struct secret_own;

/* Opens and hashes N files. OWN (may be NULL) and all secret keys are refused. Returns 0, or -1: usage (not a regular file, a name that
 * a bundle cannot hold, two of one name), unsafe-path (a secret). */
MUST_CHECK int attach_open(struct attachments *out, const char *const *files, size_t n, const struct secret_own *own, struct err *e);
/* Adds one that was made: NAME, and all that the regular file FD holds, which is taken over, also on failure. Returns 0, or -1: usage
 * (one of that name is there already), system. */
MUST_CHECK int attach_made(struct attachments *a, const char *name, int fd, struct err *e);
void attach_close(struct attachments *a);

#endif
