/* SPDX-License-Identifier: ISC */
/* The manifest's lines: an index of offsets over the signed text, and the one place that reads a line's fields. */
#include "core/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "core/manifest_lines.h"
#include "core/ustar.h"

/* --- reading one line's fields; each returns NULL, or what is wrong with it --- */

static const char *get_path(char out[static PATH_MAX_LEN + 1], struct span field)
{
	return text_unescape(out, PATH_MAX_LEN + 1, field) < 0 ? "path is not in canonical escapes, or is too long" : NULL;
}

const char *manifest_read_board(struct span line, struct manifest_board *out)
{
	struct span f[4];

	if (text_fields(line, f, 4) != 4 || !text_is_name(f[1]))
		return "wants: board ID LOW HIGH";
	memcpy(out->id, f[1].at, f[1].len);
	out->id[f[1].len] = '\0';
	if (text_number(&out->low, f[2], INT64_MAX) != 0 || text_number(&out->high, f[3], INT64_MAX) != 0 ||
	    out->low > out->high)
		return "has no valid revisions";
	return NULL;
}

const char *manifest_read_chunk(struct span line, struct manifest_chunk *out)
{
	struct span f[3];
	uint64_t packed;

	if (text_fields(line, f, 3) != 3 || text_number(&packed, f[1], UINT32_MAX) != 0 || text_hash(out->hash, f[2]) != 0)
		return "wants: chunk BYTES HASH";
	out->packed = (uint32_t)packed;
	return NULL;
}

const char *manifest_read_attach(struct span line, struct manifest_attach *out)
{
	struct span f[4];

	if (text_fields(line, f, 4) != 4 || text_number(&out->size, f[2], USTAR_SIZE_MAX) != 0 ||
	    text_hash(out->hash, f[3]) != 0)
		return "wants: attach NAME BYTES HASH";
	return get_path(out->name, f[1]);
}

bool manifest_reserved_name(const char *name)
{
	static const char keyring[] = "keyring.";

	return strcmp(name, "manifest") == 0 || strcmp(name, "manifest.minisig") == 0 || strcmp(name, "payload.tar.gz") == 0 ||
	       strncmp(name, keyring, sizeof keyring - 1) == 0;
}

static const char *read_owner(struct manifest_entry *out, struct span uid, struct span gid)
{
	uint64_t u, g;

	if (text_number(&u, uid, USTAR_ID_MAX) != 0 || text_number(&g, gid, USTAR_ID_MAX) != 0)
		return "has no valid owner";
	out->uid = (uint32_t)u;
	out->gid = (uint32_t)g;
	return NULL;
}

static const char *read_link(struct span line, struct manifest_entry *out)
{
	struct span f[5];
	const char *bad;

	if (text_fields(line, f, 5) != 5)
		return "wants: UID GID PATH TARGET";
	bad = read_owner(out, f[1], f[2]);
	if (!bad)
		bad = get_path(out->path, f[3]);
	if (!bad && text_unescape(out->target, sizeof out->target, f[4]) < 0)
		bad = "target is not in canonical escapes, or is too long";
	out->mode = 0777;
	return bad;
}

static const char *read_dir(struct span line, struct manifest_entry *out)
{
	struct span f[5];
	const char *bad;

	if (text_fields(line, f, 5) != 5 || text_mode(&out->mode, f[1]) != 0)
		return "wants: dir MODE UID GID PATH";
	bad = read_owner(out, f[2], f[3]);
	return bad ? bad : get_path(out->path, f[4]);
}

static const char *read_file(struct span line, struct manifest_entry *out)
{
	struct span f[7];
	const char *bad;

	if (text_fields(line, f, 7) != 7 || text_mode(&out->mode, f[1]) != 0)
		return "wants: file MODE UID GID BYTES HASH PATH";
	bad = read_owner(out, f[2], f[3]);
	if (bad)
		return bad;
	if (text_number(&out->size, f[4], USTAR_SIZE_MAX) != 0 || text_hash(out->hash, f[5]) != 0)
		return "has no valid size and hash";
	return get_path(out->path, f[6]);
}

const char *manifest_read_entry(struct span line, enum entry_type type, struct manifest_entry *out)
{
	out->type = type;
	out->size = 0;
	out->target[0] = '\0';
	switch (type) {
	case ENTRY_DIR: return read_dir(line, out);
	case ENTRY_FILE: return read_file(line, out);
	case ENTRY_LINK:
	case ENTRY_ROOTLINK: return read_link(line, out);
	}
	return "is of no known kind";
}

