/* SPDX-License-Identifier: ISC */
/* in-toto Statement v1 with SLSA Provenance v1 (slsa.dev/spec/v1.0/provenance). The subject is the payload, whose hash is known before
 * the manifest that will cover this statement is written. */
#include <stdio.h>

#include "core/deflate.h"
#include "core/json.h"
#include "packer/evidence.h"
#include "packer/utc.h"

static void put_subject(struct json *j, const char *name, const char *sha256)
{
	json_object(j, NULL);
	json_string(j, "name", name);
	json_object(j, "digest");
	json_string(j, "sha256", sha256);
	json_end_object(j);
	json_end_object(j);
}

static void put_boards(struct json *j, const struct build_options *o)
{
	json_array(j, "boards");
	for (size_t i = 0; i < o->nboards; i++) {
		json_object(j, NULL);
		json_string(j, "id", o->boards[i].id);
		json_number(j, "low", o->boards[i].low);
		json_number(j, "high", o->boards[i].high);
		json_end_object(j);
	}
	json_end_array(j);
}

static void put_definition(struct json *j, const struct evidence *ev)
{
	const struct build_options *o = ev->o;

	json_object(j, "buildDefinition");
	json_string(j, "buildType", EVIDENCE_BUILD_TYPE);
	json_object(j, "externalParameters");
	json_string(j, "product", o->product);
	json_string(j, "version", o->version);
	json_number(j, "counter", o->counter);
	put_boards(j, o);
	json_end_object(j);
	json_object(j, "internalParameters");
	json_number(j, "created", ev->created);
	json_number(j, "chunkSize", o->chunk_size);
	json_number(j, "level", (uint64_t)o->level);
	json_string(j, "deflate", deflate_engine());
	json_end_object(j);
	json_array(j, "resolvedDependencies");
	if (o->source) {
		json_object(j, NULL);
		json_string(j, "uri", o->source);
		if (o->source_commit) {
			json_object(j, "digest");
			json_string(j, "gitCommit", o->source_commit);
			json_end_object(j);
		}
		json_end_object(j);
	}
	json_end_array(j);
	json_end_object(j);
}

static void put_run(struct json *j, const struct evidence *ev, const char *sbom_sha256)
{
	char when[UTC_SIZE];

	utc_print(when, ev->created);
	json_object(j, "runDetails");
	json_object(j, "builder");
	json_string(j, "id", ev->o->builder);
	json_object(j, "version");
	json_string(j, "firmpack", FIRMSEAL_VERSION);
	json_end_object(j);
	json_end_object(j);
	json_object(j, "metadata");
	json_string(j, "startedOn", when);
	json_end_object(j);
	json_array(j, "byproducts");
	if (sbom_sha256)
		put_subject(j, EVIDENCE_SBOM, sbom_sha256);
	json_end_array(j);
	json_end_object(j);
}

void provenance_write(FILE *f, const struct evidence *ev, const char *sbom_sha256)
{
	struct json j;

	json_begin(&j, f);
	json_object(&j, NULL);
	json_string(&j, "_type", EVIDENCE_STATEMENT_TYPE);
	json_array(&j, "subject");
	put_subject(&j, EVIDENCE_SUBJECT, ev->payload_sha256);
	json_end_array(&j);
	json_string(&j, "predicateType", EVIDENCE_PREDICATE_TYPE);
	json_object(&j, "predicate");
	put_definition(&j, ev);
	put_run(&j, ev, sbom_sha256);
	json_end_object(&j);
	json_end_object(&j);
}
