/* SPDX-License-Identifier: ISC */
/* `firmflash scan': looks for boards, and writes the inventory. */
#define _GNU_SOURCE /* pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cli.h"
#include "core/io.h"
#include "core/json.h"
#include "core/say.h"
#include "flasher/api4028.h"
#include "flasher/cmd.h"
#include "flasher/limit.h"
#include "flasher/output.h"
#include "flasher/scan.h"

enum {
	OPT_CREDENTIALS, OPT_PASSWORD_FILE, OPT_PASSWORD_FD, OPT_USER, OPT_TRY_FACTORY, OPT_REALM, OPT_DETAILS, OPT_PORT, OPT_API_PORT,
	OPT_TIMEOUT, OPT_RATE, OPT_CONCURRENCY, OPT_MAX, OPT_FORCE, OPT_QUICK, OPT_BOARDS, OPT_JSON, OPT_QUIET,
	TIMEOUT_MAX = 300, RATE_MAX = 100000, DESCRIPTORS_EACH = 2,
};

static const struct option long_options[] = {
	{"credentials", required_argument, NULL, OPT_CREDENTIALS},
	{"password-file", required_argument, NULL, OPT_PASSWORD_FILE},
	{"password-fd", required_argument, NULL, OPT_PASSWORD_FD},
	{"user", required_argument, NULL, OPT_USER},
	{"try-factory", no_argument, NULL, OPT_TRY_FACTORY},
	{"realm", required_argument, NULL, OPT_REALM},
	{"details", required_argument, NULL, OPT_DETAILS},
	{"port", required_argument, NULL, OPT_PORT},
	{"api-port", required_argument, NULL, OPT_API_PORT},
	{"timeout", required_argument, NULL, OPT_TIMEOUT},
	{"rate", required_argument, NULL, OPT_RATE},
	{"concurrency", required_argument, NULL, OPT_CONCURRENCY},
	{"max-addresses", required_argument, NULL, OPT_MAX},
	{"quick", no_argument, NULL, OPT_QUICK},
	{"force", no_argument, NULL, OPT_FORCE},
	{"boards", required_argument, NULL, OPT_BOARDS},
	{"json", no_argument, NULL, OPT_JSON},
	{"quiet", no_argument, NULL, OPT_QUIET},
	{NULL, 0, NULL, 0},
};

/* All that one scan holds. */
struct run {
	struct scan_options options;
	struct targets targets;
	struct scan_result result;
	struct board *boards;
	struct credentials *credentials;
	struct secret *factory;
	struct loop *loop;
	struct client *client;
	const char *credentials_file, *password_file, *user, *output, *details, *boards_dir;
	int password_fd;
	bool try_factory, json, quiet, started, force;
};

static int take_number(uint64_t *out, const char *value, uint64_t low, uint64_t high, const char *what, struct err *e)
{
	if (cli_number(out, value, high, what, e))
		return -1;
	return *out >= low ? 0 : err_set(e, VERDICT_USAGE, "%s %s is less than %" PRIu64, what, value, low);
}

static int take_counted(struct run *run, int option, const char *value, struct err *e)
{
	static const struct {
		const char *name;
		uint64_t low, high;
	} bounds[] = {[OPT_PASSWORD_FD] = {"--password-fd", 0, INT_MAX}, [OPT_PORT] = {"--port", 1, UINT16_MAX},
		      [OPT_API_PORT] = {"--api-port", 0, UINT16_MAX},     
		      [OPT_RATE] = {"--rate", 1, RATE_MAX},               [OPT_CONCURRENCY] = {"--concurrency", 1, RATE_MAX},
		      [OPT_MAX] = {"--max-addresses", 1, RANGES_MAX}};
	struct scan_options *o = &run->options;
	uint64_t n;

	if (option == OPT_TIMEOUT) {
		if (cli_duration(&o->timeout_ms, value, (uint64_t)TIMEOUT_MAX * 1000, "--timeout", e) != 0)
			return -1;
		return o->timeout_ms ? 0 : err_set(e, VERDICT_USAGE, "--timeout wants more than nothing");
	}
	if (take_number(&n, value, bounds[option].low, bounds[option].high, bounds[option].name, e))
		return -1;
	switch (option) {
	case OPT_PASSWORD_FD: run->password_fd = (int)n; break;
	case OPT_PORT: o->port = (uint16_t)n; break;
	case OPT_API_PORT: o->api_port = (uint16_t)n; break;
	case OPT_RATE: o->rate = (uint32_t)n; break;
	case OPT_CONCURRENCY: o->concurrency = (uint32_t)n; break;
	default: run->targets.ranges.limit = (size_t)n; break;
	}
	return 0;
}

