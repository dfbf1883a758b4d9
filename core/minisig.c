/* SPDX-License-Identifier: ISC */
/* minisign public keys and signature blocks. */
#include "core/minisig.h"

#include <stdio.h>
#include <string.h>

#define UNTRUSTED "untrusted comment: "
#define TRUSTED "trusted comment: "

void keyid_print(char out[static KEYID_HEX + 1], const unsigned char id[static KEYID_SIZE])
{
	for (size_t i = 0; i < KEYID_SIZE; i++)
		snprintf(out + 2 * i, 3, "%02X", id[KEYID_SIZE - 1 - i]);
}

int keyid_parse(unsigned char id[static KEYID_SIZE], struct span field)
{
	static const char digits[] = "0123456789ABCDEF";

	if (field.len != KEYID_HEX)
		return -1;
	for (size_t i = 0; i < KEYID_HEX; i++) {
		const char *digit = memchr(digits, field.at[i], sizeof digits - 1);
		unsigned char *byte = &id[KEYID_SIZE - 1 - i / 2];

		if (!digit)
			return -1;
		*byte = (unsigned char)((i % 2 == 0 ? 0 : *byte << 4) | (digit - digits));
	}
	return 0;
}

/* Takes a line off the front of *TEXT, without its LF. Returns 0, or -1 when there is no whole line. */
static int take_line(struct span *line, struct span *text)
{
	const char *end = memchr(text->at, '\n', text->len);

	if (!end)
		return -1;
	line->at = text->at;
	line->len = (size_t)(end - text->at);
	text->at = end + 1;
	text->len -= line->len + 1;
	return 0;
}

static bool starts_with(struct span line, const char *word)
{
	size_t n = strlen(word);

	return line.len >= n && memcmp(line.at, word, n) == 0;
}

/* A bare last line may come without its LF, and editors leave CRs: a public key is typed and pasted by people. */
static struct span trim(struct span s)
{
	while (s.len > 0 && (s.at[s.len - 1] == '\n' || s.at[s.len - 1] == '\r' || s.at[s.len - 1] == ' '))
		s.len--;
	return s;
}

int public_key_parse(struct public_key *out, const char *text, size_t len, struct err *e)
{
	unsigned char blob[PUBLIC_KEY_BLOB];
	struct span rest = trim((struct span){text, len}), line;

	if (starts_with(rest, UNTRUSTED) && take_line(&line, &rest) != 0)
		return err_set(e, VERDICT_MALFORMED_KEYRING, "public key ends behind its comment line");
	if (base64_decode(blob, sizeof blob, rest.at, rest.len) != 0)
		return err_set(e, VERDICT_MALFORMED_KEYRING, "not a minisign public key, NAME.pub");
	if (memcmp(blob, "Ed", 2) != 0)
		return err_set(e, VERDICT_MALFORMED_KEYRING, "public key of an unknown kind");
	memcpy(out->id, blob + 2, KEYID_SIZE);
	memcpy(out->key, blob + 2 + KEYID_SIZE, ED25519_PUBLIC_SIZE);
	return 0;
}

static int parse_signature(struct minisig *out, struct span line, struct err *e)
{
	unsigned char blob[MINISIG_BLOB];

	if (base64_decode(blob, sizeof blob, line.at, line.len) != 0)
		return err_set(e, VERDICT_MALFORMED_SIGNATURE, "signature line is not strict base64 of %d bytes", MINISIG_BLOB);
	if (memcmp(blob, "Ed", 2) == 0)
		return err_set(e, VERDICT_MALFORMED_SIGNATURE, "legacy signature form: sign the prehashed way (minisign -H)");
	if (memcmp(blob, "ED", 2) != 0)
		return err_set(e, VERDICT_MALFORMED_SIGNATURE, "signature of an unknown kind");
	memcpy(out->id, blob + 2, KEYID_SIZE);
	memcpy(out->sig, blob + 2 + KEYID_SIZE, ED25519_SIG_SIZE);
	return 0;
}

static int parse_comment(struct minisig *out, struct span line, struct err *e)
{
	if (!starts_with(line, TRUSTED))
		return err_set(e, VERDICT_MALFORMED_SIGNATURE, "third line is no trusted comment");
	out->comment.at = line.at + strlen(TRUSTED);
	out->comment.len = line.len - strlen(TRUSTED);
	if (out->comment.len > MINISIG_COMMENT_MAX)
		return err_set(e, VERDICT_MALFORMED_SIGNATURE, "trusted comment over %d bytes", MINISIG_COMMENT_MAX);
	for (size_t i = 0; i < out->comment.len; i++)
		if (out->comment.at[i] < 0x20 || out->comment.at[i] > 0x7e)
			return err_set(e, VERDICT_MALFORMED_SIGNATURE, "trusted comment is not printable ASCII");
	return 0;
}

int minisig_next(struct minisig *out, struct span *text, struct err *e)
{
	char expected[64], id[KEYID_HEX + 1];
	struct span lines[4];

	if (text->len == 0)
		return 0;
	for (int i = 0; i < 4; i++)
		if (take_line(&lines[i], text) != 0)
			return err_set(e, VERDICT_MALFORMED_SIGNATURE, "signature block has fewer than four lines");
	if (parse_signature(out, lines[1], e) != 0 || parse_comment(out, lines[2], e) != 0)
		return -1;
	if (base64_decode(out->global_sig, sizeof out->global_sig, lines[3].at, lines[3].len) != 0)
		return err_set(e, VERDICT_MALFORMED_SIGNATURE, "fourth line is not strict base64 of %d bytes", ED25519_SIG_SIZE);
	keyid_print(id, out->id);
	snprintf(expected, sizeof expected, UNTRUSTED "firmseal key %s", id);
	if (!span_is(lines[0], expected))
		return err_set(e, VERDICT_MALFORMED_SIGNATURE, "first line is not `%s'", expected);
	return 1;
}

enum decision minisig_verify(const struct minisig *block, const unsigned char prehash[static PREHASH_SIZE],
		    const struct public_key *key)
{
	unsigned char global[ED25519_SIG_SIZE + MINISIG_COMMENT_MAX];

	if (block->comment.len > MINISIG_COMMENT_MAX)
		return REFUSED;
	if (ed25519_verify(block->sig, prehash, PREHASH_SIZE, key->key) != ACCEPTED)
		return REFUSED;
	memcpy(global, block->sig, ED25519_SIG_SIZE);
	memcpy(global + ED25519_SIG_SIZE, block->comment.at, block->comment.len);
	return ed25519_verify(block->global_sig, global, ED25519_SIG_SIZE + block->comment.len, key->key);
}
