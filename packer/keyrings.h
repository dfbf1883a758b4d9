/* SPDX-License-Identifier: ISC */
/* The keyrings that a bundle carries: files that follow on each other, checked before they are put in (FORMAT section 6). */
#ifndef PACKER_KEYRINGS_H
#define PACKER_KEYRINGS_H

#include "core/chain.h"

/* Reads the N keyring FILES, each with FILE.minisig beside it, into C; T then has the last of them. The first is checked against its
 * own roots, each further one as the step from the one before. Returns 0, or -1 as chain_step; chain_free is due in either case. */
MUST_CHECK int keyrings_read(struct chain *c, struct trust *t, const char *const *files, size_t n, struct err *e);

/* Would boards with T's keyring take the manifest M with the signatures SIGS? One that only lacks further signatures is fine, since they
 * can be attached; so are no signatures at all. Returns 0, or -1: untrusted-key, revoked-key, rollback. */
MUST_CHECK int keyrings_judge(const struct trust *t, const struct manifest *m, struct span sigs, struct err *e);

#endif