static int take(struct run *run, int option, const char *value, struct err *e)
{
	switch (option) {
	case OPT_CREDENTIALS: run->credentials_file = value; return 0;
	case OPT_PASSWORD_FILE: run->password_file = value; return 0;
	case OPT_USER: run->user = value; return 0;
	case OPT_TRY_FACTORY: run->try_factory = true; return 0;
	case OPT_DETAILS: run->details = value; return 0;
	case OPT_FORCE: run->force = true; return 0;
	case OPT_QUICK: run->options.quick = true; return 0;
	case OPT_BOARDS: run->boards_dir = value; return 0;
	case OPT_JSON: run->json = true; return 0;
	case OPT_QUIET: run->quiet = true; return 0;
	case 'o': run->output = value; return 0;
	case OPT_REALM:
		if (run->options.nrealms == SCAN_REALMS_MAX)
			return err_set(e, VERDICT_USAGE, "more than %d realms", SCAN_REALMS_MAX);
		run->options.realms[run->options.nrealms++] = value;
		return 0;
	default:
		return take_counted(run, option, value, e);
	}
}

static int parse(struct run *run, int argc, char **argv, struct err *e)
{
	int option;

	while ((option = cli_option(argc, argv, "o:", long_options, e)) != -1)
		if (option == '?' || take(run, option, optarg, e))
			return -1;
	if (optind == argc)
		return err_set(e, VERDICT_USAGE, "a RANGE is wanted: where to look");
	if (run->credentials_file && (run->password_file || run->password_fd >= 0 || run->user))
		return err_set(e, VERDICT_USAGE, "--credentials names users and passwords: no other option may");
	if (run->password_file && run->password_fd >= 0)
		return err_set(e, VERDICT_USAGE, "either --password-file or --password-fd");
	if (run->user && !credential_user_valid(run->user))
		return err_set(e, VERDICT_USAGE, "a user's name has printable ASCII only, no blank, colon, quote or backslash");
	for (; optind < argc; optind++)
		if (targets_add(&run->targets, argv[optind], e))
			return -1;
	ranges_finish(&run->targets.ranges);
	return 0;
}

/* The maker's password is no secret, but what keeps passwords takes them from descriptors alone. */
static int factory_password(struct secret **out, struct err *e)
{
	int ends[2], rc;

	if (pipe2(ends, O_CLOEXEC))
		return err_errno(e, "cannot make a pipe");
	rc = io_write_all(ends[1], "root\n", 5) ? err_errno(e, "cannot write to a pipe") : secret_read(out, NULL, ends[0], e);
	close(ends[0]);
	close(ends[1]);
	return rc;
}

static int read_credentials(struct run *run, struct err *e)
{
	struct secret *password = NULL;

	if (run->try_factory && factory_password(&run->factory, e))
		return -1;
	run->options.factory = run->factory;
	if (run->credentials_file)
		return credentials_read(&run->credentials, run->credentials_file, e);
	if (!run->password_file && run->password_fd < 0)
		return 0;
	if (secret_read(&password, run->password_file, run->password_fd, e))
		return -1;
	if (credentials_single(&run->credentials, CREDENTIAL_DIGEST, run->user ? run->user : "root", password, e)) {
		secret_free(&password);
		return -1;
	}
	return 0;
}

/* A list may name a credential that the file does not have: said before the first packet. */
static int check_credentials(const struct run *run, struct err *e)
{
	for (size_t i = 0; i < run->targets.nnotes; i++) {
		const char *name = run->targets.notes[i].credential;

		if (*name && (!run->credentials || !credentials_find(run->credentials, name)))
			return err_set(e, VERDICT_USAGE, "there is no credential `%s', which the list of places names", name);
	}
	return 0;
}

