/* SPDX-License-Identifier: ISC */
/* Outer members: what a stranger's bytes meet first. */
#include "core/member.h"

#include <stdlib.h>
#include <string.h>

int member_padding(struct source *src, uint64_t size, const char *member, struct err *e)
{
	unsigned char block[USTAR_BLOCK];
	size_t n = (size_t)ustar_padding(size);

	if (source_exact(src, block, n, member, e) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (block[i] != 0)
			return err_set(e, VERDICT_MALFORMED_HEADER, "the padding behind %s is not zero", member);
	return 0;
}

int member_expect(const unsigned char header[static USTAR_BLOCK], const char *name, uint64_t size, struct err *e)
{
	unsigned char expected[USTAR_BLOCK];

	ustar_member(expected, name, size);
	if (memcmp(header, expected, USTAR_BLOCK) != 0)
		return err_set(e, VERDICT_MALFORMED_HEADER, "the header of %s is not the canonical one", name);
	return 0;
}

int member_take(struct source *src, const unsigned char header[static USTAR_BLOCK], const char *name, size_t max, char **out,
		size_t *len, struct err *e)
{
	uint64_t size;
	char *text;

	if (ustar_take_size(&size, header) != 0)
		return err_set(e, VERDICT_MALFORMED_HEADER, "the header of %s has no size", name);
	/* First the header, so that a strange one is called what it is; its size is not yet believed. */
	if (member_expect(header, name, size, e) != 0)
		return -1;
	if (size > max)
		return err_set(e, VERDICT_TOO_LARGE, "%s is over %zu bytes", name, max);
	text = malloc((size_t)size + 1);
	if (!text)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (source_exact(src, text, (size_t)size, name, e) != 0 || member_padding(src, size, name, e) != 0) {
		free(text);
		return -1;
	}
	text[size] = '\0';
	*out = text;
	*len = (size_t)size;
	return 0;
}
