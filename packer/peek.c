/* SPDX-License-Identifier: ISC */
/* A bounded look at a bundle's first members. */
#include "packer/peek.h"

#include <stdlib.h>
#include <string.h>

#include "core/manifest.h"
#include "core/ustar.h"

enum { SIGNATURES_MAX = 16 << 10, KEYRING_MAX = 64 << 10, KEYRING_MEMBERS_MAX = 128 };

/* Bytes of a member of SIZE bytes, header and padding included. */
static uint64_t extent(uint64_t size)
{
	return USTAR_BLOCK + size + ustar_padding(size);
}

/* True when HEADER is the canonical one of a member NAME; *SIZE is then its size. */
static bool is_member(const unsigned char header[static USTAR_BLOCK], const char *name, uint64_t *size)
{
	unsigned char expected[USTAR_BLOCK];

	if (ustar_take_size(size, header) != 0)
		return false;
	ustar_member(expected, name, *size);
	return memcmp(header, expected, USTAR_BLOCK) == 0;
}

static int take(char **out, size_t *len, struct source *src, uint64_t size, size_t max, const char *what, struct err *e)
{
	unsigned char padding[USTAR_BLOCK];
	char *text;

	if (size > max)
		return err_set(e, VERDICT_TOO_LARGE, "%s is over %zu bytes", what, max);
	text = malloc((size_t)size + 1);
	if (!text)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (source_exact(src, text, (size_t)size, what, e) != 0 ||
	    source_exact(src, padding, (size_t)ustar_padding(size), what, e) != 0) {
		free(text);
		return -1;
	}
	text[size] = '\0';
	*out = text;
	*len = (size_t)size;
	return 0;
}

/* Passes over keyrings that ride in front, and adds their bytes to *AT. HEADER is then the next member's. */
static int skip_keyrings(uint64_t *at, struct source *src, unsigned char header[static USTAR_BLOCK], struct err *e)
{
	static const char prefix[] = "keyring.";

	for (int i = 0; memcmp(header, prefix, sizeof prefix - 1) == 0; i++) {
		char name[101] = "", *text = NULL;
		uint64_t size;
		size_t len;

		memcpy(name, header, 100);
		if (i == KEYRING_MEMBERS_MAX || !is_member(header, name, &size))
			return err_set(e, VERDICT_MALFORMED_HEADER, "a keyring's header is not canonical, or there are too many");
		if (take(&text, &len, src, size, KEYRING_MAX, "a keyring", e) != 0)
			return -1;
		free(text);
		*at += extent(size);
		if (source_exact(src, header, USTAR_BLOCK, "a header", e) != 0)
			return -1;
	}
	return 0;
}

/* A short file that does not begin as a bundle does is none, rather than one cut off. */
static int take_first_header(unsigned char header[static USTAR_BLOCK], struct source *src, struct err *e)
{
	static const char manifest[] = "manifest", keyring[] = "keyring.";
	size_t got = 0, n;

	if (src->read(src, header, USTAR_BLOCK, &got, e) != 0)
		return -1;
	n = got < sizeof keyring - 1 ? got : sizeof keyring - 1;
	if (memcmp(header, manifest, n) != 0 && memcmp(header, keyring, n) != 0)
		return err_set(e, VERDICT_NOT_A_BUNDLE, "it does not begin as a firmware bundle does");
	return got == USTAR_BLOCK ? 0 : err_set(e, VERDICT_TRUNCATED, "it ends inside its first header");
}

int peek_read(struct peek *out, struct source *src, struct err *e)
{
	unsigned char header[USTAR_BLOCK];
	uint64_t size;

	*out = (struct peek){.manifest = NULL};
	if (take_first_header(header, src, e) != 0 ||
	    skip_keyrings(&out->signatures_at, src, header, e) != 0)
		return -1;
	if (!is_member(header, "manifest", &size))
		return err_set(e, VERDICT_NOT_A_BUNDLE, "it does not begin as a firmware bundle does");
	if (take(&out->manifest, &out->manifest_len, src, size, MANIFEST_MAX, "manifest", e) != 0 ||
	    source_exact(src, header, USTAR_BLOCK, "the header of manifest.minisig", e) != 0)
		return -1;
	out->signatures_at += extent(out->manifest_len);
	out->rest_at = out->signatures_at;
	if (is_member(header, "payload.tar.gz", &size))
		return 0;
	if (!is_member(header, "manifest.minisig", &size))
		return err_set(e, VERDICT_MALFORMED_HEADER, "neither signatures nor the payload follow the manifest");
	out->rest_at += extent(size);
	return take(&out->signatures, &out->signatures_len, src, size, SIGNATURES_MAX, "manifest.minisig", e);
}

void peek_clear(struct peek *p)
{
	free(p->manifest);
	free(p->signatures);
	*p = (struct peek){.manifest = NULL};
}
