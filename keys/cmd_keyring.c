/* SPDX-License-Identifier: ISC */
/* firmkey keyring: the verbs that make and edit */
#include "keys/cmd_keyring.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli.h"
#include "core/trust.h"
#include "keys/cmd.h"
#include "keys/sigfile.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{"create", keyring_create}, {"add-root", keyring_add_root}, {"add-release", keyring_add_release},
	{"revoke", keyring_revoke}, {"floor", keyring_set_floor}, {"threshold", keyring_threshold},
	{"next", keyring_next}, {"sign", keyring_sign}, {"show", keyring_show}, {"verify", keyring_verify},
};

int cmd_keyring(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argc - 1, argv + 1);
	return cli_usage("want one of the verbs of `keyring'");
}

void keyring_print_sums(const char *name, const struct keyring *k)
{
	char quoted[160];

	printf("%s: serial %" PRIu64 ", %zu %s (%" PRIu32 " %s), %zu %s (%" PRIu32 " %s), %zu revoked, %zu %s\n",
	       err_quote(quoted, sizeof quoted, name, strlen(name)), k->serial, k->nroots, cli_many(k->nroots, "root", "roots"),
	       k->root_threshold, cli_many(k->root_threshold, "signs", "sign"), k->nreleases,
	       cli_many(k->nreleases, "release line", "release lines"), k->release_threshold,
	       cli_many(k->release_threshold, "signs", "sign"), k->nrevoked, k->nfloors, cli_many(k->nfloors, "floor", "floors"));
}

static void say(const char *name, const struct keyring *k, bool json)
{
	(json ? keyring_print_json : keyring_print_sums)(name, k);
}

/* Takes --json out of the arguments; all else stays, in its order. */
static bool take_json(int *argc, char **argv)
{
	int n = 1;
	bool json = false;

	for (int i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			json = true;
		else
			argv[n++] = argv[i];
	}
	argv[n] = NULL;
	*argc = n;
	return json;
}

static int read_pub(struct public_key *out, const char *path, struct err *e)
{
	static struct trust t;

	t = (struct trust){.nkeys = 0};
	if (trust_add_file(&t, path, e) != 0)
		return -1;
	*out = t.keys[0];
	return 0;
}

/* What has been signed is not changed any more: the next one is. */
static int open_draft(struct ring_file *f, const char *path, struct err *e)
{
	struct err why = {.verdict = VERDICT_SYSTEM};
	char *sigs = NULL;
	size_t len = 0;
	int rc = sigfile_read(&sigs, &len, path, &why);

	free(sigs);
	if (rc != 0 && why.verdict == VERDICT_UNSIGNED)
		return ring_file_read(f, path, e);
	if (rc != 0)
		return err_set(e, why.verdict, "%s", why.message);
	return err_set(e, VERDICT_USAGE, "%s has signatures already: `firmkey keyring next' makes the one that follows on it", path);
}

/* Writes what has been edited, when EDITED is 0, and says so. */
static int close_draft(struct ring_file *f, const char *path, int edited, bool json, struct err *e)
{
	if (edited != 0 || ring_file_write(path, &f->ring, false, e) != 0) {
		ring_file_free(f);
		return cli_fail_as(e, json);
	}
	say(path, &f->ring, json);
	ring_file_free(f);
	return cli_done(STATUS_DONE);
}

static int take_count(uint32_t *out, const char *text, struct err *e)
{
	uint64_t n;

	if (cli_number(&n, text, KEYRING_THRESHOLD_MAX, "threshold", e) != 0)
		return -1;
	*out = (uint32_t)n;
	return n > 0 ? 0 : err_set(e, VERDICT_USAGE, "a threshold is at least 1");
}

int keyring_create(int argc, char **argv)
{
	static const struct option table[] = {
		{"output", required_argument, NULL, 'o'}, {"threshold", required_argument, NULL, 't'}, {NULL, 0, NULL, 0}};
	static struct keyring k;
	struct err e = {.verdict = VERDICT_SYSTEM};
	bool json = take_json(&argc, argv);
	const char *output = NULL;
	struct public_key key;
	int c, rc = 0;

	k = (struct keyring){.serial = 1, .root_threshold = 1, .release_threshold = 1};
	while (rc == 0 && (c = cli_option(argc, argv, "o:t:", table, &e)) != -1) {
		if (c == 'o')
			output = optarg;
		else if (c == 't')
			rc = take_count(&k.root_threshold, optarg, &e);
		else
			return cli_wrong(&e);
	}
	if (rc == 0 && (!output || optind == argc))
		return cli_usage("-o KEYRING and at least one root's PUB are needed");
	for (char **pub = argv + optind; rc == 0 && *pub; pub++) {
		rc = read_pub(&key, *pub, &e);
		if (rc == 0)
			rc = ring_add_root(&k, &key, &e);
	}
	if (rc != 0 || ring_file_write(output, &k, true, &e) != 0)
		return cli_fail_as(&e, json);
	say(output, &k, json);
	return cli_done(STATUS_DONE);
}

int keyring_add_root(int argc, char **argv)
{
	struct err e = {.verdict = VERDICT_SYSTEM};
	bool json = take_json(&argc, argv);
	static struct ring_file f;
	struct public_key key;
	int rc = 0;

	if (argc < 3)
		return cli_usage("want a KEYRING and at least one PUB");
	if (open_draft(&f, argv[1], &e) != 0)
		return cli_fail_as(&e, json);
	for (char **pub = argv + 2; rc == 0 && *pub; pub++)
		rc = read_pub(&key, *pub, &e) == 0 ? ring_add_root(&f.ring, &key, &e) : -1;
	return close_draft(&f, argv[1], rc, json, &e);
}

