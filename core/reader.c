/* SPDX-License-Identifier: ISC */
/* The authenticated reader: outer members, signature, then the payload against the manifest. */
#include "core/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/chunks.h"
#include "core/member.h"
#include "core/ustar.h"

enum reader_state {
	AT_HEADER,   /* an entry's header comes next */
	AT_CONTENT,  /* inside a file */
	AT_PADDING,
	AT_END,      /* the stream's two zero blocks */
	AT_REST,     /* payload done: padding, attachments, end of the bundle */
	AT_DONE,
	AT_FAILURE,  /* nothing more is handed out */
};

struct reader {
	struct source *src;
	struct chunks_effort effort;
	struct manifest *m;
	struct trust trust;  /* as given, and then as the bundle's keyrings have it */
	struct policy policy;
	struct chain chain;
	struct signers signers;
	char *sigs;          /* manifest.minisig */
	size_t sigs_len;
	struct chunks *chunks;
	/* The payload stream: what is left of the current chunk. */
	const unsigned char *at;
	size_t left;
	uint32_t bad;        /* a file whole in this chunk that is not right, or WHOLE_FINE */
	uint64_t packed_done;
	uint32_t chunk;      /* that have been taken */
	uint32_t attachments; /* that were right */
	bool quick;          /* entries are not looked at */
	enum decision ended; /* the end of the bundle was read, and was right */
	unsigned char seen[HASH_SIZE]; /* chunks_seen */
	/* Where the walk along the manifest's entries is. */
	enum reader_state state;
	uint32_t next_entry;
	struct manifest_entry entry;
	bool whole;          /* the file lies in one chunk, and has been hashed already */
	struct hash hash;    /* of one that does not */
	uint64_t content_left;
	size_t padding_left;
};

/* --- outer members (everything before reader_open returns is the pre-authentication surface) --- */

/* The first 512 bytes decide whether this is a bundle at all. */
static int take_first_header(struct reader *r, unsigned char header[static USTAR_BLOCK], struct err *e)
{
	static const char manifest[] = "manifest", keyring[] = "keyring.";
	size_t got = 0, n;

	if (r->src->read(r->src, header, USTAR_BLOCK, &got, e) != 0)
		return -1;
	if (got >= sizeof manifest && memcmp(header, manifest, sizeof manifest) == 0)
		return got == USTAR_BLOCK ? 0 : err_set(e, VERDICT_TRUNCATED, "it ends inside its first header");
	n = got < sizeof keyring - 1 ? got : sizeof keyring - 1;
	if (got == USTAR_BLOCK && chain_is_header(header))
		return 0;
	if ((got < sizeof manifest && memcmp(header, manifest, got) == 0) || memcmp(header, keyring, n) == 0)
		return err_set(e, VERDICT_TRUNCATED, got == 0 ? "it is empty" : "it ends inside its first header");
	return err_set(e, VERDICT_NOT_A_BUNDLE, "it does not begin as a firmware bundle does");
}

/* A bundle that nobody signed goes on with its payload where the signature should be. */
static int take_signature(struct reader *r, char **sigs, size_t *len, struct err *e)
{
	unsigned char header[USTAR_BLOCK];

	if (source_exact(r->src, header, sizeof header, "the header of manifest.minisig", e) != 0)
		return -1;
	if (memcmp(header, "payload.tar.gz", sizeof "payload.tar.gz") == 0)
		return err_set(e, VERDICT_UNSIGNED, "it carries no signature");
	return member_take(r->src, header, "manifest.minisig", READER_SIGNATURES_MAX, sigs, len, e);
}

/* Keyrings that the bundle brings along change whom to believe, and come first. HEADER is then the next member's. */
static int take_keyrings(struct reader *r, unsigned char header[static USTAR_BLOCK], struct err *e)
{
	while (chain_is_header(header))
		if (chain_take(&r->chain, r->src, header, &r->trust, e) != 0 ||
		    source_exact(r->src, header, USTAR_BLOCK, "the header behind a keyring", e) != 0)
			return -1;
	return 0;
}

