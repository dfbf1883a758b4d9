/* SPDX-License-Identifier: ISC */
/* firmpack diff */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/cli.h"
#include "core/json.h"
#include "core/opened.h"
#include "core/say.h"
#include "packer/boards_json.h"
#include "packer/diff.h"
#include "packer/peek.h"
#include "packer/verbs.h"

static const char *const kind_words[] = {[DIFF_ADDED] = "added", [DIFF_REMOVED] = "removed", [DIFF_CHANGED] = "changed"};
static const char *const what_words[DIFF_BITS] = {"type", "content", "mode", "owner", "target"};

struct sums {
	uint32_t n[3];             /* by kind */
	uint64_t old_bytes, new_bytes; /* of the files in all */
};

static uint64_t bytes_of(const struct manifest *m)
{
	struct manifest_entry entry;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < manifest_head(m)->nentries; i++) {
		manifest_entry(m, i, &entry);
		sum += entry.size;
	}
	return sum;
}

/* "ID:LOW-HIGH ID:LOW-HIGH", as `build --board' takes them. */
static void print_boards(const struct manifest *m, FILE *out)
{
	struct manifest_board board;

	for (uint32_t i = 0; i < manifest_head(m)->nboards; i++) {
		manifest_board(m, i, &board);
		fprintf(out, "%s%s:%" PRIu64 "-%" PRIu64, i > 0 ? " " : "", board.id, board.low, board.high);
	}
}

static bool same_boards(const struct manifest *a, const struct manifest *b)
{
	struct manifest_board x, y;
	uint32_t n = manifest_head(a)->nboards;

	if (n != manifest_head(b)->nboards)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		manifest_board(a, i, &x);
		manifest_board(b, i, &y);
		if (strcmp(x.id, y.id) != 0 || x.low != y.low || x.high != y.high)
			return false;
	}
	return true;
}

static void print_heads(const struct manifest *old, const struct manifest *new)
{
	const struct manifest_head *a = manifest_head(old), *b = manifest_head(new);

	if (strcmp(a->product, b->product) != 0)
		printf("product  %s -> %s\n", a->product, b->product);
	if (strcmp(a->version, b->version) != 0)
		printf("version  %s -> %s\n", a->version, b->version);
	if (a->counter != b->counter)
		printf("counter  %" PRIu64 " -> %" PRIu64 "%s\n", a->counter, b->counter,
		       b->counter < a->counter ? ": boards that have the old one refuse the new one" : "");
	if (a->packed_bytes != b->packed_bytes)
		printf("packed   %" PRIu64 " -> %" PRIu64 " bytes\n", a->packed_bytes, b->packed_bytes);
	if (!same_boards(old, new)) {
		fputs("boards   ", stdout);
		print_boards(old, stdout);
		fputs(" -> ", stdout);
		print_boards(new, stdout);
		putchar('\n');
	}
}

static void print_change(const struct diff_change *c)
{
	const struct manifest_entry *entry = c->kind == DIFF_REMOVED ? &c->old : &c->new;
	char quoted[PATH_MAX_LEN * 4 + 8];

	printf("%-8s %s", kind_words[c->kind], err_quote(quoted, sizeof quoted, entry->path, strlen(entry->path)));
	for (unsigned i = 0; i < DIFF_BITS; i++)
		if (c->what & 1U << i)
			printf("%s%s", c->what & ((1U << i) - 1) ? ", " : ": ", what_words[i]);
	if (c->what & DIFF_CONTENT)
		printf(", %" PRIu64 " -> %" PRIu64 " bytes", c->old.size, c->new.size);
	else if (c->kind != DIFF_CHANGED && entry->type == ENTRY_FILE)
		printf(", %" PRIu64 " bytes", entry->size);
	if (c->what & DIFF_MODE)
		printf(", %04" PRIo32 " -> %04" PRIo32, c->old.mode, c->new.mode);
	putchar('\n');
}

static void print_action(void *to, const struct diff_action *a)
{
	char quoted[2][PATH_MAX_LEN * 4 + 8];

	(void)to;
	printf("%-8s %s: %s -> %s\n", a->what, a->name, err_quote(quoted[0], sizeof quoted[0], a->old, strlen(a->old)),
	       err_quote(quoted[1], sizeof quoted[1], a->new, strlen(a->new)));
}

static void put_action(void *to, const struct diff_action *a)
{
	struct json *j = to;

	json_open_object(j, NULL);
	json_put_string(j, "action", a->what);
	json_put_string(j, "name", a->name);
	json_put_string(j, "old", a->old);
	json_put_string(j, "new", a->new);
	json_close_object(j);
}

static void print_text(const struct manifest *old, const struct manifest *new)
{
	struct diff d = {.old = old, .new = new};
	struct sums sums = {.old_bytes = bytes_of(old), .new_bytes = bytes_of(new)};
	struct diff_change change;

	print_heads(old, new);
	diff_actions(old, new, print_action, NULL);
	while (diff_next(&d, &change) == 1) {
		print_change(&change);
		sums.n[change.kind]++;
	}
	printf("%" PRIu32 " added, %" PRIu32 " removed, %" PRIu32 " changed; %" PRIu64 " -> %" PRIu64 " bytes of files\n",
	       sums.n[DIFF_ADDED], sums.n[DIFF_REMOVED], sums.n[DIFF_CHANGED], sums.old_bytes, sums.new_bytes);
}