/* What add-release was asked for: each key for each product and each pattern. */
struct scopes {
	const char *products[KEYRING_RELEASES_MAX], *boards[KEYRING_RELEASES_MAX];
	size_t nproducts, nboards;
};

static int add_scopes(struct keyring *k, const char *pub, const struct scopes *s, struct err *e)
{
	struct public_key key;

	if (read_pub(&key, pub, e) != 0)
		return -1;
	for (size_t p = 0; p < s->nproducts; p++)
		for (size_t b = 0; b < s->nboards; b++)
			if (ring_add_release(k, &key, s->products[p], s->boards[b], e) != 0)
				return -1;
	return 0;
}

int keyring_add_release(int argc, char **argv)
{
	static const struct option table[] = {
		{"product", required_argument, NULL, 'p'}, {"board", required_argument, NULL, 'b'}, {NULL, 0, NULL, 0}};
	struct err e = {.verdict = VERDICT_SYSTEM};
	bool json = take_json(&argc, argv);
	struct scopes s = {.nproducts = 0};
	static struct ring_file f;
	int c, rc = 0;

	while ((c = cli_option(argc, argv, "", table, &e)) != -1) {
		if (c == 'p' && s.nproducts < KEYRING_RELEASES_MAX)
			s.products[s.nproducts++] = optarg;
		else if (c == 'b' && s.nboards < KEYRING_RELEASES_MAX)
			s.boards[s.nboards++] = optarg;
		else if (c == '?')
			return cli_wrong(&e);
		else
			return cli_usage("more than %d --product or --board", KEYRING_RELEASES_MAX);
	}
	if (s.nproducts == 0 || s.nboards == 0 || argc - optind < 2)
		return cli_usage("want a KEYRING, at least one PUB, --product and --board ('*' for all boards)");
	if (open_draft(&f, argv[optind], &e) != 0)
		return cli_fail_as(&e, json);
	for (char **pub = argv + optind + 1; rc == 0 && *pub; pub++)
		rc = add_scopes(&f.ring, *pub, &s, &e);
	return close_draft(&f, argv[optind], rc, json, &e);
}

int keyring_revoke(int argc, char **argv)
{
	struct err e = {.verdict = VERDICT_SYSTEM};
	bool json = take_json(&argc, argv);
	static struct ring_file f;
	struct public_key key;
	int rc = 0;

	if (argc < 3)
		return cli_usage("want a KEYRING and at least one KEYID or PUB");
	if (open_draft(&f, argv[1], &e) != 0)
		return cli_fail_as(&e, json);
	for (char **word = argv + 2; rc == 0 && *word; word++) {
		if (keyid_parse(key.id, (struct span){*word, strlen(*word)}) != 0)
			rc = read_pub(&key, *word, &e);
		if (rc == 0)
			rc = ring_revoke(&f.ring, key.id, &e);
	}
	return close_draft(&f, argv[1], rc, json, &e);
}

int keyring_set_floor(int argc, char **argv)
{
	struct err e = {.verdict = VERDICT_SYSTEM};
	bool json = take_json(&argc, argv);
	static struct ring_file f;
	uint64_t counter;

	if (argc != 4)
		return cli_usage("want a KEYRING, a PRODUCT and its least COUNTER");
	if (cli_number(&counter, argv[3], INT64_MAX, "counter", &e) != 0 || open_draft(&f, argv[1], &e) != 0)
		return cli_fail_as(&e, json);
	return close_draft(&f, argv[1], ring_floor(&f.ring, argv[2], counter, &e), json, &e);
}

int keyring_threshold(int argc, char **argv)
{
	struct err e = {.verdict = VERDICT_SYSTEM};
	bool json = take_json(&argc, argv);
	static struct ring_file f;
	bool root = argc == 4 && strcmp(argv[2], "root") == 0;

	if (argc != 4 || (!root && strcmp(argv[2], "release") != 0))
		return cli_usage("want a KEYRING, `root' or `release', and a number");
	if (open_draft(&f, argv[1], &e) != 0)
		return cli_fail_as(&e, json);
	return close_draft(&f, argv[1], take_count(root ? &f.ring.root_threshold : &f.ring.release_threshold, argv[3], &e), json, &e);
}

int keyring_next(int argc, char **argv)
{
	static const struct option table[] = {{"output", required_argument, NULL, 'o'}, {NULL, 0, NULL, 0}};
	struct err e = {.verdict = VERDICT_SYSTEM};
	bool json = take_json(&argc, argv);
	const char *output = NULL;
	static struct ring_file f;
	int c, rc;

	while ((c = cli_option(argc, argv, "o:", table, &e)) != -1) {
		if (c != 'o')
			return cli_wrong(&e);
		output = optarg;
	}
	if (!output || argc - optind != 1)
		return cli_usage("want a KEYRING, and -o for the one that follows on it");
	if (ring_file_read(&f, argv[optind], &e) != 0)
		return cli_fail_as(&e, json);
	f.ring.serial++; /* behind the last serial comes none: the writer says so */
	rc = ring_file_write(output, &f.ring, true, &e);
	if (rc == 0)
		say(output, &f.ring, json);
	ring_file_free(&f);
	return rc == 0 ? cli_done(STATUS_DONE) : cli_fail_as(&e, json);
}
