/* SPDX-License-Identifier: ISC */
/* The arguments of `firmpack build`. */
#include "packer/options.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/chunks.h"
#include "core/cli.h"
#include "packer/pool.h"

enum { LEVEL_DEFAULT = 6, LEVEL_MAX = 9 };

static int usage_value(struct err *e, const char *option, const char *value, const char *want)
{
	return err_set(e, VERDICT_USAGE, "--%s `%s': want %s", option, value, want);
}

/* Says which character a name must not have, and what to write instead. */
static int refuse_name(const char *option, struct span value, struct err *e)
{
	char quoted[3 * TEXT_NAME_MAX], odd[24], instead[TEXT_NAME_MAX + 1];
	size_t n = 0, at = 0, step = 1;

	while (at < value.len && text_is_name((struct span){value.at + at, 1}))
		at++;
	while (at + step < value.len && ((unsigned char)value.at[at + step] & 0xc0) == 0x80) /* all bytes of a character of UTF-8 */
		step++;
	for (size_t i = 0; i < value.len && n < TEXT_NAME_MAX; i++) {
		bool fine = text_is_name((struct span){value.at + i, 1});

		if (fine || (n > 0 && instead[n - 1] != '-'))
			instead[n++] = fine ? value.at[i] : '-';
	}
	while (n > 0 && instead[n - 1] == '-')
		n--;
	instead[n] = '\0';
	err_quote(quoted, sizeof quoted, value.at, value.len);
	if (at == value.len)
		return err_set(e, VERDICT_USAGE, "--%s `%s': it has %zu characters; expected: 1 to %d, letters, digits and . _ + - only", option, quoted,
			       value.len, TEXT_NAME_MAX);
	return err_set(e, VERDICT_USAGE, "--%s `%s': \"%s\" is not allowed; expected: 1 to %d letters, digits and . _ + - only%s%s%s", option, quoted,
		       err_quote(odd, sizeof odd, value.at + at, step), TEXT_NAME_MAX, n ? ", such as `" : "", instead, n ? "'" : "");
}

/* Some words on why a name looks like something else that stood in its place, or NULL. */
static const char *looks_wrong(struct span name)
{
	static const char *const ends[] = {".tar", ".tgz", ".gz", ".xz", ".zst", ".bz2", ".zip", ".7z", ".cpio", ".firm", ".key", ".pub", ".minisig", ".board"};

	if (name.at[0] == '-')
		return "it looks like an option";
	if (name.at[0] == '.')
		return "it looks like a path";
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t n = strlen(ends[i]);

		if (name.len > n && memcmp(name.at + name.len - n, ends[i], n) == 0)
			return "it looks like a file's name";
	}
	return NULL;
}

static int check_name(const struct build_options *o, const char *option, const char *name, struct err *e)
{
	const char *why = looks_wrong((struct span){name, strlen(name)});

	return !why || o->allow_names ? 0 : err_set(e, VERDICT_USAGE, "--%s `%s': %s; expected: another one, or --allow-names when it is meant", option, name, why);
}

static int take_name(const char **out, const char *option, const char *value, struct err *e)
{
	if (!text_is_name((struct span){value, strlen(value)}))
		return refuse_name(option, (struct span){value, strlen(value)}, e);
	*out = value;
	return 0;
}

static int take_number(uint64_t *out, const char *option, const char *value, uint64_t low, uint64_t high, struct err *e)
{
	char want[64];

	if (text_number(out, (struct span){value, strlen(value)}, high) == 0 && *out >= low)
		return 0;
	snprintf(want, sizeof want, "a whole number from %" PRIu64 " to %" PRIu64, low, high);
	return usage_value(e, option, value, want);
}

/* ID, ID:REVISION or ID:LOW-HIGH. */
static int take_board(struct build_options *o, const char *value, struct err *e)
{
	static const char want[] = "ID, ID:REVISION or ID:LOW-HIGH";
	const char *colon = strchr(value, ':'), *dash;
	struct span id = {value, colon ? (size_t)(colon - value) : strlen(value)};
	struct manifest_board *board = &o->boards[o->nboards];

	if (o->nboards == MANIFEST_BOARDS_MAX)
		return err_set(e, VERDICT_USAGE, "more than %d boards", MANIFEST_BOARDS_MAX);
	if (id.len == 0)
		return usage_value(e, "board", value, want);
	if (!text_is_name(id))
		return refuse_name("board", id, e);
	*board = (struct manifest_board){.low = 0, .high = INT64_MAX};
	memcpy(board->id, id.at, id.len);
	if (colon) {
		struct span low, high;

		dash = strchr(colon, '-');
		low = (struct span){colon + 1, dash ? (size_t)(dash - colon - 1) : strlen(colon + 1)};
		high = dash ? (struct span){dash + 1, strlen(dash + 1)} : low;
		if (text_number(&board->low, low, INT64_MAX) != 0 || text_number(&board->high, high, INT64_MAX) != 0 ||
		    board->low > board->high)
			return usage_value(e, "board", value, want);
	}
	o->nboards++;
	return 0;
}

