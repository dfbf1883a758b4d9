/* SPDX-License-Identifier: ISC */
/* Evidence read back: firmpack's only file that parses JSON. */
#include "packer/evidence_check.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "keys/dsse.h"
#include "packer/evidence.h"

enum { SIGNATURES_MAX = 64 };

static json_t *load(const char *text, size_t len, const char *what, enum verdict verdict, struct err *e)
{
	json_error_t error;
	char quoted[200];
	json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);

	if (json_is_object(j))
		return j;
	err_set(e, verdict, "the %s is no JSON object: %s", what, j ? "it is another value" :
		err_quote(quoted, sizeof quoted, error.text, strlen(error.text)));
	json_decref(j);
	return NULL;
}

/* The string at KEY of J, or "". */
static const char *string(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

static bool number_is(const json_t *j, const char *key, uint64_t value)
{
	const json_t *n = json_object_get(j, key);

	return json_is_integer(n) && json_integer_value(n) >= 0 && (uint64_t)json_integer_value(n) == value;
}

static int differs(struct err *e, const char *what)
{
	return err_set(e, VERDICT_ATTACHMENT_HASH, "the evidence is about something else: %s is not this bundle's", what);
}

/* --- the bill of materials --- */

static int check_file(const json_t *component, const struct manifest *m, bool *seen, struct err *e)
{
	const char *name = string(component, "name");
	const json_t *hash = json_array_get(json_object_get(component, "hashes"), 0);
	unsigned char found[HASH_SIZE];
	struct manifest_entry entry;
	char path[PATH_MAX_LEN + 1], quoted[200];
	int64_t i;

	err_quote(quoted, sizeof quoted, name, strlen(name));
	if (strcmp(string(hash, "alg"), "BLAKE2b-256") != 0 ||
	    text_hash(found, (struct span){string(hash, "content"), strlen(string(hash, "content"))}) != 0)
		return err_set(e, VERDICT_MALFORMED_MANIFEST, "the SBOM's file %s has no BLAKE2b-256 hash", quoted);
	i = text_unescape(path, sizeof path, (struct span){name, strlen(name)}) >= 0 ? manifest_find(m, path) : -1;
	if (i < 0 || seen[i])
		return differs(e, quoted);
	manifest_entry(m, (uint32_t)i, &entry);
	if (entry.type != ENTRY_FILE || !crypto_equal(found, entry.hash, HASH_SIZE))
		return differs(e, quoted);
	seen[i] = true;
	return 0;
}

static int check_components(struct sbom_found *out, const json_t *components, const struct manifest *m, struct err *e)
{
	uint32_t n = manifest_head(m)->nentries, files = 0;
	bool *seen = calloc((size_t)n + 1, sizeof *seen);
	const json_t *component;
	size_t i;
	int rc = seen ? 0 : err_set(e, VERDICT_SYSTEM, "out of memory");

	json_array_foreach(components, i, component) {
		if (rc != 0)
			break;
		if (strcmp(string(component, "type"), "file") != 0) {
			out->packages++;
			continue;
		}
		rc = check_file(component, m, seen, e);
		out->files++;
	}
	for (uint32_t k = 0; k < n; k++)
		files += manifest_entry_type(m, k) == ENTRY_FILE;
	if (rc == 0 && out->files != files)
		rc = differs(e, "the number of files");
	free(seen);
	return rc;
}

static int check_sbom(struct sbom_found *out, const struct evidence_facts *f, const json_t *bom, struct err *e)
{
	const struct manifest_head *head = manifest_head(f->m);
	const json_t *subject = json_object_get(json_object_get(bom, "metadata"), "component");
	const json_t *hash = json_array_get(json_object_get(subject, "hashes"), 0), *components = json_object_get(bom, "components");

	if (strcmp(string(bom, "bomFormat"), "CycloneDX") != 0 || strcmp(string(bom, "specVersion"), "1.5") != 0 ||
	    !json_is_array(components))
		return err_set(e, VERDICT_MALFORMED_MANIFEST, "the SBOM is no CycloneDX 1.5 document");
	if (strcmp(string(subject, "name"), head->product) != 0 || strcmp(string(subject, "version"), head->version) != 0)
		return differs(e, "the SBOM's product or version");
	if (strcmp(string(hash, "content"), f->payload_sha256) != 0)
		return differs(e, "the SBOM's payload");
	if (strlen(string(bom, "serialNumber")) < sizeof out->serial)
		memcpy(out->serial, string(bom, "serialNumber"), strlen(string(bom, "serialNumber")) + 1);
	return check_components(out, components, f->m, e);
}

int sbom_check(struct sbom_found *out, const struct evidence_facts *f, const char *text, size_t len, struct err *e)
{
	json_t *bom = load(text, len, "SBOM", VERDICT_MALFORMED_MANIFEST, e);
	int rc;

	*out = (struct sbom_found){.files = 0};
	if (!bom)
		return -1;
	rc = check_sbom(out, f, bom, e);
	json_decref(bom);
	return rc;
}

/* --- the statement --- */

static void keep(char out[static EVIDENCE_TEXT_MAX + 1], const char *text)
{
	size_t n = strlen(text);

	if (n > EVIDENCE_TEXT_MAX)
		n = EVIDENCE_TEXT_MAX;
	memcpy(out, text, n);
	out[n] = '\0';
}

/* The SHA-256 that LIST, of resources or subjects, has for NAME, or NULL. */
static const char *digest_of(const json_t *list, const char *name)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (strcmp(string(item, "name"), name) == 0)
			return string(json_object_get(item, "digest"), "sha256");
	return NULL;
}

