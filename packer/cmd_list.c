/* SPDX-License-Identifier: ISC */
/* firmpack list */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/cli.h"
#include "core/json.h"
#include "core/opened.h"
#include "packer/verbs.h"

static const char *const type_words[] = {
	[ENTRY_DIR] = "dir", [ENTRY_FILE] = "file", [ENTRY_LINK] = "link", [ENTRY_ROOTLINK] = "rootlink"};

/* "drwxr-xr-x", as ls writes it. */
static void mode_text(char out[static 11], const struct manifest_entry *entry)
{
	static const char letters[] = "rwxrwxrwx";
	static const struct {
		uint32_t bit;
		int at;
		char with, without; /* the execute bit */
	} special[] = {{04000, 3, 's', 'S'}, {02000, 6, 's', 'S'}, {01000, 9, 't', 'T'}};

	out[0] = entry->type == ENTRY_DIR ? 'd' : entry->type == ENTRY_FILE ? '-' : 'l';
	for (int i = 0; i < 9; i++)
		out[i + 1] = entry->mode >> (8 - i) & 1 ? letters[i] : '-';
	for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
		if (entry->mode & special[i].bit)
			out[special[i].at] = out[special[i].at] == 'x' ? special[i].with : special[i].without;
	out[10] = '\0';
}

static void print_text(const struct manifest *m)
{
	char quoted[PATH_MAX_LEN * 4 + 8], mode[11];
	struct manifest_entry entry;

	for (uint32_t i = 0; i < manifest_head(m)->nentries; i++) {
		manifest_entry(m, i, &entry);
		mode_text(mode, &entry);
		printf("%s %5" PRIu32 " %5" PRIu32 " %12" PRIu64 " %s", mode, entry.uid, entry.gid, entry.size,
		       err_quote(quoted, sizeof quoted, entry.path, strlen(entry.path)));
		if (entry.target[0] != '\0')
			printf(" -> %s", err_quote(quoted, sizeof quoted, entry.target, strlen(entry.target)));
		putchar('\n');
	}
}

static void put_entry(struct json *j, const struct manifest_entry *entry)
{
	char mode[5], hash[HASH_HEX + 1];

	json_open_object(j, NULL);
	json_put_string(j, "type", type_words[entry->type]);
	json_put_path(j, "path", entry->path);
	snprintf(mode, sizeof mode, "%04" PRIo32, entry->mode & 07777);
	json_put_string(j, "mode", mode);
	json_put_number(j, "uid", entry->uid);
	json_put_number(j, "gid", entry->gid);
	if (entry->type == ENTRY_FILE) {
		text_put_hash(hash, entry->hash);
		json_put_number(j, "size", entry->size);
		json_put_string(j, "hash", hash);
	} else if (entry->type != ENTRY_DIR) {
		json_put_path(j, "target", entry->target);
	}
	json_close_object(j);
}

static void print_json(const struct manifest *m)
{
	struct manifest_entry entry;
	struct json j;

	json_begin(&j, stdout);
	json_open_object(&j, NULL);
	json_put_string(&j, "verdict", verdict_word(VERDICT_OK));
	json_put_number(&j, "status", STATUS_DONE);
	json_open_array(&j, "entries");
	for (uint32_t i = 0; i < manifest_head(m)->nentries; i++) {
		manifest_entry(m, i, &entry);
		put_entry(&j, &entry);
	}
	json_close_array(&j);
	json_close_object(&j);
	json_finish(&j);
}

int cmd_list(int argc, char **argv)
{
	struct open_options options;
	struct opened bundle;
	struct err e = {.verdict = VERDICT_SYSTEM};
	int status = STATUS_DONE;

	if (open_options_parse(&options, argc, argv, 0, 1, &e) != 0)
		return cli_wrong(&e);
	if (crypto_init_verify(&e) != 0)
		return cli_fail_as(&e, options.json);
	if (opened_reader(&bundle, &options, &e) != 0)
		status = cli_fail_as(&e, options.json);
	else if (options.json)
		print_json(reader_manifest(bundle.reader));
	else
		print_text(reader_manifest(bundle.reader));
	opened_close(&bundle);
	return cli_done(status);
}
