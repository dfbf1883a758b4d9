/* SPDX-License-Identifier: ISC */
/* The tar stream, written straight into the chunks' buffers: file content is read to where it is deflated from. */
#include "packer/payload.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/ustar.h"
#include "packer/content.h"
#include "packer/pool.h"
#include "packer/secret.h"

struct stream {
	struct pool *pool;
	struct watch *watch;
	uint32_t chunk_size;
	unsigned char *buf;   /* the chunk being filled, or NULL */
	size_t fill;
	uint64_t done;        /* bytes of the stream, whole chunks */
	unsigned char *small; /* room for a file that lies in two chunks and may be a key; NULL: keys are allowed */
};

/* Makes sure that the chunk has room. Returns the room, or 0 on failure. */
static size_t room(struct stream *s, struct err *e)
{
	if (s->buf && s->fill == s->chunk_size) {
		pool_submit(s->pool, s->fill);
		s->done += s->fill;
		s->buf = NULL;
		if (s->watch)
			s->watch->update(s->watch, s->done);
	}
	if (!s->buf) {
		s->buf = pool_buffer(s->pool, e);
		s->fill = 0;
	}
	return s->buf ? s->chunk_size - s->fill : 0;
}

/* Appends LEN bytes; BYTES NULL: zeros. */
static int put(struct stream *s, const unsigned char *bytes, size_t len, struct err *e)
{
	while (len > 0) {
		size_t n = room(s, e);

		if (n == 0)
			return -1;
		if (n > len)
			n = len;
		if (bytes)
			memcpy(s->buf + s->fill, bytes, n);
		else
			memset(s->buf + s->fill, 0, n);
		bytes = bytes ? bytes + n : NULL;
		s->fill += n;
		len -= n;
	}
	return 0;
}

/* Looks at a small file as it passes: N bytes at BYTES, behind DONE others. One that lies in two chunks is put together first. */
static int check_secret(struct stream *s, const struct tree_entry *entry, uint64_t done, const unsigned char *bytes, size_t n, struct err *e)
{
	char quoted[NOTES_QUOTED_MAX];
	const char *kind;

	if (!s->small || entry->size > SECRET_FILE_MAX)
		return 0;
	if (n < entry->size) {
		memcpy(s->small + done, bytes, n);
		bytes = s->small;
	}
	kind = done + n == entry->size ? secret_kind(bytes, (size_t)entry->size) : NULL;
	if (!kind)
		return 0;
	return err_set(e, VERDICT_UNSAFE_PATH, "\"%s\" is %s, and would go to every board: leave it out (--allow-secrets: such files are meant)",
		       err_quote(quoted, sizeof quoted, entry->path, strlen(entry->path)), kind);
}

static int put_content(struct stream *s, struct tree *t, struct tree_entry *entry, struct err *e)
{
	struct content content;
	struct hash hash;
	uint64_t left = entry->size;
	int rc = content_open(&content, t, entry, e);

	hash_init(&hash, HASH_SIZE);
	while (rc == 0 && left > 0) {
		size_t n = room(s, e);

		if (n > left)
			n = (size_t)left;
		rc = n > 0 ? content_read(&content, s->buf + s->fill, n, e) : -1;
		if (rc != 0)
			break;
		rc = check_secret(s, entry, entry->size - left, s->buf + s->fill, n, e);
		hash_update(&hash, s->buf + s->fill, n);
		s->fill += n;
		left -= n;
	}
	hash_final(&hash, entry->hash, HASH_SIZE);
	if (content_close(&content, rc == 0 ? e : NULL) != 0 || rc != 0)
		return -1;
	return put(s, NULL, (size_t)ustar_padding(entry->size), e);
}

static int put_entry(struct stream *s, struct tree *t, struct tree_entry *entry, uint64_t created, struct err *e)
{
	unsigned char header[USTAR_BLOCK];
	struct ustar_entry as = {
		.type = entry->type == ENTRY_DIR ? USTAR_DIR : entry->type == ENTRY_FILE ? USTAR_FILE : USTAR_LINK,
		.path = entry->path, .target = entry->target, .mode = entry->mode, .uid = entry->uid, .gid = entry->gid,
		.size = entry->size, .mtime = created,
	};

	ustar_header(header, &as);
	if (put(s, header, sizeof header, e) != 0)
		return -1;
	return entry->type == ENTRY_FILE ? put_content(s, t, entry, e) : 0;
}

static int put_tree(struct stream *s, struct tree *t, uint64_t created, struct err *e)
{
	for (size_t i = 0; i < t->n; i++)
		if (put_entry(s, t, &t->entries[i], created, e) != 0)
			return -1;
	if (put(s, NULL, USTAR_END, e) != 0)
		return -1;
	pool_submit(s->pool, s->fill);
	return 0;
}

/* Sizes up the stream before a byte of it is read. */
static int measure(struct payload *p, const struct tree *t, uint32_t chunk_size, struct err *e)
{
	/* A chunk's line: "chunk ", at least one digit, a space, the hash, LF. */
	const uint64_t nchunks_max = MANIFEST_MAX / (6 + 1 + 1 + HASH_HEX + 1);
	uint64_t bytes = USTAR_END, nchunks;

	for (size_t i = 0; i < t->n; i++) /* at most 2^18 entries of 2^33 bytes: no overflow */
		bytes += USTAR_BLOCK + t->entries[i].size + ustar_padding(t->entries[i].size);
	nchunks = (bytes - 1) / chunk_size + 1;
	if (nchunks > nchunks_max)
		return err_set(e, VERDICT_TOO_LARGE, "%" PRIu64 " bytes make too many chunks of %" PRIu32
			       ": choose a larger --chunk-size", bytes, chunk_size);
	p->bytes = bytes;
	p->nchunks = (uint32_t)nchunks;
	p->chunks = calloc(p->nchunks, sizeof *p->chunks);
	return p->chunks ? 0 : err_set(e, VERDICT_SYSTEM, "out of memory");
}

int payload_pack(struct payload *out, struct tree *t, int spool, const struct payload_options *options,
		 struct watch *watch, struct err *e)
{
	struct payload p = {.chunks = NULL};
	struct stream s = {.watch = watch, .chunk_size = options->chunk_size};
	unsigned threads = options->threads;
	int rc = -1;

	if (measure(&p, t, options->chunk_size, e) != 0)
		return -1;
	if (!options->allow_secrets && !(s.small = malloc(SECRET_FILE_MAX))) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		goto out;
	}
	if (threads > p.nchunks)
		threads = p.nchunks; /* a small image needs no more */
	if (pool_start(&s.pool, threads, options->chunk_size, options->level, spool, p.chunks, e) != 0)
		goto out;
	if (watch)
		watch->begin(watch, "packing", p.bytes);
	rc = put_tree(&s, t, options->created, e);
	if (rc == 0)
		rc = pool_finish(s.pool, &p.packed, e);
	if (watch)
		watch->end(watch);
	if (rc == 0 && p.packed > USTAR_SIZE_MAX)
		rc = err_set(e, VERDICT_TOO_LARGE, "the packed payload is over the format's 8 GiB");
	if (rc == 0) {
		*out = p;
		p.chunks = NULL;
	}
out:
	free(s.small);
	pool_free(&s.pool);
	payload_clear(&p);
	return rc;
}

void payload_clear(struct payload *p)
{
	free(p->chunks);
	*p = (struct payload){.chunks = NULL};
}
