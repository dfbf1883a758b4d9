/* SPDX-License-Identifier: ISC */
/* Evidence and lists of packages: what comes from outside, in all its readers. The first byte chooses. */
#include <stdlib.h>
#include <string.h>

#include "packer/evidence_check.h"
#include "packer/parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char manifest[] =
	"firmseal-manifest 1\nproduct p\nversion 1.0\ncounter 7\ncreated 1700000000\nboard b 0 9\npayload 1536 65536 1\n"
	"chunk 100 0000000000000000000000000000000000000000000000000000000000000000\n"
	"file 0644 0 0 0 0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8 empty\n";

static void check(int kind, const struct evidence_facts *f, const char *text, size_t len)
{
	struct provenance_found provenance = {.signers = {.n = 0}};
	struct sbom_found sbom;
	struct err e = {0};
	int rc = kind == 0 ? sbom_check(&sbom, f, text, len, &e) : kind == 1 ? provenance_check(&provenance, f, text, len, &e) :
		statement_check(&provenance, f, text, len, &e);

	if (kind == 1 && rc == 0)
		abort(); /* nobody has signed anything here */
	if (rc != 0 && (e.verdict == VERDICT_OK || e.message[0] == '\0'))
		abort();
}

static void list(int kind, const char *text, size_t len)
{
	struct parts parts = {.at = NULL};
	struct err e = {0};
	char *copy = malloc(len + 1);

	if (!copy)
		return;
	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	if ((kind == 3 ? parts_take_dpkg : parts_take_list)(&parts, copy, len, &e) != 0 && e.verdict == VERDICT_OK)
		abort();
	parts_sort(&parts);
	for (size_t i = 0; i < parts.n; i++)
		if (strlen(parts.at[i].name) + strlen(parts.at[i].version) > len)
			abort();
	parts_clear(&parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trust trust;
	static const struct signers signers = {.n = 0};
	struct manifest *m = NULL;
	char *copy = strdup(manifest);
	struct evidence_facts facts = {.payload_sha256 = "00", .trust = &trust, .signers = &signers};

	if (size == 0 || !copy) {
		free(copy);
		return 0;
	}
	if (manifest_parse(&m, copy, sizeof manifest - 1, NULL) != 0)
		abort();
	facts.m = m;
	if (data[0] % 5 < 3)
		check(data[0] % 5, &facts, (const char *)data + 1, size - 1);
	else
		list(data[0] % 5, (const char *)data + 1, size - 1);
	manifest_free(&m);
	return 0;
}
