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
	json_open_object(j, NULL);
	json_put_string(j, "name", name);
	json_open_object(j, "digest");
	json_put_string(j, "sha256", sha256);
	json_close_object(j);
	json_close_object(j);
}

static void put_boards(struct json *j, const struct build_options *o)
{
	json_open_array(j, "boards");
	for (size_t i = 0; i < o->nboards; i++) {
		json_open_object(j, NULL);
		json_put_string(j, "id", o->boards[i].id);
		json_put_number(j, "low", o->boards[i].low);
		json_put_number(j, "high", o->boards[i].high);
		json_close_object(j);
	}
	json_close_array(j);
}

static void put_definition(struct json *j, const struct evidence *ev)
{
	const struct build_options *o = ev->o;

	json_open_object(j, "buildDefinition");
	json_put_string(j, "buildType", EVIDENCE_BUILD_TYPE);
	json_open_object(j, "externalParameters");
	json_put_string(j, "product", o->product);
	json_put_string(j, "version", o->version);
	json_put_number(j, "counter", o->counter);
	put_boards(j, o);
	json_close_object(j);
	json_open_object(j, "internalParameters");
	json_put_number(j, "created", ev->created);
	json_put_number(j, "chunkSize", o->chunk_size);
	json_put_number(j, "level", (uint64_t)o->level);
	json_put_string(j, "deflate", deflate_engine());
	json_close_object(j);
	json_open_array(j, "resolvedDependencies");
	if (o->source) {
		json_open_object(j, NULL);
		json_put_string(j, "uri", o->source);
		if (o->source_commit) {
			json_open_object(j, "digest");
			json_put_string(j, "gitCommit", o->source_commit);
			json_close_object(j);
		}
		json_close_object(j);
	}
	json_close_array(j);
	json_close_object(j);
}

static void put_run(struct json *j, const struct evidence *ev, const char *sbom_sha256)
{
	char when[UTC_SIZE];

	utc_print(when, ev->created);
	json_open_object(j, "runDetails");
	json_open_object(j, "builder");
	json_put_string(j, "id", ev->o->builder);
	json_open_object(j, "version");
	json_put_string(j, "firmpack", FIRMSEAL_VERSION);
	json_close_object(j);
	json_close_object(j);
	json_open_object(j, "metadata");
	json_put_string(j, "startedOn", when);
	json_close_object(j);
	json_open_array(j, "byproducts");
	if (sbom_sha256)
		put_subject(j, EVIDENCE_SBOM, sbom_sha256);
	json_close_array(j);
	json_close_object(j);
}

void provenance_write(FILE *f, const struct evidence *ev, const char *sbom_sha256)
{
	struct json j;

	json_begin(&j, f);
	json_open_object(&j, NULL);
	json_put_string(&j, "_type", EVIDENCE_STATEMENT_TYPE);
	json_open_array(&j, "subject");
	put_subject(&j, EVIDENCE_SUBJECT, ev->payload_sha256);
	json_close_array(&j);
	json_put_string(&j, "predicateType", EVIDENCE_PREDICATE_TYPE);
	json_open_object(&j, "predicate");
	put_definition(&j, ev);
	put_run(&j, ev, sbom_sha256);
	json_close_object(&j);
	json_close_object(&j);
}