static void on_signal(void *owner, int number)
{
	struct run *run = owner;

	(void)number;
	loop_stop(run->loop);
}

static int prepare(struct run *run, struct err *e)
{
	struct board_dirs dirs;
	uint32_t connections;

	if (secret_protect_process(e) || board_dirs_init(&dirs, run->boards_dir, e) ||
	    board_list(&run->boards, &run->options.nboards, &dirs, e) || read_credentials(run, e) || check_credentials(run, e))
		return -1;
	run->options.boards = run->boards;
	run->options.credentials = run->credentials;
	if (limit_descriptors(&connections, DESCRIPTORS_EACH, e))
		return -1;
	if (run->options.concurrency > connections / DESCRIPTORS_EACH)
		run->options.concurrency = connections / DESCRIPTORS_EACH;
	if (client_start(e))
		return -1;
	run->started = true;
	return loop_open(&run->loop, LOOP_MONOTONIC, e) || loop_signals(run->loop, on_signal, run, e) ||
	       client_open(&run->client, run->loop, e) ? -1 : 0;
}

/* --- what comes out --- */

/* Tags say it in the inventory: `plan' can leave such boards out. */
static void add_tag(struct inventory_board *b, const char *tag)
{
	if (!inventory_tagged(b, tag) && b->ntags < INVENTORY_TAGS_MAX)
		snprintf(b->tags[b->ntags++], sizeof b->tags[0], "%s", tag);
}

/* A board that a plan cannot take: its state is a tag, which must be there. */
static void add_state(struct inventory_board *b, const char *state)
{
	if (b->ntags == INVENTORY_TAGS_MAX)
		b->ntags--;
	add_tag(b, state);
}

/* Found boards, each MAC once; and all others that answered or were known, with their state, so that none disappears. One that an
 * inventory knew keeps its MAC, unless that board was found elsewhere. */
static int make_inventory(struct inventory *inv, const struct scan_result *r, struct err *e)
{
	size_t nfound;

	for (size_t i = 0; i < r->n; i++) {
		struct inventory_board b = r->records[i].board;

		if (r->records[i].state != SCAN_FOUND || r->records[i].twice)
			continue;
		if (r->records[i].signs)
			add_tag(&b, "suspect");
		if (inventory_add(inv, &b, e))
			return -1;
	}
	inventory_sort(inv);
	nfound = inv->n;
	for (size_t i = 0; i < r->n; i++) {
		const struct scan_record *s = &r->records[i];
		const struct inventory found = {.boards = inv->boards, .n = nfound};
		struct inventory_board b = s->board;

		if (s->state == SCAN_FOUND && !s->twice)
			continue;
		b.mac[0] = '\0';
		if (s->known[0] && !s->twice && !inventory_find(&found, s->known))
			memcpy(b.mac, s->known, sizeof b.mac);
		if (s->state == SCAN_SILENT && !b.mac[0])
			continue; /* it has moved, and is in the inventory at its new address */
		add_state(&b, s->twice ? "mac-twice" : scan_state_word(s->state));
		if (inventory_add(inv, &b, e))
			return -1;
	}
	inventory_sort(inv);
	return 0;
}

static void print_inventory(FILE *out, const struct inventory *inv, const struct extras *extras, bool json)
{
	if (!json)
		inventory_csv_head(out, extras);
	for (size_t i = 0; i < inv->n; i++)
		(json ? inventory_json_board : inventory_csv_board)(out, &inv->boards[i], extras);
}

static void print_details(FILE *out, const struct scan_result *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct scan_record *s = &r->records[i];
		struct json j;

		json_begin(&j, out);
		json_open_object(&j, NULL);
		json_put_string(&j, "address", s->board.address.text);
		json_put_string(&j, "state", scan_state_word(s->state));
		json_put_string(&j, "mac", s->board.mac);
		json_put_string(&j, "board", s->board.board);
		json_put_string(&j, "model", s->board.model);
		json_put_string(&j, "subtype", s->board.subtype);
		json_put_string(&j, "version", s->board.version);
		json_put_string(&j, "hostname", s->board.hostname);
		json_put_string(&j, "realm", s->realm);
		json_put_bool(&j, "by_model", s->by_model);
		json_put_bool(&j, "mac_twice", s->twice);
		json_open_array(&j, "signs");
		for (unsigned k = 0; k < SIGN_COUNT; k++)
			if (s->signs >> k & 1u)
				json_put_string(&j, NULL, scan_sign_word(k));
		json_close_array(&j);
		json_put_string(&j, "note", s->note);
		json_close_object(&j);
		json_finish(&j);
	}
}