/* Splits PATH=WORD at the last `='; PATH must be one that a bundle can hold. */
static int split(char path[static PATH_MAX_LEN + 1], const char **word, const char *option, const char *value, struct err *e)
{
	const char *equals = strrchr(value, '=');
	size_t len = equals ? (size_t)(equals - value) : 0;

	*word = "";
	if (!equals || path_fault(value, len, false) != PATH_FINE)
		return usage_value(e, option, value, "PATH=NAME, where PATH is one inside the bundle");
	memcpy(path, value, len);
	path[len] = '\0';
	*word = equals + 1;
	return 0;
}

static int take_write(struct build_options *o, const char *value, struct err *e)
{
	struct manifest_write *w = &o->writes[o->nwrites];
	const char *slot;

	if (o->nwrites == OPTIONS_WRITES_MAX)
		return err_set(e, VERDICT_USAGE, "more than %d --write", OPTIONS_WRITES_MAX);
	if (split(w->path, &slot, "write", value, e) != 0)
		return -1;
	if (!text_is_name((struct span){slot, strlen(slot)}))
		return usage_value(e, "write", value, "a slot of [A-Za-z0-9._+-] behind the last `='");
	memcpy(w->slot, slot, strlen(slot) + 1);
	o->nwrites++;
	return 0;
}

static int take_run(struct build_options *o, const char *value, struct err *e)
{
	struct manifest_run *run = &o->runs[o->nruns];
	const char *stage;

	if (o->nruns == OPTIONS_RUNS_MAX)
		return err_set(e, VERDICT_USAGE, "more than %d --run", OPTIONS_RUNS_MAX);
	if (split(run->path, &stage, "run", value, e) != 0)
		return -1;
	if (strcmp(stage, "before") != 0 && strcmp(stage, "after") != 0)
		return usage_value(e, "run", value, "`before' or `after' behind the last `='");
	run->stage = strcmp(stage, "before") == 0 ? RUN_BEFORE : RUN_AFTER;
	o->nruns++;
	return 0;
}

static int take_chunk_size(struct build_options *o, const char *value, struct err *e)
{
	static const char want[] = "a power of two from 64K to 4M";
	size_t len = strlen(value);
	unsigned shift = 0;
	uint64_t n;

	if (len > 0 && (value[len - 1] == 'K' || value[len - 1] == 'M'))
		shift = value[--len] == 'K' ? 10 : 20;
	if (text_number(&n, (struct span){value, len}, CHUNK_SIZE_MAX) != 0)
		return usage_value(e, "chunk-size", value, want);
	n <<= shift;
	if (n < CHUNK_SIZE_MIN || n > CHUNK_SIZE_MAX || (n & (n - 1)) != 0)
		return usage_value(e, "chunk-size", value, want);
	o->chunk_size = (uint32_t)n;
	return 0;
}

static int take_string(const char **list, size_t *n, size_t max, const char *option, const char *value, struct err *e)
{
	if (*n == max)
		return err_set(e, VERDICT_USAGE, "more than %zu --%s", max, option);
	list[(*n)++] = value;
	return 0;
}

/* --- the table --- */

enum code {
	CODE_PRODUCT = 256, CODE_VERSION, CODE_COUNTER, CODE_BOARD, CODE_WRITE, CODE_RUN, CODE_KEYRING, CODE_FOR, CODE_ATTACH, CODE_KEY,
	CODE_PASSWORD_FILE, CODE_PASSWORD_FD, CODE_LEVEL, CODE_CHUNK_SIZE, CODE_THREADS, CODE_ROOT_OWNER, CODE_KEEP_OWNER,
	CODE_ALLOW_SETID, CODE_ALLOW_SECRETS, CODE_ALLOW_EMPTY, CODE_ALLOW_FOLDER, CODE_ALLOW_NAMES, CODE_ALLOW_BOARD,
	CODE_BOARDS, CODE_STRIP, CODE_DROP_UNSAFE, CODE_UNSIGNED, CODE_QUIET, CODE_JSON,
	CODE_SBOM, CODE_SBOM_DPKG, CODE_SBOM_LIST, CODE_PROVENANCE, CODE_BUILDER, CODE_SOURCE, CODE_SOURCE_COMMIT,
	CODE_SIGNER, CODE_SIGNER_LAST = CODE_SIGNER + SIGNER_TIMEOUT,
};

