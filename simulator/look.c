/* SPDX-License-Identifier: ISC */
/* Bundles through core's reader, stock archives through zlib, whose only owner here is this file. */
#include "simulator/look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST /* input that zlib only reads */
#include <zlib.h>

#include "core/reader.h"
#include "core/ustar.h"

enum {
	FIRST_MEMBERS = 2 * 64 + 1,      /* keyrings and their signatures, then the manifest (FORMAT section 1) */
	GZIP_WINDOW = 15 + 16,
};

/* --- bundles --- */

/* The manifest as it stands in the file, checked or not. */
static void read_manifest(struct look *l, const unsigned char *bytes, uint64_t size)
{
	uint64_t at = 0, len;

	for (int i = 0; i < FIRST_MEMBERS && size - at >= USTAR_BLOCK; i++) {
		bool manifest = memcmp(bytes + at, "manifest", 9) == 0;
		char *text;

		if (ustar_take_size(&len, bytes + at) || len > MANIFEST_MAX || len + ustar_padding(len) > size - at - USTAR_BLOCK)
			return;
		if (manifest) {
			text = malloc(len + 1);
			if (text) {
				memcpy(text, bytes + at + USTAR_BLOCK, len);
				IGNORE(manifest_parse(&l->manifest, text, len, &l->verdict));
			}
			return;
		}
		at += USTAR_BLOCK + len + ustar_padding(len);
	}
}

static bool begins_as_bundle(const unsigned char *bytes, uint64_t size)
{
	return size >= USTAR_BLOCK && (memcmp(bytes, "manifest", 9) == 0 || memcmp(bytes, "keyring.", 8) == 0);
}

static void verify(struct look *l, const unsigned char *bytes, uint64_t size, const struct trust *trust)
{
	struct source_memory source;
	struct reader *reader = NULL;
	struct trust none = {.nkeys = 0};

	l->verdict = (struct err){.verdict = VERDICT_SYSTEM};
	source_memory_init(&source, bytes, size);
	l->good = reader_open(&reader, &source.base, trust ? trust : &none, &policy_none, 1, &l->verdict) == 0 &&
		  reader_authenticate(reader, &l->verdict) == 0 && reader_complete(reader, &l->verdict) == ACCEPTED;
	reader_free(&reader);
}

/* --- archives --- */

/* The plain bytes of a gzip file, one member after the other. */
struct unzip {
	z_stream z;
	bool failed;
};

/* Reads up to LEN bytes; fewer at the end, or where it is damaged. */
static size_t unzip_read(struct unzip *u, unsigned char *out, size_t len)
{
	u->z.next_out = out;
	u->z.avail_out = (uInt)len;
	while (u->z.avail_out > 0 && !u->failed) {
		int rc = inflate(&u->z, Z_NO_FLUSH);

		if (rc == Z_STREAM_END) /* what follows may be one member more, or the trailing delimiter */
			u->failed = u->z.avail_in < 2 || memcmp(u->z.next_in, "\x1f\x8b", 2) != 0 || inflateReset(&u->z) != Z_OK;
		else
			u->failed = rc != Z_OK;
	}
	u->z.next_out = NULL;
	return len - u->z.avail_out;
}

static void skip(struct unzip *u, uint64_t len)
{
	unsigned char waste[8192];
	size_t n = 1;

	for (; len > 0 && n > 0; len -= n)
		n = unzip_read(u, waste, len < sizeof waste ? (size_t)len : sizeof waste);
}

/* Blanks become hyphens, what no version may hold ends it. */
static void take_version(struct look *l, const unsigned char *text, size_t len)
{
	size_t n = 0;

	for (; n < len && n < TEXT_NAME_MAX && text[n] != '\n'; n++) {
		char c = text[n] == ' ' || text[n] == ':' ? '-' : (char)text[n];

		if (!text_is_name((struct span){&c, 1}))
			break;
		l->version[n] = c;
	}
	l->version[n] = '\0';
}

static bool names_version(const char *name)
{
	const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;

	return strcmp(base, "compile_time") == 0 || strcmp(base, "version_number") == 0;
}

/* True when the archive holds at least one header. */
static bool read_archive(struct look *l, const unsigned char *bytes, uint64_t size)
{
	struct unzip u = {.failed = false};
	unsigned char block[USTAR_BLOCK];
	char name[101] = "";
	uint64_t len;
	bool any = false;

	if (inflateInit2(&u.z, GZIP_WINDOW) != Z_OK)
		return false;
	u.z.next_in = bytes;
	u.z.avail_in = (uInt)size;
	while (unzip_read(&u, block, sizeof block) == sizeof block && block[0] && ustar_take_size(&len, block) == 0) {
		any = true;
		memcpy(name, block, 100);
		if (names_version(name) && !l->version[0]) {
			unsigned char line[USTAR_BLOCK];
			size_t n = unzip_read(&u, line, len < sizeof line ? (size_t)len : sizeof line);

			take_version(l, line, n);
			len = len + ustar_padding(len) - n;
			skip(&u, len);
		} else {
			skip(&u, len + ustar_padding(len));
		}
	}
	inflateEnd(&u.z);
	return any;
}

void look_at(struct look *l, const unsigned char *bytes, uint64_t size, const unsigned char hash[static HASH_SIZE],
	     const struct trust *trust)
{
	char hex[HASH_HEX + 1];

	memset(l, 0, sizeof *l);
	l->done = true;
	verify(l, bytes, size, trust);
	if (begins_as_bundle(bytes, size)) {
		struct err verdict = l->verdict;

		l->kind = LOOK_BUNDLE;
		read_manifest(l, bytes, size);
		l->verdict = verdict;
		if (l->manifest)
			memcpy(l->version, manifest_head(l->manifest)->version, sizeof l->version);
	} else if (read_archive(l, bytes, size)) {
		l->kind = LOOK_TARBALL;
	}
	if (!l->version[0]) {
		text_put_hash(hex, hash);
		snprintf(l->version, sizeof l->version, "image-%.12s", hex);
	}
}

void look_free(struct look *l)
{
	manifest_free(&l->manifest);
}
