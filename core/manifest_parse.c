/* SPDX-License-Identifier: ISC */
/* Checks a manifest whole: order, counts, sums, paths, parents (FORMAT section 4). Nothing is skipped, nothing is guessed. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/deflate.h"
#include "core/manifest_lines.h"
#include "core/ustar.h"

struct parser {
	struct manifest *m;
	uint32_t nlines, at;  /* the line being read */
	struct err *e;
};

static int bad_line(struct parser *p, enum verdict verdict, const char *why)
{
	return err_set(p->e, verdict, "manifest line %" PRIu32 " %s", p->at + 1, why);
}

static int malformed(struct parser *p, const char *why)
{
	return bad_line(p, VERDICT_MALFORMED_MANIFEST, why);
}

static int unsafe(struct parser *p, const char *path, enum path_fault fault)
{
	char quoted[PATH_MAX_LEN * 4 + 8];

	return err_set(p->e, VERDICT_UNSAFE_PATH, "manifest line %" PRIu32 ": \"%s\" %s", p->at + 1,
		       err_quote(quoted, sizeof quoted, path, strlen(path)), path_fault_text(fault));
}

static struct span line_at(const struct parser *p, uint32_t i)
{
	const struct manifest *m = p->m;

	return (struct span){m->text + m->lines[i], m->lines[i + 1] - m->lines[i] - 1};
}

/* True when line I begins with WORD and a space. */
static bool line_has(const struct parser *p, uint32_t i, const char *word)
{
	size_t n = strlen(word);
	struct span line;

	if (i >= p->nlines)
		return false;
	line = line_at(p, i);
	return line.len > n && memcmp(line.at, word, n) == 0 && line.at[n] == ' ';
}

/* Splits the text into lines: LF only, none empty, ASCII without control bytes, the last one ended. */
static int index_lines(struct parser *p)
{
	struct manifest *m = p->m;
	uint32_t n = 0;

	for (size_t i = 0; i < m->len; i++) {
		unsigned char c = (unsigned char)m->text[i];

		if (c == '\n')
			n++;
		else if (c < 0x20 || c > 0x7e)
			return err_set(p->e, VERDICT_MALFORMED_MANIFEST, "manifest has byte 0x%02x at offset %zu", c, i);
	}
	if (m->len == 0 || m->text[m->len - 1] != '\n')
		return err_set(p->e, VERDICT_MALFORMED_MANIFEST, "manifest does not end with a line end");
	m->lines = malloc((n + (size_t)1) * sizeof *m->lines);
	if (!m->lines)
		return err_set(p->e, VERDICT_SYSTEM, "out of memory");
	p->nlines = n;
	m->lines[0] = 0;
	n = 0;
	for (size_t i = 0; i < m->len; i++)
		if (m->text[i] == '\n')
			m->lines[++n] = (uint32_t)(i + 1);
	return 0;
}

/* Reads the line "WORD VALUE"; VALUE is returned through *OUT. */
static int single(struct parser *p, const char *word, struct span *out)
{
	struct span f[2];

	if (!line_has(p, p->at, word) || text_fields(line_at(p, p->at), f, 2) != 2)
		return err_set(p->e, VERDICT_MALFORMED_MANIFEST, "manifest line %" PRIu32 " should be `%s' and one value",
			       p->at + 1, word);
	*out = f[1];
	return 0;
}

static int single_name(struct parser *p, const char *word, char out[static TEXT_NAME_MAX + 1])
{
	struct span value;

	if (single(p, word, &value) != 0)
		return -1;
	if (!text_is_name(value))
		return malformed(p, "has a value that is no name ([A-Za-z0-9._+-], at most 64)");
	memcpy(out, value.at, value.len);
	out[value.len] = '\0';
	p->at++;
	return 0;
}

static int single_number(struct parser *p, const char *word, uint64_t *out, uint64_t max)
{
	struct span value;

	if (single(p, word, &value) != 0)
		return -1;
	if (text_number(out, value, max) != 0)
		return malformed(p, "has a value that is no number within its limit");
	p->at++;
	return 0;
}

static int parse_boards(struct parser *p)
{
	struct manifest_board board;
	char last[TEXT_NAME_MAX + 1] = "";

	p->m->first[LINE_BOARD] = p->at;
	for (; line_has(p, p->at, "board"); p->at++, p->m->head.nboards++) {
		const char *bad = manifest_read_board(line_at(p, p->at), &board);

		if (bad)
			return malformed(p, bad);
		if (strcmp(last, board.id) >= 0)
			return malformed(p, "is a board out of order or named twice");
		if (p->m->head.nboards == MANIFEST_BOARDS_MAX)
			return malformed(p, "is one board too many");
		memcpy(last, board.id, sizeof last);
	}
	return p->m->head.nboards > 0 ? 0 : malformed(p, "should be a board");
}