static const struct option table[] = {
	{"product", required_argument, NULL, CODE_PRODUCT},
	{"version", required_argument, NULL, CODE_VERSION},
	{"counter", required_argument, NULL, CODE_COUNTER},
	{"board", required_argument, NULL, CODE_BOARD},
	{"write", required_argument, NULL, CODE_WRITE},
	{"run", required_argument, NULL, CODE_RUN},
	{"keyring", required_argument, NULL, CODE_KEYRING},
	{"for", required_argument, NULL, CODE_FOR},
	{"attach", required_argument, NULL, CODE_ATTACH},
	{"key", required_argument, NULL, CODE_KEY},
	{"password-file", required_argument, NULL, CODE_PASSWORD_FILE},
	{"password-fd", required_argument, NULL, CODE_PASSWORD_FD},
	{"level", required_argument, NULL, CODE_LEVEL},
	{"chunk-size", required_argument, NULL, CODE_CHUNK_SIZE},
	{"threads", required_argument, NULL, CODE_THREADS},
	{"root-owner", no_argument, NULL, CODE_ROOT_OWNER},
	{"keep-owner", no_argument, NULL, CODE_KEEP_OWNER},
	{"allow-setid", no_argument, NULL, CODE_ALLOW_SETID},
	{"allow-secrets", no_argument, NULL, CODE_ALLOW_SECRETS},
	{"allow-empty", no_argument, NULL, CODE_ALLOW_EMPTY},
	{"allow-folder", no_argument, NULL, CODE_ALLOW_FOLDER},
	{"allow-names", no_argument, NULL, CODE_ALLOW_NAMES},
	{"allow-board", no_argument, NULL, CODE_ALLOW_BOARD},
	{"boards", required_argument, NULL, CODE_BOARDS},
	{"strip", required_argument, NULL, CODE_STRIP},
	{"drop-unsafe", no_argument, NULL, CODE_DROP_UNSAFE},
	{"unsigned", no_argument, NULL, CODE_UNSIGNED},
	{"quiet", no_argument, NULL, CODE_QUIET},
	{"json", no_argument, NULL, CODE_JSON},
	{"sbom", optional_argument, NULL, CODE_SBOM},
	{"sbom-dpkg", required_argument, NULL, CODE_SBOM_DPKG},
	{"sbom-list", required_argument, NULL, CODE_SBOM_LIST},
	{"provenance", no_argument, NULL, CODE_PROVENANCE},
	{"builder", required_argument, NULL, CODE_BUILDER},
	{"source", required_argument, NULL, CODE_SOURCE},
	{"source-commit", required_argument, NULL, CODE_SOURCE_COMMIT},
	SIGNER_OPTIONS(CODE_SIGNER),
	{"output", required_argument, NULL, 'o'},
	{NULL, 0, NULL, 0},
};

static int take_flag(struct build_options *o, int code, struct err *e)
{
	switch (code) {
	case CODE_ROOT_OWNER: o->rules.keep_owner = false; return 0;
	case CODE_KEEP_OWNER: o->rules.keep_owner = true; return 0;
	case CODE_ALLOW_SETID: o->rules.allow_setid = true; return 0;
	case CODE_ALLOW_SECRETS: o->allow_secrets = true; return 0;
	case CODE_ALLOW_EMPTY: o->allow_empty = true; return 0;
	case CODE_ALLOW_FOLDER: o->allow_folder = true; return 0;
	case CODE_ALLOW_NAMES: o->allow_names = true; return 0;
	case CODE_ALLOW_BOARD: o->allow_board = true; return 0;
	case CODE_DROP_UNSAFE: o->drop_unsafe = true; return 0;
	case CODE_UNSIGNED: o->not_signed = true; return 0;
	case CODE_QUIET: o->quiet = true; return 0;
	case CODE_JSON: o->json = true; return 0;
	default: return err_set(e, VERDICT_USAGE, "this verb has no such option");
	}
}

