/* SPDX-License-Identifier: ISC */
/* CycloneDX 1.5 (cyclonedx.org/docs/1.5/json): the image, the packages that it was made of, every file with its hash. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io.h"
#include "core/json.h"
#include "packer/evidence.h"
#include "packer/parts.h"
#include "packer/utc.h"

#define ZERO_SERIAL "urn:uuid:00000000-0000-0000-0000-000000000000"

static void put_hash(struct json *j, const char *algorithm, const char *hex)
{
	json_open_array(j, "hashes");
	json_open_object(j, NULL);
	json_put_string(j, "alg", algorithm);
	json_put_string(j, "content", hex);
	json_close_object(j);
	json_close_array(j);
}

static void put_metadata(struct json *j, const struct evidence *ev)
{
	char when[UTC_SIZE];

	utc_print(when, ev->created);
	json_open_object(j, "metadata");
	json_put_string(j, "timestamp", when);
	json_open_object(j, "tools");
	json_open_array(j, "components");
	json_open_object(j, NULL);
	json_put_string(j, "type", "application");
	json_put_string(j, "name", "firmpack");
	json_put_string(j, "version", FIRMSEAL_VERSION);
	json_close_object(j);
	json_close_array(j);
	json_close_object(j);
	json_open_object(j, "component");
	json_put_string(j, "type", "firmware");
	json_put_string(j, "bom-ref", "firmware");
	json_put_string(j, "name", ev->o->product);
	json_put_string(j, "version", ev->o->version);
	put_hash(j, "SHA-256", ev->payload_sha256);
	json_close_object(j);
	json_close_object(j);
}

/* Appends TEXT at AT, with what a package URL reserves in %XX (github.com/package-url/purl-spec). Returns the new end. */
static size_t put_escaped(char *purl, size_t size, size_t at, const char *text)
{
	for (const char *p = text; *p && at + 4 < size; p++)
		at += (size_t)snprintf(purl + at, size - at, strchr(":+%?#@/ ", *p) ? "%%%02X" : "%c", (unsigned char)*p);
	return at;
}

/* pkg:deb/debian/NAME@VERSION?arch=ARCH; a list names its own, or none. */
static void put_purl(struct json *j, const struct part *part)
{
	static const char prefix[] = "pkg:deb/debian/";
	char purl[1024];
	size_t n = sizeof prefix - 1;

	if (part->purl || !part->arch) {
		if (part->purl)
			json_put_string(j, "purl", part->purl);
		return;
	}
	if (3 * (strlen(part->name) + strlen(part->version) + strlen(part->arch)) > sizeof purl - 64)
		return;
	memcpy(purl, prefix, sizeof prefix);
	n = put_escaped(purl, sizeof purl, n, part->name);
	purl[n++] = '@';
	n = put_escaped(purl, sizeof purl, n, part->version);
	n += (size_t)snprintf(purl + n, sizeof purl - n, "?arch=");
	put_escaped(purl, sizeof purl, n, part->arch);
	json_put_string(j, "purl", purl);
}

static void put_parts(struct json *j, const struct parts *parts)
{
	char ref[32];

	for (size_t i = 0; i < parts->n; i++) {
		const struct part *part = &parts->at[i];

		snprintf(ref, sizeof ref, "package-%zu", i);
		json_open_object(j, NULL);
		json_put_string(j, "type", "library");
		json_put_string(j, "bom-ref", ref);
		json_put_string(j, "name", part->name);
		json_put_string(j, "version", part->version);
		put_purl(j, part);
		json_close_object(j);
	}
}

/* A path is spelled as in the manifest: any byte has one spelling, and it is text whatever the bytes are. */
static void put_files(struct json *j, const struct tree *t)
{
	char path[PATH_MAX_LEN * 3 + 1], ref[32], hash[HASH_HEX + 1];

	for (size_t i = 0; i < t->n; i++) {
		const struct tree_entry *entry = &t->entries[i];

		if (entry->type != ENTRY_FILE)
			continue;
		snprintf(ref, sizeof ref, "file-%zu", i);
		text_escape(path, entry->path, strlen(entry->path));
		text_put_hash(hash, entry->hash);
		json_open_object(j, NULL);
		json_put_string(j, "type", "file");
		json_put_string(j, "bom-ref", ref);
		json_put_string(j, "name", path);
		put_hash(j, "BLAKE2b-256", hash);
		json_close_object(j);
	}
}

static int read_parts(struct parts *parts, const struct build_options *o, struct err *e)
{
	char *text = NULL;
	size_t len = 0;

	if (o->sbom_dpkg && (io_read_file(&text, &len, o->sbom_dpkg, PARTS_FILE_MAX, e) != 0 ||
			     parts_take_dpkg(parts, text, len, e) != 0))
		return err_prefix(e, "%s", o->sbom_dpkg);
	if (o->sbom_list && (io_read_file(&text, &len, o->sbom_list, PARTS_FILE_MAX, e) != 0 ||
			     parts_take_list(parts, text, len, e) != 0))
		return err_prefix(e, "%s", o->sbom_list);
	parts_sort(parts);
	return 0;
}

int sbom_write(FILE *f, off_t *serial_at, const struct evidence *ev, struct err *e)
{
	static const char head[] = "{\"$schema\":\"http://cyclonedx.org/schema/bom-1.5.schema.json\",\"bomFormat\":\"CycloneDX\","
				   "\"specVersion\":\"1.5\",\"serialNumber\":\"";
	struct parts parts = {.at = NULL};
	struct json j;
	int rc = read_parts(&parts, ev->o, e);

	if (rc == 0) {
		fputs(head, f);
		*serial_at = (off_t)strlen(head);
		fputs(ZERO_SERIAL "\"", f);
		json_begin(&j, f);
		j.comma = true; /* the object was opened by hand, so that the place of the serial number is known */
		json_put_number(&j, "version", 1);
		put_metadata(&j, ev);
		json_open_array(&j, "components");
		put_parts(&j, &parts);
		put_files(&j, ev->tree);
		json_close_array(&j);
		json_close_object(&j);
		json_finish(&j);
	}
	parts_clear(&parts);
	return rc;
}