static int parse_payload(struct parser *p)
{
	struct manifest_head *head = &p->m->head;
	struct span f[4];
	uint64_t chunk_size, nchunks;

	if (!line_has(p, p->at, "payload") || text_fields(line_at(p, p->at), f, 4) != 4 ||
	    text_number(&head->payload_bytes, f[1], INT64_MAX) != 0 ||
	    text_number(&chunk_size, f[2], CHUNK_SIZE_MAX) != 0 || text_number(&nchunks, f[3], UINT32_MAX) != 0)
		return malformed(p, "wants: payload BYTES CHUNK-SIZE CHUNKS");
	if (chunk_size < CHUNK_SIZE_MIN || (chunk_size & (chunk_size - 1)) != 0)
		return malformed(p, "has a chunk size that is no power of two from 64 KiB to 4 MiB");
	if (head->payload_bytes < USTAR_END || head->payload_bytes % USTAR_BLOCK != 0 ||
	    nchunks != (head->payload_bytes - 1) / chunk_size + 1)
		return malformed(p, "has numbers that do not fit together");
	head->chunk_size = (uint32_t)chunk_size;
	head->nchunks = (uint32_t)nchunks;
	p->at++;
	return 0;
}

static int parse_chunks(struct parser *p)
{
	struct manifest_head *head = &p->m->head;
	struct manifest_chunk chunk;

	p->m->first[LINE_CHUNK] = p->at;
	for (uint32_t i = 0; i < head->nchunks; i++, p->at++) {
		const char *bad = line_has(p, p->at, "chunk") ? manifest_read_chunk(line_at(p, p->at), &chunk) : "should be a chunk";

		if (bad)
			return malformed(p, bad);
		if (chunk.packed == 0 || chunk.packed > deflate_bound(manifest_chunk_span(p->m, i)))
			return malformed(p, "is a chunk larger than its content can need, or empty");
		head->packed_bytes += chunk.packed;
	}
	if (head->packed_bytes > USTAR_SIZE_MAX)
		return malformed(p, "ends chunks that are too large together");
	return 0;
}

static int parse_attachments(struct parser *p)
{
	struct manifest_attach attach;
	char last[PATH_MAX_LEN + 1] = "";

	p->m->first[LINE_ATTACH] = p->at;
	for (; line_has(p, p->at, "attach"); p->at++, p->m->head.nattach++) {
		const char *bad = manifest_read_attach(line_at(p, p->at), &attach);
		enum path_fault fault;

		if (bad)
			return malformed(p, bad);
		fault = path_fault(attach.name, strlen(attach.name), false);
		if (fault != PATH_FINE)
			return unsafe(p, attach.name, fault);
		if (strchr(attach.name, '/') || strlen(attach.name) > 100)
			return bad_line(p, VERDICT_UNSAFE_PATH, "is an attachment whose name has a slash or is too long");
		if (manifest_reserved_name(attach.name))
			return malformed(p, "is an attachment with the name of another member");
		if (strcmp(last, attach.name) >= 0)
			return malformed(p, "is an attachment out of order or named twice");
		memcpy(last, attach.name, sizeof last);
	}
	return 0;
}

/* The keyword of an entry line, or -1. */
static int entry_type(const struct parser *p)
{
	static const char *const words[] = {
		[ENTRY_DIR] = "dir", [ENTRY_FILE] = "file", [ENTRY_LINK] = "link", [ENTRY_ROOTLINK] = "rootlink"};

	for (int i = 0; i < 4; i++)
		if (line_has(p, p->at, words[i]))
			return i;
	return -1;
}

static enum path_fault entry_fault(const struct manifest_entry *entry, const char **what)
{
	enum path_fault fault = path_fault(entry->path, strlen(entry->path), entry->type == ENTRY_DIR);

	*what = entry->path;
	if (fault != PATH_FINE || entry->type == ENTRY_DIR || entry->type == ENTRY_FILE)
		return fault;
	*what = entry->target;
	if (entry->type == ENTRY_LINK)
		return path_link_fault(entry->path, entry->target, strlen(entry->target));
	return path_rootlink_fault(entry->target, strlen(entry->target));
}

/* True when the directory that PATH lies in has a `dir` line among the entries so far. LAST_DIR saves most searches. */
static bool has_parent(const struct manifest *m, const char *path, char last_dir[static PATH_MAX_LEN + 1])
{
	const char *slash = strrchr(path, '/');
	struct span line;
	int64_t found;
	size_t n;

	if (!slash)
		return true;
	n = (size_t)(slash - path);
	if (strlen(last_dir) == n && memcmp(last_dir, path, n) == 0)
		return true;
	memcpy(last_dir, path, n);
	last_dir[n] = '\0';
	found = manifest_find(m, last_dir);
	if (found < 0)
		return false;
	line = manifest_line(m, LINE_ENTRY, (uint32_t)found);
	return manifest_line_type(line) == ENTRY_DIR;
}

