/* SPDX-License-Identifier: ISC */
/* Signature blocks, collected. */
#include "keys/blocks.h"

#include <stdio.h>
#include <string.h>

enum { LINES = 4, BLOCK_MAX = MINISIG_COMMENT_MAX + 512 };

static int put(struct blocks *b, const unsigned char id[static KEYID_SIZE], const char *text, size_t len, struct err *e)
{
	if (b->n == MINISIG_BLOCKS_MAX || len > sizeof b->text - b->len)
		return err_set(e, VERDICT_TOO_LARGE, "a bundle holds at most %d signatures in %d bytes", MINISIG_BLOCKS_MAX, BLOCKS_MAX);
	memcpy(b->text + b->len, text, len);
	b->len += len;
	memcpy(b->ids[b->n++], id, KEYID_SIZE);
	return 0;
}

int blocks_take(struct blocks *b, struct span text, struct err *e)
{
	struct minisig block;

	for (;;) {
		const char *start = text.at;
		int more = minisig_next(&block, &text, e);

		if (more <= 0)
			return more;
		if (put(b, block.id, start, (size_t)(text.at - start), e) != 0)
			return -1;
	}
}

/* Takes four lines off the front of *TEXT; the last of all may lack its LF. Returns 1, 0 at the end, -1. */
static int take_lines(struct span lines[static LINES], struct span *text, struct err *e)
{
	if (text->len == 0)
		return 0;
	for (int i = 0; i < LINES; i++) {
		const char *end = memchr(text->at, '\n', text->len);
		size_t n = end ? (size_t)(end - text->at) : text->len;

		if (!end && (i < LINES - 1 || n == 0))
			return err_set(e, VERDICT_MALFORMED_SIGNATURE, "a signature has four lines");
		lines[i] = (struct span){text->at, n};
		text->at += end ? n + 1 : n;
		text->len -= end ? n + 1 : n;
	}
	return 1;
}

/* The block with the first line that the format wants. Returns its length, or -1. */
static int canonical(char out[static BLOCK_MAX], const struct span lines[static LINES], struct err *e)
{
	unsigned char blob[MINISIG_BLOB];
	char id[KEYID_HEX + 1];
	int n;

	if (lines[0].len < 19 || memcmp(lines[0].at, "untrusted comment: ", 19) != 0)
		return err_set(e, VERDICT_MALFORMED_SIGNATURE, "the first line is no untrusted comment");
	if (base64_decode(blob, sizeof blob, lines[1].at, lines[1].len) != 0)
		return err_set(e, VERDICT_MALFORMED_SIGNATURE, "the second line is no minisign signature");
	if (memchr(lines[2].at, '\t', lines[2].len))
		return err_set(e, VERDICT_MALFORMED_SIGNATURE,
			       "the trusted comment holds tabs, as minisign's own does: sign with minisign -t TEXT");
	keyid_print(id, blob + 2);
	n = snprintf(out, BLOCK_MAX, "untrusted comment: firmseal key %s\n%.*s\n%.*s\n%.*s\n", id, (int)lines[1].len, lines[1].at,
		     (int)lines[2].len, lines[2].at, (int)lines[3].len, lines[3].at);
	return n < BLOCK_MAX ? n : err_set(e, VERDICT_MALFORMED_SIGNATURE, "a signature block is too long");
}

static int verify(const char *text, size_t len, const struct trust *trust, const unsigned char prehash[static PREHASH_SIZE],
		  struct minisig *block, struct err *e)
{
	struct span rest = {text, len};
	const struct public_key *key;
	char id[KEYID_HEX + 1];

	if (minisig_next(block, &rest, e) != 1)
		return -1;
	keyid_print(id, block->id);
	key = trust_find(trust, block->id);
	if (!key)
		return err_set(e, VERDICT_UNTRUSTED_KEY, "it is a signature by key %s, and that is no key given here", id);
	if (minisig_verify(block, prehash, key) != ACCEPTED)
		return err_set(e, VERDICT_BAD_SIGNATURE, "the signature by key %s is not one of this bundle's manifest", id);
	return 0;
}

/* Leaves out the block by key ID, if there is one. */
static int drop(struct blocks *b, const unsigned char id[static KEYID_SIZE], struct err *e)
{
	struct blocks old = *b;
	struct span text = {old.text, old.len};
	struct minisig block;
	int more;

	b->len = b->n = 0;
	for (;;) {
		const char *start = text.at;

		more = minisig_next(&block, &text, e);
		if (more <= 0)
			return more;
		if (memcmp(block.id, id, KEYID_SIZE) != 0 && put(b, block.id, start, (size_t)(text.at - start), e) != 0)
			return -1;
	}
}

int blocks_add(struct blocks *b, struct span text, const struct trust *trust, const unsigned char prehash[static PREHASH_SIZE],
	       struct err *e)
{
	struct span lines[LINES];
	struct minisig block;
	char out[BLOCK_MAX];
	int more, n, added = 0;

	while ((more = take_lines(lines, &text, e)) == 1) {
		n = canonical(out, lines, e);
		if (n < 0 || verify(out, (size_t)n, trust, prehash, &block, e) != 0 || drop(b, block.id, e) != 0 ||
		    put(b, block.id, out, (size_t)n, e) != 0)
			return -1;
		added++;
	}
	if (more == 0 && added == 0)
		return err_set(e, VERDICT_MALFORMED_SIGNATURE, "it is empty");
	return more;
}
