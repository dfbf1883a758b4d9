/* SPDX-License-Identifier: ISC */
/* firmkey keyring sign: a root's signature, or those of others brought together */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/chain.h"
#include "core/cli.h"
#include "core/io.h"
#include "core/json.h"
#include "keys/blocks.h"
#include "keys/cmd_keyring.h"
#include "keys/sigfile.h"
#include "keys/sign.h"

enum { OPT_PASSWORD_FILE = 256, OPT_PASSWORD_FD, OPT_PREVIOUS, OPT_MERGE, OPT_JSON, OPT_SIGNER };

static const struct option options[] = {
	{"key", required_argument, NULL, 'k'},
	{"previous", required_argument, NULL, OPT_PREVIOUS},
	{"merge", required_argument, NULL, OPT_MERGE},
	{"json", no_argument, NULL, OPT_JSON},
	{"password-file", required_argument, NULL, OPT_PASSWORD_FILE},
	{"password-fd", required_argument, NULL, OPT_PASSWORD_FD},
	SIGNER_OPTIONS(OPT_SIGNER),
	{NULL, 0, NULL, 0},
};

struct wish {
	const char *file, *key, *previous;
	const char *merge[MINISIG_BLOCKS_MAX];
	size_t nmerge;
	bool json;
	struct password pw;
	struct signer_list signers; /* one, or none */
	struct trust roots;         /* whose signatures are of use here: this keyring's, and its predecessor's */
	struct blocks blocks;
};

static void add_roots(struct trust *t, const struct keyring *k)
{
	for (size_t i = 0; i < k->nroots; i++)
		if (!trust_find(t, k->roots[i].id))
			t->keys[t->nkeys++] = k->roots[i]; /* twice 16 of 64 */
}

static int take_roots(struct wish *w, const struct ring_file *f, struct err *e)
{
	struct ring_file previous;
	int rc = 0;

	add_roots(&w->roots, &f->ring);
	if (!w->previous)
		return 0;
	if (ring_file_read(&previous, w->previous, e) != 0)
		return -1;
	add_roots(&w->roots, &previous.ring);
	if (previous.ring.serial + 1 != f->ring.serial)
		rc = err_set(e, VERDICT_KEYRING_GAP, "%s has serial %" PRIu64 ", and %s has %" PRIu64, w->previous, previous.ring.serial, w->file,
			f->ring.serial);
	ring_file_free(&previous);
	return rc;
}

static int sign(struct wish *w, const unsigned char prehash[static PREHASH_SIZE], uint64_t serial, struct err *e)
{
	char block[SIGN_BLOCK_MAX], comment[64];
	struct seckey *k = NULL;
	struct hand hand;
	int len = -1;

	if (w->key && seckey_load(&k, w->key, &w->pw, e) != 0)
		return -1;
	hand = (struct hand){.key = k, .signer = &w->signers.at[0]};
	snprintf(comment, sizeof comment, "firmseal keyring:%" PRIu64, serial);
	len = sign_prehash_by(block, &hand, prehash, comment, e);
	seckey_free(&k);
	if (len < 0)
		return -1;
	if (blocks_add(&w->blocks, (struct span){block, (size_t)len}, &w->roots, prehash, e) == 0)
		return 0;
	return err_prefix(e, "this key is no root of the keyring (one that leaves signs with --previous)");
}

static int merge(struct wish *w, const unsigned char prehash[static PREHASH_SIZE], struct err *e)
{
	for (size_t i = 0; i < w->nmerge; i++) {
		char *text = NULL;
		size_t len = 0;
		int rc;

		if (io_read_file(&text, &len, w->merge[i], SIGFILE_MAX, e) != 0)
			return -1;
		rc = blocks_add(&w->blocks, (struct span){text, len}, &w->roots, prehash, e);
		free(text);
		if (rc != 0)
			return err_prefix(e, "%s", w->merge[i]);
	}
	return 0;
}

/* What stands beside the keyring already; none is fine. */
static int take_present(struct wish *w, struct err *e)
{
	struct err why = {.verdict = VERDICT_SYSTEM};
	char *text = NULL;
	size_t len = 0;
	int rc;

	if (sigfile_read(&text, &len, w->file, &why) != 0)
		return why.verdict == VERDICT_UNSIGNED ? 0 : err_set(e, why.verdict, "%s", why.message);
	rc = blocks_take(&w->blocks, (struct span){text, len}, e);
	free(text);
	return rc == 0 ? 0 : err_prefix(e, "%s.minisig", w->file);
}