/* The inventory; or, without one, the details. */
static int write_out(const struct run *run, const char *file, const struct inventory *inv, struct err *e)
{
	struct output out;

	if (output_open(&out, e))
		return -1;
	if (inv)
		print_inventory(out.file, inv, &run->targets.extras, run->json);
	else
		print_details(out.file, &run->result);
	return output_commit(&out, file, run->force, e);
}

/* What a person should know, and the inventory does not say. */
static void summarize(const struct run *run)
{
	const struct scan_result *r = &run->result;

	for (size_t i = 0; i < r->n; i++) {
		const struct scan_record *s = &r->records[i];

		if (s->twice)
			say(stderr, "%s: its MAC %s is at another address, too; the inventory has both addresses without a MAC, and no plan takes them\n",
				s->board.address.text, s->board.mac);
		else if (s->state != SCAN_FOUND || *s->note)
			say(stderr, "%s: %s%s%s\n", s->board.address.text, scan_state_word(s->state), *s->note ? ": " : "", s->note);
		if (s->signs) {
			say(stderr, "%s: suspect:", s->board.address.text);
			for (unsigned k = 0; k < SIGN_COUNT; k++)
				if (s->signs >> k & 1u)
					say(stderr, " %s", scan_sign_word(k));
			say(stderr, "\n");
		}
	}
	say(stderr, "%zu %s: %zu %s, %zu refused every login, %zu without a web server, %zu something else, %zu silent; %zu suspect, %zu of a MAC seen twice\n",
		r->asked, cli_many(r->asked, "address", "addresses"), r->count[SCAN_FOUND], cli_many(r->count[SCAN_FOUND], "board", "boards"), r->count[SCAN_LOGIN], r->count[SCAN_MINER], r->count[SCAN_FOREIGN], r->count[SCAN_SILENT], r->suspect, r->twice);
}

static void on_progress(size_t done, size_t all)
{
	say(stderr, "%zu of %zu addresses\n", done, all);
}

static int run_scan(struct run *run, struct err *e)
{
	struct inventory inv = {.n = 0};
	int rc = -1;

	if (scan_run(&run->result, &run->targets, &run->options, run->loop, run->client, run->quiet ? NULL : on_progress, e))
		goto out;
	if (make_inventory(&inv, &run->result, e) || write_out(run, run->output, &inv, e) ||
	    (run->details && write_out(run, run->details, NULL, e)))
		goto out;
	if (!run->quiet)
		summarize(run);
	rc = 0;
out:
	inventory_free(&inv);
	return rc;
}

int cmd_scan(int argc, char **argv)
{
	struct run *run = calloc(1, sizeof *run);
	struct err e = {0};
	int status;

	if (!run)
		return cli_usage("out of memory");
	run->password_fd = -1;
	run->targets.ranges.limit = RANGES_DEFAULT_MAX;
	run->options = (struct scan_options){.port = 80, .api_port = API_PORT, .timeout_ms = 5000, .concurrency = 256, .rate = 500};
	if (parse(run, argc, argv, &e)) {
		status = cli_wrong(&e);
	} else if (output_prove(run->output, run->force, &e) || (run->details && output_prove(run->details, run->force, &e)) || prepare(run, &e) || run_scan(run, &e)) {
		status = cli_fail_as(&e, run->json);
	} else {
		const struct scan_result *r = &run->result;

		status = cli_done(r->count[SCAN_LOGIN] || r->count[SCAN_MINER] || r->missing || r->twice ? STATUS_SOME_FAILED : STATUS_DONE);
	}
	scan_result_free(&run->result);
	client_free(&run->client);
	if (run->started)
		client_stop();
	loop_free(&run->loop);
	secret_free(&run->factory);
	credentials_free(&run->credentials);
	targets_free(&run->targets);
	free(run->boards);
	free(run);
	return status;
}
