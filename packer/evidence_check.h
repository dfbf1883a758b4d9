/* SPDX-License-Identifier: ISC */
/* Is evidence true of the bundle that it came in? To be asked of attachments whose hashes the reader has checked. */
#ifndef PACKER_EVIDENCE_CHECK_H
#define PACKER_EVIDENCE_CHECK_H

#include "core/trust.h"
#include "core/sha256.h"

enum { EVIDENCE_TEXT_MAX = 1024 };

/* What the bundle itself is. */
struct evidence_facts {
	const struct manifest *m;
	const char *payload_sha256;
	const char *sbom_sha256;       /* of the bill of materials that rides along, or NULL */
	const struct trust *trust;
	const struct signers *signers; /* whose signatures on the manifest count */
};

struct sbom_found {
	uint32_t files, packages;
	char serial[64];
};

struct provenance_found {
	struct signers signers;        /* of the envelope, those that count; none of a bare statement */
	char builder[EVIDENCE_TEXT_MAX + 1], source[EVIDENCE_TEXT_MAX + 1], commit[EVIDENCE_TEXT_MAX + 1]; /* "" when not told */
};

/* A CycloneDX bill of materials: names the manifest's product and version, and exactly its files, with their hashes. Returns 0, or -1:
 * malformed-manifest (no such document), attachment-hash (it tells of something else). */
MUST_CHECK int sbom_check(struct sbom_found *out, const struct evidence_facts *f, const char *text, size_t len, struct err *e);

/* A DSSE envelope with an in-toto statement: signed by a key that signed the bundle, and its subject is the payload. Returns 0, or -1:
 * malformed-signature (no such envelope), untrusted-key, bad-signature, or as statement_check. */
MUST_CHECK int provenance_check(struct provenance_found *out, const struct evidence_facts *f, const char *text, size_t len, struct err *e);

/* The bare statement: SLSA provenance of this payload, product, version, counter and bill of materials. Returns 0, or -1:
 * malformed-manifest (no such statement), attachment-hash (it tells of something else). */
MUST_CHECK int statement_check(struct provenance_found *out, const struct evidence_facts *f, const char *text, size_t len, struct err *e);

#endif
