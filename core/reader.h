/* SPDX-License-Identifier: ISC */
/* The authenticated reader: a bundle from first byte to last, in one pass, from anything that can be read once.
 * Nothing it hands out came from bytes that no trusted key has signed. */
#ifndef CORE_READER_H
#define CORE_READER_H

#include <stddef.h>

#include "core/chain.h"
#include "core/manifest.h"
#include "core/policy.h"
#include "core/source.h"
#include "core/trust.h"

enum { READER_SIGNATURES_MAX = 16 << 10 }; /* bytes of manifest.minisig: FORMAT section 1 */

struct reader;

enum reader_what {
	READER_ENTRY, /* an entry begins */
	READER_DATA,  /* bytes of the file that began last */
	READER_DONE,  /* that file is complete, and its hash is the manifest's */
};

struct reader_item {
	enum reader_what what;
	const struct manifest_entry *entry; /* the current one; valid until the next READER_ENTRY */
	const unsigned char *data;          /* READER_DATA: valid until the next call */
	size_t len;
};

/* Reads the keyrings and the manifest, authenticates it (trust_authenticate, TRUST_INSTALL), and asks whether the image is what POLICY wants.
 * SRC and POLICY's strings must outlive the reader; TRUST and POLICY are copied. THREADS at least 1.
 * Returns 0, or -1: not-a-bundle, malformed-*, truncated, too-large, unsigned, untrusted-key, revoked-key, bad-signature, threshold,
 * keyring-gap, wrong-product, wrong-board, rollback. */
MUST_CHECK int reader_open(struct reader **out, struct source *src, const struct trust *trust, const struct policy *policy, unsigned threads,
		struct err *e);

/* Before the payload is begun, for a caller that takes its time over each item: BYTES of expanded chunks that may be at hand
 * (CHUNKS_AT_HAND of core/chunks.h when not said), and by how much the threads stand behind the caller (nice(2); 0 when not said). With
 * one thread a processor, and the caller besides, everybody ends up waiting for the caller otherwise. */
enum { READER_BEHIND = 4 }; /* a good NICE for one that writes files: it gains 2 to 6 % on two processors */
void reader_pace(struct reader *r, size_t bytes, int nice);

/* Begins with the payload, so that it comes while the caller is still busy with something else. Without it the first reader_next
 * does. SRC is read by other threads from here on. Returns 0 or -1; what is wrong with the payload reader_next tells. */
MUST_CHECK int reader_begin(struct reader *r, struct err *e);

const struct manifest *reader_manifest(const struct reader *r);
const struct signers *reader_signers(const struct reader *r);
/* The member manifest.minisig as it came, blocks by unknown keys among it; it stays the reader's. */
struct span reader_signatures(const struct reader *r);
/* The keyrings in front, and whom to believe since then. Both stay the reader's. Only when the whole bundle is right may a newer
 * keyring be kept. */
const struct chain *reader_chain(const struct reader *r);
const struct trust *reader_trust(const struct reader *r);

/* The next item: 1, 0 when the whole bundle has been read and is right down to its end, -1 with E set. After an ENTRY of a file
 * come DATA items (none for an empty file) and one DONE; other entries are one ENTRY. What has been handed out
 * before a -1 must be thrown away. */
MUST_CHECK int reader_next(struct reader *r, struct reader_item *item, struct err *e);

/* Instead of reader_next: authenticates all the rest without inflating it. Returns 0 or -1. */
MUST_CHECK int reader_authenticate(struct reader *r, struct err *e);

/* After the last item, or reader_authenticate: ACCEPTED when all chunks, entries and attachments that the manifest names have been read and are
 * right, and trust and policy accept the image once more. Call it right before what was read is used: that a loop has
 * ended is not an answer. R may be NULL: REFUSED. */
MUST_CHECK enum decision reader_complete(const struct reader *r, struct err *e);

/* Packed payload bytes done so far, for progress. */
uint64_t reader_position(const struct reader *r);

void reader_free(struct reader **r);

#endif