/* Is the signer I one of the keyring's own roots? */
static bool is_root(const struct wish *w, size_t i, const struct keyring *k)
{
	for (size_t r = 0; r < k->nroots; r++)
		if (memcmp(k->roots[r].id, w->blocks.ids[i], KEYID_SIZE) == 0)
			return true;
	return false;
}

static void say_json(const struct wish *w, const struct keyring *k, size_t n)
{
	char id[KEYID_HEX + 1];
	struct json j;

	json_begin(&j, stdout);
	json_open_object(&j, NULL);
	json_put_string(&j, "verdict", verdict_word(VERDICT_OK));
	json_put_number(&j, "status", STATUS_DONE);
	json_put_string(&j, "file", w->file);
	json_put_number(&j, "serial", k->serial);
	json_open_array(&j, "signers");
	for (size_t i = 0; i < w->blocks.n; i++) {
		keyid_print(id, w->blocks.ids[i]);
		json_put_string(&j, NULL, id);
	}
	json_close_array(&j);
	json_put_number(&j, "roots", n);
	json_put_number(&j, "root_threshold", k->root_threshold);
	json_close_object(&j);
	json_finish(&j);
}

/* How far it has come: the roots of the keyring itself that have signed. */
static void say(const struct wish *w, const struct keyring *k)
{
	char id[KEYID_HEX + 1], quoted[160];
	size_t n = 0;

	for (size_t i = 0; i < w->blocks.n; i++)
		n += is_root(w, i, k);
	if (w->json) {
		say_json(w, k, n);
		return;
	}
	printf("%s: signed by", err_quote(quoted, sizeof quoted, w->file, strlen(w->file)));
	for (size_t i = 0; i < w->blocks.n; i++) {
		keyid_print(id, w->blocks.ids[i]);
		printf(" %s", id);
	}
	printf(": %zu of the %" PRIu32 " roots that it takes\n", n, k->root_threshold);
}

static int run(struct wish *w, struct err *e)
{
	unsigned char prehash[PREHASH_SIZE];
	struct ring_file f;
	struct hash hash;
	int rc = -1;

	if (ring_file_read(&f, w->file, e) != 0)
		return -1;
	hash_init(&hash, PREHASH_SIZE);
	hash_update(&hash, f.text, f.len);
	hash_final(&hash, prehash, PREHASH_SIZE);
	if (take_roots(w, &f, e) == 0 && take_present(w, e) == 0 &&
	    (w->nmerge > 0 ? merge(w, prehash, e) : sign(w, prehash, f.ring.serial, e)) == 0)
		rc = sigfile_write(w->file, w->blocks.text, w->blocks.len, e);
	if (rc == 0)
		say(w, &f.ring);
	ring_file_free(&f);
	return rc;
}

static int take_option(struct wish *w, int c, struct err *e)
{
	switch (c) {
	case 'k': w->key = optarg; return 0;
	case OPT_JSON: w->json = true; return 0;
	case OPT_PREVIOUS: w->previous = optarg; return 0;
	case OPT_MERGE:
		if (w->nmerge == MINISIG_BLOCKS_MAX)
			return err_set(e, VERDICT_USAGE, "more than %d files to merge", MINISIG_BLOCKS_MAX);
		w->merge[w->nmerge++] = optarg;
		return 0;
	case OPT_PASSWORD_FILE: return password_use_file(&w->pw, optarg, e);
	case OPT_PASSWORD_FD: return password_use_fd(&w->pw, optarg, e);
	case OPT_SIGNER:
	case OPT_SIGNER + SIGNER_ARG:
	case OPT_SIGNER + SIGNER_PUBKEY:
	case OPT_SIGNER + SIGNER_TIMEOUT:
		return signer_take(&w->signers, (enum signer_option)(c - OPT_SIGNER), optarg, e);
	default: return err_set(e, VERDICT_USAGE, "this verb has no such option");
	}
}

int keyring_sign(int argc, char **argv)
{
	static struct wish w = {.pw = {.fd = -1}, .signers = {.say = cli_relay}};
	struct err e = {.verdict = VERDICT_SYSTEM};
	int c;

	while ((c = cli_option(argc, argv, "k:", options, &e)) != -1)
		if (c == '?' || take_option(&w, c, &e) != 0)
			return cli_wrong(&e);
	if (argc - optind != 1 || (w.key != NULL) + w.signers.n + (w.nmerge > 0) != 1)
		return cli_usage("want one KEYRING, and one of -k KEY, --signer and --merge");
	if (signer_complete(&w.signers, &e) != 0)
		return cli_wrong(&e);
	w.file = argv[optind];
	return run(&w, &e) == 0 ? cli_done(STATUS_DONE) : cli_fail_as(&e, w.json);
}