static int check_statement(struct provenance_found *out, const struct evidence_facts *f, const json_t *statement, struct err *e)
{
	const struct manifest_head *head = manifest_head(f->m);
	const json_t *predicate = json_object_get(statement, "predicate"), *definition = json_object_get(predicate, "buildDefinition");
	const json_t *parameters = json_object_get(definition, "externalParameters"), *run = json_object_get(predicate, "runDetails");
	const json_t *subjects = json_object_get(statement, "subject"), *source;
	const char *subject = digest_of(subjects, EVIDENCE_SUBJECT), *sbom = digest_of(json_object_get(run, "byproducts"), EVIDENCE_SBOM);

	if (strcmp(string(statement, "_type"), EVIDENCE_STATEMENT_TYPE) != 0 ||
	    strcmp(string(statement, "predicateType"), EVIDENCE_PREDICATE_TYPE) != 0 ||
	    strcmp(string(definition, "buildType"), EVIDENCE_BUILD_TYPE) != 0)
		return err_set(e, VERDICT_MALFORMED_MANIFEST, "the provenance is no SLSA v1 statement of a firmseal build");
	if (!subject || json_array_size(subjects) != 1 || strcmp(subject, f->payload_sha256) != 0)
		return differs(e, "the provenance's subject");
	if (strcmp(string(parameters, "product"), head->product) != 0 || strcmp(string(parameters, "version"), head->version) != 0 ||
	    !number_is(parameters, "counter", head->counter))
		return differs(e, "the provenance's product, version or counter");
	if ((sbom != NULL) != (f->sbom_sha256 != NULL) || (sbom && strcmp(sbom, f->sbom_sha256) != 0))
		return differs(e, "the provenance's SBOM");
	source = json_array_get(json_object_get(definition, "resolvedDependencies"), 0);
	keep(out->builder, string(json_object_get(run, "builder"), "id"));
	keep(out->source, string(source, "uri"));
	keep(out->commit, string(json_object_get(source, "digest"), "gitCommit"));
	return 0;
}

int statement_check(struct provenance_found *out, const struct evidence_facts *f, const char *text, size_t len, struct err *e)
{
	json_t *statement = load(text, len, "provenance", VERDICT_MALFORMED_MANIFEST, e);
	int rc;

	out->builder[0] = out->source[0] = out->commit[0] = '\0';
	if (!statement)
		return -1;
	rc = check_statement(out, f, statement, e);
	json_decref(statement);
	return rc;
}

/* --- the envelope --- */