static int take_count(struct build_options *o, int code, const char *value, struct err *e)
{
	uint64_t n = 0;

	switch (code) {
	case CODE_LEVEL:
		if (take_number(&n, "level", value, 1, LEVEL_MAX, e) != 0)
			return -1;
		o->level = (int)n;
		return 0;
	case CODE_STRIP:
		if (take_number(&n, "strip", value, 0, TREE_STRIP_MAX, e) != 0)
			return -1;
		o->rules.strip = (unsigned)n;
		return 0;
	case CODE_THREADS:
		if (take_number(&n, "threads", value, 1, POOL_THREADS_MAX, e) != 0)
			return -1;
		o->threads = (unsigned)n;
		return 0;
	default:
		return take_flag(o, code, e);
	}
}

/* A URI's scheme and what a URI may hold (RFC 3986): it ends up in other people's tools. */
static int take_uri(const char **out, const char *option, const char *value, struct err *e)
{
	size_t scheme = strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789+.-"), n = strlen(value);

	if (scheme == 0 || value[scheme] != ':' || n > 1024)
		return usage_value(e, option, value, "a URI");
	for (size_t i = 0; i < n; i++)
		if (value[i] <= 0x20 || value[i] >= 0x7f || strchr("\"<>\\^`{|}", value[i]))
			return usage_value(e, option, value, "a URI");
	*out = value;
	return 0;
}

static int take_commit(const char **out, const char *value, struct err *e)
{
	size_t n = strlen(value);

	if ((n != 40 && n != 64) || strspn(value, "0123456789abcdef") != n)
		return usage_value(e, "source-commit", value, "40 or 64 lower-case hexadecimal digits");
	*out = value;
	return 0;
}

static int take_evidence(struct build_options *o, int code, const char *value, struct err *e)
{
	switch (code) {
	case CODE_SBOM:
		if (value && strcmp(value, "cyclonedx") != 0)
			return usage_value(e, "sbom", value, "cyclonedx");
		o->sbom = true;
		return 0;
	case CODE_SBOM_DPKG: o->sbom_dpkg = value; return 0;
	case CODE_SBOM_LIST: o->sbom_list = value; return 0;
	case CODE_PROVENANCE: o->provenance = true; return 0;
	case CODE_BUILDER: return take_uri(&o->builder, "builder", value, e);
	case CODE_SOURCE: return take_uri(&o->source, "source", value, e);
	default: return take_commit(&o->source_commit, value, e);
	}
}

static int take_option(struct build_options *o, int code, const char *value, struct err *e)
{
	if (code >= CODE_SBOM && code <= CODE_SOURCE_COMMIT)
		return take_evidence(o, code, value, e);
	if (code >= CODE_SIGNER && code <= CODE_SIGNER_LAST)
		return signer_take(&o->signers, (enum signer_option)(code - CODE_SIGNER), value, e);
	switch (code) {
	case CODE_PRODUCT: return take_name(&o->product, "product", value, e);
	case CODE_VERSION: return take_name(&o->version, "version", value, e);
	case CODE_COUNTER: o->have_counter = true; return take_number(&o->counter, "counter", value, 0, INT64_MAX, e);
	case CODE_BOARD: return take_board(o, value, e);
	case CODE_WRITE: return take_write(o, value, e);
	case CODE_RUN: return take_run(o, value, e);
	case CODE_KEYRING: return take_string(o->keyrings, &o->nkeyrings, OPTIONS_KEYRINGS_MAX, "keyring", value, e);
	case CODE_FOR:
		o->for_0_1 = strcmp(value, "0.1") == 0;
		return o->for_0_1 ? 0 : usage_value(e, "for", value, "0.1, the oldest version on the boards. Newer ones need no --for");
	case CODE_ATTACH: return take_string(o->attach, &o->nattach, OPTIONS_ATTACH_MAX, "attach", value, e);
	case CODE_BOARDS: o->boards_dir = value; return 0;
	case CODE_KEY: return take_string(o->keys, &o->nkeys, MINISIG_BLOCKS_MAX, "key", value, e);
	case CODE_PASSWORD_FILE: return password_use_file(&o->password, value, e);
	case CODE_PASSWORD_FD: return password_use_fd(&o->password, value, e);
	case CODE_CHUNK_SIZE: return take_chunk_size(o, value, e);
	case 'o': o->output = value; return 0;
	default: return take_count(o, code, value, e);
	}
}

