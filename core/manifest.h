/* SPDX-License-Identifier: ISC */
/* The manifest: everything the signature covers (FORMAT section 4). Parsed once, checked whole, then read line by line. */
#ifndef CORE_MANIFEST_H
#define CORE_MANIFEST_H

#include <stddef.h>
#include <stdint.h>

#include "core/crypto.h"
#include "core/err.h"
#include "core/path.h"
#include "core/text.h"

#define MANIFEST_MAX ((size_t)8 << 20)          /* bytes */
#define MANIFEST_MAGIC "firmseal-manifest 1"
enum {
	MANIFEST_BOARDS_MAX = 64,
	CHUNK_SIZE_MIN = 64 << 10,
	CHUNK_SIZE_MAX = 4 << 20,
	CHUNK_SIZE_DEFAULT = 1 << 20,
};

struct manifest; /* holds the text and an index of its lines: 4 bytes a line, nothing copied */

struct manifest_head {
	char product[TEXT_NAME_MAX + 1];
	char version[TEXT_NAME_MAX + 1];
	uint64_t counter;       /* security counter */
	uint64_t created;       /* Unix seconds */
	uint64_t keyring;       /* serial of the keyring that it was signed under; 0: it does not say */
	uint64_t payload_bytes; /* of the tar stream, before compression */
	uint64_t packed_bytes;  /* of member payload.tar.gz: the sum of the chunks */
	uint32_t chunk_size;
	/* Number of lines of each kind. */
	uint32_t nboards, nchunks, nattach, nentries, nwrites, nruns;
};

struct manifest_board {
	char id[TEXT_NAME_MAX + 1];
	uint64_t low, high;     /* revisions, both included */
};

struct manifest_chunk {
	uint32_t packed;        /* compressed bytes */
	unsigned char hash[HASH_SIZE];
};

struct manifest_attach {
	char name[PATH_MAX_LEN + 1];
	uint64_t size;
	unsigned char hash[HASH_SIZE];
};

enum entry_type { ENTRY_DIR, ENTRY_FILE, ENTRY_LINK, ENTRY_ROOTLINK };

struct manifest_entry {
	enum entry_type type;
	uint32_t mode;          /* of dir and file; 0777 for links */
	uint32_t uid, gid;
	uint64_t size;          /* of a file, else 0 */
	unsigned char hash[HASH_SIZE]; /* of a file */
	char path[PATH_MAX_LEN + 1];   /* decoded; checked by core/path */
	char target[LINK_MAX_LEN + 1]; /* of link and rootlink, else "" */
};

struct manifest_write {
	char path[PATH_MAX_LEN + 1];
	char slot[TEXT_NAME_MAX + 1];
};

enum run_stage { RUN_BEFORE, RUN_AFTER };
struct manifest_run {
	char path[PATH_MAX_LEN + 1];
	enum run_stage stage;
};

/* Parses LEN bytes and takes over TEXT (malloc), also on failure. Returns 0, or -1: malformed-manifest, unsafe-path (with the
 * line's number), or memory. */
MUST_CHECK int manifest_parse(struct manifest **out, char *text, size_t len, struct err *e);
void manifest_free(struct manifest **m);

const struct manifest_head *manifest_head(const struct manifest *m);
/* The text as signed; it stays the manifest's. */
struct span manifest_text(const struct manifest *m);

/* True for the names of the container's own members, which no attachment may have: `tar xf' must not find a name twice. */
bool manifest_reserved_name(const char *name);

/* Line I of its kind; I must be below the count in the head. They cannot fail: the parser has seen every line. */
void manifest_board(const struct manifest *m, uint32_t i, struct manifest_board *out);
void manifest_chunk(const struct manifest *m, uint32_t i, struct manifest_chunk *out);
void manifest_attach(const struct manifest *m, uint32_t i, struct manifest_attach *out);
void manifest_entry(const struct manifest *m, uint32_t i, struct manifest_entry *out);
enum entry_type manifest_entry_type(const struct manifest *m, uint32_t i);
void manifest_write(const struct manifest *m, uint32_t i, struct manifest_write *out);
void manifest_run(const struct manifest *m, uint32_t i, struct manifest_run *out);

/* Finds the entry with that path: its index, or -1. */
int64_t manifest_find(const struct manifest *m, const char *path);

/* Bytes of the payload stream up to the chunk I's end minus its start: chunk_size, but less for the last one. */
uint32_t manifest_chunk_span(const struct manifest *m, uint32_t i);

/* The canonical header of an entry in the payload stream (FORMAT section 5). */
void manifest_entry_header(unsigned char out[static 512], const struct manifest_entry *entry, uint64_t created);

#endif
