/* SPDX-License-Identifier: ISC */
/* A bounded look at a bundle's first members. */
#include "packer/peek.h"

#include <stdlib.h>
#include <string.h>

#include "core/manifest.h"
#include "core/ustar.h"

enum { SIGNATURES_MAX = 16 << 10, KEYRING_MAX = 64 << 10, KEYRING_MEMBERS_MAX = 128 };

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

/* Passes over keyrings that ride in front. HEADER is then the next member's. */
static int skip_keyrings(struct source *src, unsigned char header[static USTAR_BLOCK], struct err *e)
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
		if (source_exact(src, header, USTAR_BLOCK, "a header", e) != 0)
			return -1;
	}
	return 0;
}

int peek_read(struct peek *out, struct source *src, struct err *e)
{
	unsigned char header[USTAR_BLOCK];
	uint64_t size;

	*out = (struct peek){.manifest = NULL};
	if (source_exact(src, header, USTAR_BLOCK, "its first header", e) != 0 || skip_keyrings(src, header, e) != 0)
		return -1;
	if (!is_member(header, "manifest", &size))
		return err_set(e, VERDICT_NOT_A_BUNDLE, "it does not begin as a firmware bundle does");
	if (take(&out->manifest, &out->manifest_len, src, size, MANIFEST_MAX, "manifest", e) != 0 ||
	    source_exact(src, header, USTAR_BLOCK, "the header of manifest.minisig", e) != 0)
		return -1;
	if (!is_member(header, "manifest.minisig", &size))
		return err_set(e, VERDICT_UNSIGNED, "no signature follows the manifest");
	return take(&out->signatures, &out->signatures_len, src, size, SIGNATURES_MAX, "manifest.minisig", e);
}

void peek_clear(struct peek *p)
{
	free(p->manifest);
	free(p->signatures);
	*p = (struct peek){.manifest = NULL};
}