static int parse_entries(struct parser *p)
{
	struct manifest_head *head = &p->m->head;
	struct manifest_entry entry;
	char last[PATH_MAX_LEN + 1] = "", last_dir[PATH_MAX_LEN + 1] = "";
	uint64_t bytes = USTAR_END;
	int type;

	p->m->first[LINE_ENTRY] = p->at;
	for (; (type = entry_type(p)) >= 0; p->at++, head->nentries++) {
		const char *bad = manifest_read_entry(line_at(p, p->at), (enum entry_type)type, &entry), *what;
		enum path_fault fault;

		if (bad)
			return malformed(p, bad);
		fault = entry_fault(&entry, &what);
		if (fault != PATH_FINE)
			return unsafe(p, what, fault);
		if (strcmp(last, entry.path) >= 0)
			return malformed(p, "is an entry out of order or named twice");
		if (!has_parent(p->m, entry.path, last_dir))
			return bad_line(p, VERDICT_UNSAFE_PATH, "is an entry whose parent is no directory of the bundle");
		bytes += USTAR_BLOCK + entry.size + ustar_padding(entry.size); /* at most 8 MiB of lines: no overflow */
		memcpy(last, entry.path, sizeof last);
	}
	if (bytes != head->payload_bytes)
		return malformed(p, "ends entries whose sizes do not add up to the payload");
	return 0;
}

/* True when PATH is a file of the bundle. */
static bool is_file(const struct manifest *m, const char *path)
{
	int64_t i = manifest_find(m, path);

	return i >= 0 && manifest_line_type(manifest_line(m, LINE_ENTRY, (uint32_t)i)) == ENTRY_FILE;
}

static int parse_writes(struct parser *p)
{
	struct manifest_write w;
	char last[TEXT_NAME_MAX + 1] = "";

	p->m->first[LINE_WRITE] = p->at;
	for (; line_has(p, p->at, "write"); p->at++, p->m->head.nwrites++) {
		const char *bad = manifest_read_write(line_at(p, p->at), &w);

		if (bad)
			return malformed(p, bad);
		if (!is_file(p->m, w.path))
			return malformed(p, "writes what is no file of the bundle");
		if (strcmp(last, w.slot) >= 0)
			return malformed(p, "is a slot out of order or named twice");
		memcpy(last, w.slot, sizeof last);
	}
	return 0;
}

static int parse_runs(struct parser *p)
{
	struct manifest_run run, other;
	bool after = false;

	p->m->first[LINE_RUN] = p->at;
	for (; line_has(p, p->at, "run"); p->at++, p->m->head.nruns++) {
		const char *bad = manifest_read_run(line_at(p, p->at), &run);

		if (bad)
			return malformed(p, bad);
		if (!is_file(p->m, run.path))
			return malformed(p, "runs what is no file of the bundle");
		if (after && run.stage == RUN_BEFORE)
			return malformed(p, "runs `before' behind one that runs `after'");
		after = run.stage == RUN_AFTER;
		if (p->m->head.nruns == 64)
			return malformed(p, "is one run line too many");
		for (uint32_t i = 0; i < p->m->head.nruns; i++) {
			manifest_run(p->m, i, &other);
			if (other.stage == run.stage && strcmp(other.path, run.path) == 0)
				return malformed(p, "runs the same twice");
		}
	}
	return 0;
}

static int parse_all(struct parser *p)
{
	struct manifest_head *head = &p->m->head;

	if (index_lines(p) != 0)
		return -1;
	if (!span_is(line_at(p, 0), MANIFEST_MAGIC))
		return err_set(p->e, VERDICT_MALFORMED_MANIFEST, "manifest does not begin with `" MANIFEST_MAGIC "'");
	p->at = 1;
	if (single_name(p, "product", head->product) != 0 || single_name(p, "version", head->version) != 0 ||
	    single_number(p, "counter", &head->counter, INT64_MAX) != 0 ||
	    single_number(p, "created", &head->created, USTAR_SIZE_MAX) != 0)
		return -1;
	if (line_has(p, p->at, "keyring") && (single_number(p, "keyring", &head->keyring, INT64_MAX) != 0 || head->keyring == 0))
		return malformed(p, "wants: keyring SERIAL, from 1 to 2^63 - 1");
	if (parse_boards(p) != 0 || parse_payload(p) != 0 || parse_chunks(p) != 0 || parse_attachments(p) != 0 ||
	    parse_entries(p) != 0 || parse_writes(p) != 0 || parse_runs(p) != 0)
		return -1;
	if (p->at != p->nlines)
		return malformed(p, "is unknown, repeated or out of order");
	return 0;
}

int manifest_parse(struct manifest **out, char *text, size_t len, struct err *e)
{
	struct parser p = {.e = e};
	struct manifest *m = calloc(1, sizeof *m);

	if (!m) {
		free(text);
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	}
	m->text = text;
	m->len = len;
	p.m = m;
	if (len > MANIFEST_MAX)
		err_set(e, VERDICT_TOO_LARGE, "manifest is over %zu bytes", MANIFEST_MAX);
	else if (parse_all(&p) == 0) {
		*out = m;
		return 0;
	}
	manifest_free(&m);
	return -1;
}
