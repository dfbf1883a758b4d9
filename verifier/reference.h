/* SPDX-License-Identifier: ISC */
/* The signed manifest that an audit compares with: the one that was kept when the image was installed, or a bundle's. Its
 * signature is checked each time; that a state file says so counts for nothing. */
#ifndef VERIFIER_REFERENCE_H
#define VERIFIER_REFERENCE_H

#include "core/reader.h"
#include "verifier/device.h"

/* Plain record; zero-initialised it holds nothing. */
struct reference {
	const struct manifest *m;
	struct signers signers;
	struct manifest *kept;     /* from the state directory */
	struct reader *reader;     /* of a bundle, which is read no further than its signature */
	struct source_fd source;
};

/* The manifest in D's state directory, which must be that of the image on record for SIDE. Returns 0, or -1: usage (nothing is kept),
 * unsigned (no signature is kept), file-hash (not that image's), and what trust_check and manifest_parse say. */
MUST_CHECK int reference_from_state(struct reference *r, const struct device *d, enum side side, const struct trust *trust, struct err *e);
/* The manifest of the bundle in file NAME ("-": standard input). Returns 0 or -1, as reader_open. */
MUST_CHECK int reference_from_bundle(struct reference *r, const char *name, const struct trust *trust, struct err *e);
void reference_close(struct reference *r);

#endif