static int authenticate_manifest(struct reader *r, struct err *e)
{
	unsigned char header[USTAR_BLOCK];
	char *text = NULL;
	size_t len = 0;

	if (take_first_header(r, header, e) != 0 || take_keyrings(r, header, e) != 0 ||
	    member_take(r->src, header, "manifest", MANIFEST_MAX, &text, &len, e) != 0)
		return -1;
	if (take_signature(r, &r->sigs, &r->sigs_len, e) != 0) {
		free(text);
		return -1;
	}
	if (trust_authenticate(&r->m, &r->signers, &r->trust, text, len, reader_signatures(r), TRUST_INSTALL, e) != ACCEPTED)
		return -1;
	return policy_check(&r->policy, r->m, e) == ACCEPTED ? 0 : -1;
}

/* Before the first byte of payload, and after the last. */
static enum decision confirm(const struct reader *r, struct err *e)
{
	if (trust_confirm(&r->trust, r->m, reader_signatures(r), &r->signers, TRUST_INSTALL, e) != ACCEPTED)
		return REFUSED;
	return policy_confirm(&r->policy, r->m, e);
}

int reader_open(struct reader **out, struct source *src, const struct trust *trust, const struct policy *policy, unsigned threads,
		struct err *e)
{
	unsigned char header[USTAR_BLOCK];
	struct reader *r = calloc(1, sizeof *r);

	if (!r)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	r->src = src;
	r->trust = *trust;
	r->policy = *policy;
	r->effort = (struct chunks_effort){.threads = threads > 0 ? threads : 1, .at_hand = CHUNKS_AT_HAND};
	if (authenticate_manifest(r, e) != 0 ||
	    source_exact(src, header, sizeof header, "the header of payload.tar.gz", e) != 0 ||
	    member_expect(header, "payload.tar.gz", manifest_head(r->m)->packed_bytes, e) != 0) {
		reader_free(&r);
		return -1;
	}
	*out = r;
	return 0;
}

void reader_pace(struct reader *r, size_t bytes, int nice)
{
	r->effort.at_hand = bytes;
	r->effort.nice = nice;
}

const struct manifest *reader_manifest(const struct reader *r)
{
	return r->m;
}

const struct signers *reader_signers(const struct reader *r)
{
	return &r->signers;
}

struct span reader_signatures(const struct reader *r)
{
	return (struct span){r->sigs, r->sigs_len};
}

const struct chain *reader_chain(const struct reader *r)
{
	return &r->chain;
}

const struct trust *reader_trust(const struct reader *r)
{
	return &r->trust;
}

uint64_t reader_position(const struct reader *r)
{
	return r->packed_done;
}

/* --- behind the payload --- */

static int take_attachment(struct reader *r, uint32_t i, struct err *e)
{
	unsigned char block[USTAR_BLOCK], hash[HASH_SIZE], buf[16 << 10];
	struct manifest_attach attach;
	struct hash state;

	manifest_attach(r->m, i, &attach);
	if (source_exact(r->src, block, sizeof block, "the header of an attachment", e) != 0 ||
	    member_expect(block, attach.name, attach.size, e) != 0)
		return -1;
	hash_init(&state, HASH_SIZE);
	for (uint64_t left = attach.size; left > 0;) {
		size_t n = left < sizeof buf ? (size_t)left : sizeof buf;

		if (source_exact(r->src, buf, n, "an attachment", e) != 0)
			return -1;
		hash_update(&state, buf, n);
		left -= n;
	}
	hash_final(&state, hash, HASH_SIZE);
	if (!crypto_equal(hash, attach.hash, HASH_SIZE))
		return err_set(e, VERDICT_ATTACHMENT_HASH, "attachment %s is not what was signed", attach.name);
	return member_padding(r->src, attach.size, attach.name, e);
}

