/* SPDX-License-Identifier: ISC */
/* Evidence that rides along in a bundle, covered by its manifest: what is in it, and how it was made (docs/evidence.md). */
#ifndef PACKER_EVIDENCE_H
#define PACKER_EVIDENCE_H

#include <stdio.h>
#include <sys/types.h>

#include "keys/hand.h"
#include "core/sha256.h"
#include "packer/attach.h"
#include "packer/options.h"
#include "packer/payload.h"

/* Names of the attachments. */
#define EVIDENCE_SBOM "sbom.cdx.json"
#define EVIDENCE_PROVENANCE "provenance.intoto.jsonl" /* a DSSE envelope */
#define EVIDENCE_STATEMENT "provenance.intoto.json"   /* of a bundle built with --unsigned: the bare statement */

#define EVIDENCE_PAYLOAD_TYPE "application/vnd.in-toto+json"
#define EVIDENCE_STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define EVIDENCE_PREDICATE_TYPE "https://slsa.dev/provenance/v1"
#define EVIDENCE_BUILD_TYPE "urn:firmseal:build:1"
#define EVIDENCE_SUBJECT "payload.tar.gz"

/* All that there is to tell, when the payload has been packed and the manifest not yet written. */
struct evidence {
	const struct build_options *o;
	const struct tree *tree;
	const struct payload *payload;
	int spool;                     /* of the payload */
	uint64_t created;
	const struct hand *hands;      /* none: the bundle stays unsigned for now */
	size_t nhands;
	char payload_sha256[SHA256_HEX + 1];
};

/* Makes what O asks for and adds it to A. Returns 0, or -1: usage (an attachment has that name already), what a list of components has
 * wrong, or as hand_sign. */
MUST_CHECK int evidence_make(struct evidence *ev, struct attachments *a, struct err *e);

/* Writes a CycloneDX 1.5 bill of materials to F. *SERIAL_AT is where its serial number, still zeros, stands. */
MUST_CHECK int sbom_write(FILE *f, off_t *serial_at, const struct evidence *ev, struct err *e);

/* Writes an in-toto statement (v1) with SLSA provenance (v1). SBOM_SHA256 is that of the bill of materials, or NULL. */
void provenance_write(FILE *f, const struct evidence *ev, const char *sbom_sha256);

#endif