static void put_head(struct json *j, const char *key, const struct manifest *m)
{
	const struct manifest_head *head = manifest_head(m);

	json_open_object(j, key);
	json_put_string(j, "product", head->product);
	json_put_string(j, "version", head->version);
	json_put_number(j, "counter", head->counter);
	boards_put_json(j, m);
	json_put_number(j, "bytes", bytes_of(m));
	json_put_number(j, "packed_bytes", head->packed_bytes);
	json_close_object(j);
}

/* What an entry is on one side: sizes in bytes, modes in octal as in the manifest, hashes of files, targets of links. */
static void put_side(struct json *j, const char *side, const struct manifest_entry *entry)
{
	char key[16], mode[8], hash[HASH_HEX + 1];

	snprintf(key, sizeof key, "%s_size", side);
	json_put_number(j, key, entry->size);
	snprintf(key, sizeof key, "%s_mode", side);
	snprintf(mode, sizeof mode, "%04" PRIo32, entry->mode & 07777);
	json_put_string(j, key, mode);
	if (entry->type == ENTRY_FILE) {
		snprintf(key, sizeof key, "%s_hash", side);
		text_put_hash(hash, entry->hash);
		json_put_string(j, key, hash);
	} else if (entry->type != ENTRY_DIR) {
		snprintf(key, sizeof key, "%s_target", side);
		json_put_path(j, key, entry->target);
	}
}

static void put_change(struct json *j, const struct diff_change *c)
{
	json_open_object(j, NULL);
	json_put_path(j, "path", c->kind == DIFF_REMOVED ? c->old.path : c->new.path);
	json_put_string(j, "change", kind_words[c->kind]);
	if (c->kind == DIFF_CHANGED) {
		json_open_array(j, "what");
		for (unsigned i = 0; i < DIFF_BITS; i++)
			if (c->what & 1U << i)
				json_put_string(j, NULL, what_words[i]);
		json_close_array(j);
	}
	if (c->kind != DIFF_ADDED)
		put_side(j, "old", &c->old);
	if (c->kind != DIFF_REMOVED)
		put_side(j, "new", &c->new);
	json_close_object(j);
}

static void print_json(const struct manifest *old, const struct manifest *new)
{
	struct diff d = {.old = old, .new = new};
	struct diff_change change;
	struct json j;

	json_begin(&j, stdout);
	json_open_object(&j, NULL);
	json_put_string(&j, "verdict", verdict_word(VERDICT_OK));
	json_put_number(&j, "status", STATUS_DONE);
	put_head(&j, "old", old);
	put_head(&j, "new", new);
	json_open_array(&j, "changes");
	while (diff_next(&d, &change) == 1)
		put_change(&j, &change);
	json_close_array(&j);
	json_open_array(&j, "actions");
	diff_actions(old, new, put_action, &j);
	json_close_array(&j);
	json_close_object(&j);
	json_finish(&j);
}

/* One of the two: an authentic bundle; or one without a signature, as somebody without the key builds it again to compare. */
struct compared {
	struct opened opened;
	struct manifest *unsigned_manifest; /* what an unsigned one says of itself, or NULL */
};

static const struct manifest *manifest_of(const struct compared *c)
{
	return c->unsigned_manifest ? c->unsigned_manifest : reader_manifest(c->opened.reader);
}

static int open_unsigned(struct compared *c, const struct open_options *o, struct err *e)
{
	struct peek p = {.manifest = NULL};
	int rc = -1;

	opened_close(&c->opened);
	if (opened_source(&c->opened, o, e) != 0 || peek_read(&p, &c->opened.source.base, e) != 0)
		goto out;
	rc = manifest_parse(&c->unsigned_manifest, p.manifest, p.manifest_len, e);
	p.manifest = NULL;
out:
	peek_clear(&p);
	return rc;
}

static int open_one(struct compared *c, const struct open_options *o, struct err *e)
{
	if (opened_reader(&c->opened, o, e) == 0)
		return 0;
	if (e->verdict == VERDICT_UNSIGNED && strcmp(o->bundle, "-") != 0 && open_unsigned(c, o, e) == 0) {
		say(stderr, "firmpack: %s is not signed: it is compared by what it says of itself\n", o->bundle);
		return 0;
	}
	return err_prefix(e, "%s", o->bundle);
}

/* Without one authentic bundle there is nothing to compare with. */
static int open_both(struct compared b[static 2], const struct open_options *o, struct err *e)
{
	struct open_options each = *o;

	if (open_one(&b[0], &each, e) != 0)
		return -1;
	each.bundle = o->dir;
	if (open_one(&b[1], &each, e) != 0)
		return -1;
	return b[0].unsigned_manifest && b[1].unsigned_manifest ? err_set(e, VERDICT_UNSIGNED, "neither %s nor %s is signed; expected: at least one signature", o->bundle, o->dir) : 0;
}

int cmd_diff(int argc, char **argv)
{
	struct open_options options;
	struct compared both[2] = {{.opened = {.fd = -1}}, {.opened = {.fd = -1}}};
	struct err e = {.verdict = VERDICT_SYSTEM};
	int status = STATUS_DONE;

	if (open_options_parse(&options, argc, argv, OPEN_PAIR, 2, &e) != 0)
		return cli_wrong(&e);
	if (crypto_init_verify(&e) != 0)
		return cli_fail_as(&e, options.json);
	if (open_both(both, &options, &e) != 0)
		status = cli_fail_as(&e, options.json);
	else if (options.json)
		print_json(manifest_of(&both[0]), manifest_of(&both[1]));
	else
		print_text(manifest_of(&both[0]), manifest_of(&both[1]));
	for (int i = 0; i < 2; i++) {
		manifest_free(&both[i].unsigned_manifest);
		opened_close(&both[i].opened);
	}
	return cli_done(status);
}