static int take_rest(struct reader *r, struct err *e)
{
	unsigned char end[USTAR_END + 1];
	const struct manifest_head *head = manifest_head(r->m);
	size_t got = 0;

	chunks_seen(r->chunks, r->seen);
	chunks_free(&r->chunks);
	if (member_padding(r->src, head->packed_bytes, "payload.tar.gz", e) != 0)
		return -1;
	for (uint32_t i = 0; i < head->nattach; i++, r->attachments++)
		if (take_attachment(r, i, e) != 0)
			return -1;
	if (r->src->read(r->src, end, sizeof end, &got, e) != 0)
		return -1;
	for (size_t i = 0; i < got && i < USTAR_END; i++)
		if (end[i] != 0)
			return err_set(e, VERDICT_TRAILING_DATA, "something stands where the bundle should end");
	if (got < USTAR_END)
		return err_set(e, VERDICT_TRUNCATED, "it ends inside its last two blocks");
	if (got > USTAR_END)
		return err_set(e, VERDICT_TRAILING_DATA, "something follows the end of the bundle");
	r->ended = ACCEPTED;
	return 0;
}

/* --- the payload stream against the manifest --- */

/* Makes sure that some of the stream is at hand. Returns 0 or -1. */
static int more(struct reader *r, struct err *e)
{
	struct manifest_chunk chunk;
	struct chunk_view view;
	int rc;

	if (r->left > 0)
		return 0;
	rc = chunks_next(r->chunks, &view, e);
	if (rc < 0)
		return -1;
	if (rc == 0) /* the manifest's sizes add up, so this would be a slip of ours */
		return err_set(e, VERDICT_PAYLOAD_MISMATCH, "the payload ends early");
	manifest_chunk(r->m, r->chunk++, &chunk);
	r->packed_done += chunk.packed;
	r->at = view.data;
	r->left = view.len;
	r->bad = view.bad;
	return 0;
}

/* Compares the next LEN bytes of the stream with EXPECTED (NULL: zeros). */
static int expect(struct reader *r, const unsigned char *expected, size_t len, const char *what, struct err *e)
{
	static const unsigned char zeros[USTAR_END];

	while (len > 0) {
		size_t n;

		if (more(r, e) != 0)
			return -1;
		n = r->left < len ? r->left : len;
		if (memcmp(r->at, expected ? expected : zeros, n) != 0) {
			char quoted[PATH_MAX_LEN * 4 + 8];

			return err_set(e, VERDICT_PAYLOAD_MISMATCH, "%s %s in the payload is not what the manifest says", what,
				       err_quote(quoted, sizeof quoted, r->entry.path, strlen(r->entry.path)));
		}
		expected = expected ? expected + n : NULL;
		r->at += n;
		r->left -= n;
		len -= n;
	}
	return 0;
}

static int begin_entry(struct reader *r, struct reader_item *item, struct err *e)
{
	unsigned char header[USTAR_BLOCK];

	if (more(r, e) != 0)
		return -1;
	manifest_entry(r->m, r->next_entry++, &r->entry);
	r->whole = whole_fits(r->entry.size, r->left);
	manifest_entry_header(header, &r->entry, manifest_head(r->m)->created);
	if (expect(r, header, sizeof header, "the header of", e) != 0)
		return -1;
	if (r->entry.type == ENTRY_FILE) {
		r->state = AT_CONTENT;
		r->content_left = r->entry.size;
		r->padding_left = (size_t)ustar_padding(r->entry.size);
		hash_init(&r->hash, HASH_SIZE);
	}
	*item = (struct reader_item){.what = READER_ENTRY, .entry = &r->entry};
	return 1;
}

static int content(struct reader *r, struct reader_item *item, struct err *e)
{
	size_t n;

	if (more(r, e) != 0)
		return -1;
	n = r->content_left < r->left ? (size_t)r->content_left : r->left;
	if (!r->whole)
		hash_update(&r->hash, r->at, n);
	*item = (struct reader_item){.what = READER_DATA, .entry = &r->entry, .data = r->at, .len = n};
	r->at += n;
	r->left -= n;
	r->content_left -= n;
	return 1;
}

static bool content_is_right(struct reader *r)
{
	unsigned char hash[HASH_SIZE];

	if (r->whole)
		return r->bad != r->next_entry - 1;
	hash_final(&r->hash, hash, HASH_SIZE);
	return crypto_equal(hash, r->entry.hash, HASH_SIZE);
}

