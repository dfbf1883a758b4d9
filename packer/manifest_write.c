/* SPDX-License-Identifier: ISC */
/* Lines of the manifest, in the order that the format wants. */
#include "packer/manifest_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* " PATH", in canonical escapes. */
static void put_path(FILE *f, const char *path)
{
	char escaped[PATH_MAX_LEN * 3 + 1];

	text_escape(escaped, path, strlen(path));
	fprintf(f, " %s", escaped);
}

static void put_head(FILE *f, const struct build_options *o, uint64_t created, uint64_t keyring, const struct payload *p)
{
	char hash[HASH_HEX + 1];

	fprintf(f, MANIFEST_MAGIC "\nproduct %s\nversion %s\ncounter %" PRIu64 "\ncreated %" PRIu64 "\n", o->product,
		o->version, o->counter, created);
	if (keyring > 0)
		fprintf(f, "keyring %" PRIu64 "\n", keyring);
	for (size_t i = 0; i < o->nboards; i++)
		fprintf(f, "board %s %" PRIu64 " %" PRIu64 "\n", o->boards[i].id, o->boards[i].low, o->boards[i].high);
	fprintf(f, "payload %" PRIu64 " %" PRIu32 " %" PRIu32 "\n", p->bytes, o->chunk_size, p->nchunks);
	for (uint32_t i = 0; i < p->nchunks; i++) {
		text_put_hash(hash, p->chunks[i].hash);
		fprintf(f, "chunk %" PRIu32 " %s\n", p->chunks[i].packed, hash);
	}
}

static void put_attachments(FILE *f, const struct attachments *a)
{
	char hash[HASH_HEX + 1];

	for (size_t i = 0; i < a->n; i++) {
		fputs("attach", f);
		put_path(f, a->at[i].name);
		text_put_hash(hash, a->at[i].hash);
		fprintf(f, " %" PRIu64 " %s\n", a->at[i].size, hash);
	}
}

static void put_entry(FILE *f, const struct tree_entry *entry)
{
	char hash[HASH_HEX + 1];

	switch (entry->type) {
	case ENTRY_DIR:
		fprintf(f, "dir %04" PRIo32 " %" PRIu32 " %" PRIu32, entry->mode, entry->uid, entry->gid);
		break;
	case ENTRY_FILE:
		text_put_hash(hash, entry->hash);
		fprintf(f, "file %04" PRIo32 " %" PRIu32 " %" PRIu32 " %" PRIu64 " %s", entry->mode, entry->uid, entry->gid,
			entry->size, hash);
		break;
	case ENTRY_LINK:
	case ENTRY_ROOTLINK:
		fprintf(f, "%s %" PRIu32 " %" PRIu32, entry->type == ENTRY_LINK ? "link" : "rootlink", entry->uid, entry->gid);
		break;
	}
	put_path(f, entry->path);
	if (entry->target[0] != '\0')
		put_path(f, entry->target);
	putc('\n', f);
}

static void put_actions(FILE *f, const struct build_options *o)
{
	for (size_t i = 0; i < o->nwrites; i++) {
		fputs("write", f);
		put_path(f, o->writes[i].path);
		fprintf(f, " %s\n", o->writes[i].slot);
	}
	for (size_t i = 0; i < o->nruns; i++) {
		fputs("run", f);
		put_path(f, o->runs[i].path);
		fprintf(f, " %s\n", o->runs[i].stage == RUN_BEFORE ? "before" : "after");
	}
}

int manifest_write_text(char **text, size_t *len, const struct build_options *o, uint64_t created, uint64_t keyring, const struct tree *t,
			const struct payload *p, const struct attachments *a, struct err *e)
{
	FILE *f;

	*text = NULL;
	*len = 0;
	f = open_memstream(text, len);
	if (!f)
		return err_errno(e, "cannot write the manifest");
	put_head(f, o, created, keyring, p);
	put_attachments(f, a);
	for (size_t i = 0; i < t->n && ftello(f) <= (off_t)MANIFEST_MAX; i++)
		put_entry(f, &t->entries[i]);
	put_actions(f, o);
	if (fclose(f) != 0) {
		free(*text);
		return err_errno(e, "cannot write the manifest");
	}
	if (*len > MANIFEST_MAX) {
		free(*text);
		return err_set(e, VERDICT_TOO_LARGE, "the manifest would be over %zu bytes: %zu entries are too many",
			       MANIFEST_MAX, t->n);
	}
	return 0;
}