const char *manifest_read_write(struct span line, struct manifest_write *out)
{
	struct span f[3];

	if (text_fields(line, f, 3) != 3 || !text_is_name(f[2]))
		return "wants: write PATH SLOT";
	memcpy(out->slot, f[2].at, f[2].len);
	out->slot[f[2].len] = '\0';
	return get_path(out->path, f[1]);
}

const char *manifest_read_run(struct span line, struct manifest_run *out)
{
	struct span f[3];

	if (text_fields(line, f, 3) != 3 || !(span_is(f[2], "before") || span_is(f[2], "after")))
		return "wants: run PATH before|after";
	out->stage = span_is(f[2], "before") ? RUN_BEFORE : RUN_AFTER;
	return get_path(out->path, f[1]);
}

/* --- the index --- */

struct span manifest_line(const struct manifest *m, enum line_kind kind, uint32_t i)
{
	uint32_t at = m->first[kind] + i;

	return (struct span){m->text + m->lines[at], m->lines[at + 1] - m->lines[at] - 1};
}

enum entry_type manifest_line_type(struct span line)
{
	switch (line.at[0]) {
	case 'd': return ENTRY_DIR;
	case 'f': return ENTRY_FILE;
	case 'l': return ENTRY_LINK;
	default: return ENTRY_ROOTLINK;
	}
}

/* The readers below cannot fail: manifest_parse has been over every line. */
void manifest_board(const struct manifest *m, uint32_t i, struct manifest_board *out)
{
	(void)manifest_read_board(manifest_line(m, LINE_BOARD, i), out);
}

void manifest_chunk(const struct manifest *m, uint32_t i, struct manifest_chunk *out)
{
	(void)manifest_read_chunk(manifest_line(m, LINE_CHUNK, i), out);
}

void manifest_attach(const struct manifest *m, uint32_t i, struct manifest_attach *out)
{
	(void)manifest_read_attach(manifest_line(m, LINE_ATTACH, i), out);
}

void manifest_entry(const struct manifest *m, uint32_t i, struct manifest_entry *out)
{
	struct span line = manifest_line(m, LINE_ENTRY, i);

	(void)manifest_read_entry(line, manifest_line_type(line), out);
}

enum entry_type manifest_entry_type(const struct manifest *m, uint32_t i)
{
	return manifest_line_type(manifest_line(m, LINE_ENTRY, i));
}

void manifest_write(const struct manifest *m, uint32_t i, struct manifest_write *out)
{
	(void)manifest_read_write(manifest_line(m, LINE_WRITE, i), out);
}

void manifest_run(const struct manifest *m, uint32_t i, struct manifest_run *out)
{
	(void)manifest_read_run(manifest_line(m, LINE_RUN, i), out);
}

const struct manifest_head *manifest_head(const struct manifest *m)
{
	return &m->head;
}

struct span manifest_text(const struct manifest *m)
{
	return (struct span){m->text, m->len};
}

/* Compares the path of entry I with PATH, as bytes. */
static int compare_path(const struct manifest *m, uint32_t i, const char *path)
{
	static const size_t path_field[] = {[ENTRY_DIR] = 4, [ENTRY_FILE] = 6, [ENTRY_LINK] = 3, [ENTRY_ROOTLINK] = 3};
	struct span line = manifest_line(m, LINE_ENTRY, i), f[7];
	char decoded[PATH_MAX_LEN + 1] = "";

	text_fields(line, f, 7);
	(void)text_unescape(decoded, sizeof decoded, f[path_field[manifest_line_type(line)]]);
	return strcmp(decoded, path);
}

int64_t manifest_find(const struct manifest *m, const char *path)
{
	uint32_t low = 0, high = m->head.nentries;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = compare_path(m, middle, path);

		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}

uint32_t manifest_chunk_span(const struct manifest *m, uint32_t i)
{
	uint64_t left = m->head.payload_bytes - (uint64_t)i * m->head.chunk_size;

	return left < m->head.chunk_size ? (uint32_t)left : m->head.chunk_size;
}

void manifest_entry_header(unsigned char out[static 512], const struct manifest_entry *entry, uint64_t created)
{
	struct ustar_entry header = {
		.type = entry->type == ENTRY_DIR ? USTAR_DIR : entry->type == ENTRY_FILE ? USTAR_FILE : USTAR_LINK,
		.path = entry->path, .target = entry->target, .mode = entry->mode, .uid = entry->uid, .gid = entry->gid,
		.size = entry->size, .mtime = created,
	};

	ustar_header(out, &header);
}

void manifest_free(struct manifest **m)
{
	if (*m) {
		free((*m)->text);
		free((*m)->lines);
	}
	free(*m);
	*m = NULL;
}