/* --- what they must be together --- */

static int compare_boards(const void *a, const void *b)
{
	return strcmp(((const struct manifest_board *)a)->id, ((const struct manifest_board *)b)->id);
}

static int compare_writes(const void *a, const void *b)
{
	return strcmp(((const struct manifest_write *)a)->slot, ((const struct manifest_write *)b)->slot);
}

/* Puts the lines into the order of the format, and refuses repeated ones. */
static int arrange(struct build_options *o, struct err *e)
{
	struct manifest_run runs[OPTIONS_RUNS_MAX];
	size_t n = 0;

	qsort(o->boards, o->nboards, sizeof o->boards[0], compare_boards);
	for (size_t i = 1; i < o->nboards; i++)
		if (compare_boards(&o->boards[i - 1], &o->boards[i]) == 0)
			return usage_value(e, "board", o->boards[i].id, "each board once");
	qsort(o->writes, o->nwrites, sizeof o->writes[0], compare_writes);
	for (size_t i = 1; i < o->nwrites; i++)
		if (compare_writes(&o->writes[i - 1], &o->writes[i]) == 0)
			return usage_value(e, "write", o->writes[i].slot, "each slot once");
	for (int stage = RUN_BEFORE; stage <= RUN_AFTER; stage++)
		for (size_t i = 0; i < o->nruns; i++)
			if (o->runs[i].stage == (enum run_stage)stage)
				runs[n++] = o->runs[i];
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (runs[i].stage == runs[k].stage && strcmp(runs[i].path, runs[k].path) == 0)
				return usage_value(e, "run", runs[i].path, "each file once a stage");
	memcpy(o->runs, runs, n * sizeof runs[0]);
	return 0;
}

static int check_complete(const struct build_options *o, struct err *e)
{
	if (!o->product || !o->version || !o->have_counter || !o->output)
		return err_set(e, VERDICT_USAGE, "--product, --version, --counter and -o are needed");
	if (o->nboards == 0)
		return err_set(e, VERDICT_USAGE, "--board is needed: which boards may take the bundle");
	for (size_t i = 0; i < o->nboards; i++)
		if (check_name(o, "board", o->boards[i].id, e) != 0)
			return -1;
	if (check_name(o, "product", o->product, e) != 0 || check_name(o, "version", o->version, e) != 0)
		return -1;
	if (o->not_signed && o->nkeys + o->signers.n > 0)
		return err_set(e, VERDICT_USAGE, "--unsigned goes with neither --key nor --signer");
	if (o->nkeys + o->signers.n == 0 && !o->not_signed)
		return err_set(e, VERDICT_USAGE,
			       "--key or --signer is needed, or --unsigned: a bundle without a signature is refused everywhere");
	if (o->nkeys + o->signers.n > MINISIG_BLOCKS_MAX)
		return err_set(e, VERDICT_USAGE, "a bundle holds at most %d signatures", MINISIG_BLOCKS_MAX);
	if ((o->sbom_dpkg || o->sbom_list) && !o->sbom)
		return err_set(e, VERDICT_USAGE, "--sbom-dpkg and --sbom-list go with --sbom");
	if ((o->builder || o->source || o->source_commit) && !o->provenance)
		return err_set(e, VERDICT_USAGE, "--builder, --source and --source-commit go with --provenance");
	if (o->source_commit && !o->source)
		return err_set(e, VERDICT_USAGE, "--source-commit goes with --source");
	return signer_complete(&o->signers, e);
}

int options_parse(struct build_options *o, int argc, char **argv, void (*say)(const char *text), struct err *e)
{
	int code;

	*o = (struct build_options){.password = {.fd = -1}, .level = LEVEL_DEFAULT, .chunk_size = CHUNK_SIZE_DEFAULT,
				    .threads = chunks_threads(POOL_THREADS_MAX), .signers = {.say = say}};
	optind = 1;
	while ((code = cli_option(argc, argv, "o:", table, e)) != -1)
		if (code == '?' || take_option(o, code, optarg, e) != 0)
			return -1;
	if (argc - optind != 1)
		return err_set(e, VERDICT_USAGE, "want one TREE or ARCHIVE");
	o->input = argv[optind];
	if (check_complete(o, e) != 0)
		return -1;
	if (!o->builder)
		o->builder = "urn:firmseal:builder:unnamed";
	return arrange(o, e);
}