static int end_file(struct reader *r, struct reader_item *item, struct err *e)
{
	char quoted[PATH_MAX_LEN * 4 + 8];

	if (!content_is_right(r))
		return err_set(e, VERDICT_FILE_HASH, "file %s is not what the manifest says",
			       err_quote(quoted, sizeof quoted, r->entry.path, strlen(r->entry.path)));
	*item = (struct reader_item){.what = READER_DONE, .entry = &r->entry};
	r->state = AT_PADDING;
	return 1;
}

/* One step: 1 with an item, 0 to go on to the next step, -1. */
static int step(struct reader *r, struct reader_item *item, struct err *e)
{
	switch (r->state) {
	case AT_HEADER:
		if (r->next_entry < manifest_head(r->m)->nentries)
			return begin_entry(r, item, e);
		r->state = AT_END;
		return 0;
	case AT_CONTENT:
		return r->content_left > 0 ? content(r, item, e) : end_file(r, item, e);
	case AT_PADDING:
		r->state = AT_HEADER;
		return expect(r, NULL, r->padding_left, "the padding of", e);
	case AT_END:
		r->state = AT_REST;
		return expect(r, NULL, USTAR_END, "the end behind", e);
	case AT_REST:
		r->state = AT_DONE;
		return take_rest(r, e);
	case AT_DONE:
	case AT_FAILURE:
		break;
	}
	return err_set(e, VERDICT_SYSTEM, "the reader has failed already");
}

int reader_begin(struct reader *r, struct err *e)
{
	if (r->chunks || r->state != AT_HEADER || r->next_entry > 0)
		return 0;
	if (confirm(r, e) != ACCEPTED)
		return -1;
	return chunks_start(&r->chunks, r->src, r->m, CHUNKS_INFLATE, r->effort, e);
}

int reader_next(struct reader *r, struct reader_item *item, struct err *e)
{
	int rc = reader_begin(r, e);

	while (rc == 0 && r->state != AT_DONE)
		rc = step(r, item, e);
	if (rc < 0)
		r->state = AT_FAILURE;
	return rc;
}

int reader_authenticate(struct reader *r, struct err *e)
{
	struct manifest_chunk chunk;
	struct chunk_view view;
	int rc;

	r->state = AT_FAILURE;
	r->quick = true;
	if (confirm(r, e) != ACCEPTED || chunks_start(&r->chunks, r->src, r->m, CHUNKS_HASH, r->effort, e) != 0)
		return -1;
	while ((rc = chunks_next(r->chunks, &view, e)) == 1) {
		manifest_chunk(r->m, r->chunk++, &chunk);
		r->packed_done += chunk.packed;
	}
	return rc < 0 ? -1 : take_rest(r, e);
}

/* Are all chunks, one by one, what the manifest says? Each thread has compared its own; this compares them all at once. */
static bool chunks_are_right(const struct reader *r)
{
	unsigned char expected[HASH_SIZE] = {0};
	struct manifest_chunk chunk;

	for (uint32_t i = 0; i < manifest_head(r->m)->nchunks; i++) {
		manifest_chunk(r->m, i, &chunk);
		for (size_t k = 0; k < HASH_SIZE; k++)
			expected[k] ^= chunk.hash[k];
	}
	return crypto_equal(expected, r->seen, HASH_SIZE);
}

enum decision reader_complete(const struct reader *r, struct err *e)
{
	const struct manifest_head *head;
	unsigned right = 0;

	if (!r || !r->m)
		return err_refuse(e, VERDICT_SYSTEM, "the bundle has not been read");
	head = manifest_head(r->m);
	right += r->ended == ACCEPTED;
	right += r->chunk == head->nchunks && r->packed_done == head->packed_bytes;
	right += r->attachments == head->nattach;
	right += r->quick ? r->next_entry == 0 : r->next_entry == head->nentries;
	if (right != 4)
		return err_refuse(e, VERDICT_TRUNCATED, "not all of the bundle has been read");
	if (!chunks_are_right(r))
		return err_refuse(e, VERDICT_CHUNK_HASH, "the chunks are not all what was signed: the board's memory or processor may be failing");
	return confirm(r, e);
}

void reader_free(struct reader **r)
{
	if (*r) {
		chunks_free(&(*r)->chunks);
		manifest_free(&(*r)->m);
		chain_free(&(*r)->chain);
		free((*r)->sigs);
	}
	free(*r);
	*r = NULL;
}