/* The key with that id among those that signed the bundle, or NULL. */
static const struct public_key *find_key(const struct evidence_facts *f, const char *id)
{
	char hex[KEYID_HEX + 1];

	for (size_t i = 0; i < f->signers->n; i++) {
		keyid_print(hex, f->signers->ids[i]);
		if (strcmp(hex, id) == 0)
			return trust_find(f->trust, f->signers->ids[i]);
	}
	return NULL;
}

static void add_signer(struct signers *s, const unsigned char id[static KEYID_SIZE])
{
	for (size_t i = 0; i < s->n; i++)
		if (memcmp(s->ids[i], id, KEYID_SIZE) == 0)
			return;
	if (s->n < MINISIG_BLOCKS_MAX)
		memcpy(s->ids[s->n++], id, KEYID_SIZE);
}

/* As with the manifest's own: by unknown keys they are passed over, one that claims a key of the bundle and is wrong refuses all. */
static int check_signatures(struct signers *out, const struct evidence_facts *f, const json_t *list, const unsigned char *bytes,
			    size_t len, struct err *e)
{
	unsigned char sig[ED25519_SIG_SIZE];
	const json_t *item;
	size_t i;

	*out = (struct signers){.n = 0};
	if (!json_is_array(list) || json_array_size(list) > SIGNATURES_MAX)
		return err_set(e, VERDICT_MALFORMED_SIGNATURE, "the provenance has no list of signatures, or an overlong one");
	json_array_foreach(list, i, item) {
		const struct public_key *key = find_key(f, string(item, "keyid"));
		const char *text = string(item, "sig");

		if (!key)
			continue;
		if (base64_decode(sig, sizeof sig, text, strlen(text)) != 0)
			return err_set(e, VERDICT_MALFORMED_SIGNATURE, "a signature of the provenance is no base64 of %d bytes",
				       ED25519_SIG_SIZE);
		if (ed25519_verify(sig, bytes, len, key->key) != ACCEPTED)
			return err_set(e, VERDICT_BAD_SIGNATURE, "the provenance's signature by key %s does not verify",
				       string(item, "keyid"));
		add_signer(out, key->id);
	}
	return out->n > 0 ? 0 : err_set(e, VERDICT_UNTRUSTED_KEY, "the provenance is signed by none of the trusted keys that signed the bundle");
}

/* The decoded payload; the caller frees it. NULL when it is no base64. */
static unsigned char *decode_payload(const char *text, size_t *len)
{
	size_t n = strlen(text), padding = 0;
	unsigned char *body;

	if (n == 0 || n % 4 != 0)
		return NULL;
	while (padding < 2 && text[n - 1 - padding] == '=')
		padding++;
	*len = n / 4 * 3 - padding;
	body = malloc(*len + 1);
	if (body && base64_decode(body, *len, text, n) != 0) {
		free(body);
		body = NULL;
	}
	return body;
}

int provenance_check(struct provenance_found *out, const struct evidence_facts *f, const char *text, size_t len, struct err *e)
{
	json_t *envelope = load(text, len, "provenance's envelope", VERDICT_MALFORMED_SIGNATURE, e);
	unsigned char *body = NULL, *bytes = NULL;
	size_t body_len = 0, n = 0;
	int rc = -1;

	if (!envelope)
		return -1;
	if (strcmp(string(envelope, "payloadType"), EVIDENCE_PAYLOAD_TYPE) != 0 ||
	    !(body = decode_payload(string(envelope, "payload"), &body_len))) {
		err_set(e, VERDICT_MALFORMED_SIGNATURE, "the provenance is no DSSE envelope around an in-toto statement");
		goto out;
	}
	if (dsse_encode(&bytes, &n, EVIDENCE_PAYLOAD_TYPE, body, body_len, e) != 0 ||
	    check_signatures(&out->signers, f, json_object_get(envelope, "signatures"), bytes, n, e) != 0)
		goto out;
	rc = statement_check(out, f, (const char *)body, body_len, e);
out:
	free(bytes);
	free(body);
	json_decref(envelope);
	return rc;
}
