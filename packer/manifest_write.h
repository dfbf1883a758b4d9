/* SPDX-License-Identifier: ISC */
/* The manifest's text (FORMAT section 4). */
#ifndef PACKER_MANIFEST_WRITE_H
#define PACKER_MANIFEST_WRITE_H

#include "packer/attach.h"
#include "packer/options.h"
#include "packer/payload.h"

/* Writes the manifest into fresh memory; the caller frees *TEXT. KEYRING: serial of the keyring that it is signed under; 0: no such line. Boards, attachments, writes and runs stand in their right
 * order already. Returns 0, or -1: too-large, or memory. */
MUST_CHECK int manifest_write_text(char **text, size_t *len, const struct build_options *o, uint64_t created, uint64_t keyring, const struct tree *t,
			const struct payload *p, const struct attachments *a, struct err *e);

#endif
