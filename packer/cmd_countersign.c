/* SPDX-License-Identifier: ISC */
/* firmpack countersign: a second person checks a finished bundle, whole, and adds a signature to it */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/chunks.h"
#include "core/cli.h"
#include "core/reader.h"
#include "keys/sign.h"
#include "packer/front.h"
#include "packer/verbs.h"

enum { THREADS_MAX = 64, OPT_PASSWORD_FILE = 256, OPT_PASSWORD_FD, OPT_KEYRING, OPT_JSON, OPT_SIGNER };

static const struct option table[] = {
	{"key", required_argument, NULL, 'k'},
	{"pubkey", required_argument, NULL, 'p'},
	{"keyring", required_argument, NULL, OPT_KEYRING},
	{"output", required_argument, NULL, 'o'},
	{"password-file", required_argument, NULL, OPT_PASSWORD_FILE},
	{"password-fd", required_argument, NULL, OPT_PASSWORD_FD},
	{"json", no_argument, NULL, OPT_JSON},
	SIGNER_OPTIONS(OPT_SIGNER),
	{NULL, 0, NULL, 0},
};

struct wish {
	const char *bundle, *output, *key;
	struct trust trust;          /* by whom it must be signed already */
	struct password password;
	struct signer_list signers;
	bool json;
};

static int read_all(struct reader *r, struct err *e)
{
	struct reader_item item;
	int rc;

	while ((rc = reader_next(r, &item, e)) == 1)
		;
	return rc == 0 && reader_complete(r, e) == ACCEPTED ? 0 : -1;
}

/* All of it, as a board would; COMMENT is what the new signature will say. The manifest that was checked must be the one in F. */
static int check(const struct front *f, const struct wish *w, char comment[static MINISIG_COMMENT_MAX + 1], struct err *e)
{
	const struct manifest_head *head;
	struct reader *r = NULL;
	struct source_fd source;
	struct span text;
	int rc = -1;

	if (lseek(f->fd, 0, SEEK_SET) != 0)
		return err_errno(e, "cannot read %s again", w->bundle);
	source_fd_init(&source, f->fd);
	if (reader_open(&r, &source.base, &w->trust, &policy_none, chunks_threads(THREADS_MAX), e) != 0)
		return -1;
	text = manifest_text(reader_manifest(r));
	head = manifest_head(reader_manifest(r));
	sign_manifest_comment(comment, MINISIG_COMMENT_MAX + 1, head->product, head->version, head->counter);
	if (text.len != f->peek.manifest_len || memcmp(text.at, f->peek.manifest, text.len) != 0)
		err_set(e, VERDICT_SYSTEM, "%s changed while it was read", w->bundle);
	else
		rc = read_all(r, e);
	reader_free(&r);
	return rc;
}

static int sign(struct front *f, const struct hand *hand, const char *comment, struct err *e)
{
	unsigned char prehash[PREHASH_SIZE];
	struct trust own = {.nkeys = 1};
	char *block = malloc(SIGN_BLOCK_MAX);
	int n, rc = -1;

	if (!block)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	front_prehash(f, prehash);
	hand_public(hand, &own.keys[0]);
	n = sign_prehash_by(block, hand, prehash, comment, e);
	if (n > 0)
		rc = blocks_add(&f->blocks, (struct span){block, (size_t)n}, &own, prehash, e);
	free(block);
	return rc;
}

static int countersign(struct front *f, const struct wish *w, struct err *e)
{
	char comment[MINISIG_COMMENT_MAX + 1];
	struct seckey *key = NULL;
	int rc = -1;

	if (front_open(f, w->bundle, e) != 0 || check(f, w, comment, e) != 0)
		return err_prefix(e, "%s", w->bundle);
	if (w->key && seckey_load(&key, w->key, &w->password, e) != 0)
		return -1;
	if (sign(f, &(struct hand){.key = key, .signer = &w->signers.at[0]}, comment, e) == 0)
		rc = 0;
	seckey_free(&key);
	return rc == 0 ? front_write(f, w->output ? w->output : w->bundle, e) : -1;
}

/* One who may sign it is enough here: the signature that is missing is what this verb is for. */
static int take_keyring(struct trust *t, const char *path, struct err *e)
{
	if (trust_add_keyring_file(t, path, e) != 0)
		return -1;
	t->ring.release_threshold = 1;
	return 0;
}

static int take_option(struct wish *w, int c, struct err *e)
{
	switch (c) {
	case 'k': w->key = optarg; return 0;
	case 'p': return trust_add_file(&w->trust, optarg, e);
	case OPT_KEYRING: return take_keyring(&w->trust, optarg, e);
	case 'o': w->output = optarg; return 0;
	case OPT_PASSWORD_FILE: return password_use_file(&w->password, optarg, e);
	case OPT_PASSWORD_FD: return password_use_fd(&w->password, optarg, e);
	case OPT_JSON: w->json = true; return 0;
	case OPT_SIGNER:
	case OPT_SIGNER + SIGNER_ARG:
	case OPT_SIGNER + SIGNER_PUBKEY:
	case OPT_SIGNER + SIGNER_TIMEOUT:
		return signer_take(&w->signers, (enum signer_option)(c - OPT_SIGNER), optarg, e);
	default: return err_set(e, VERDICT_USAGE, "this verb has no such option");
	}
}

static int parse(struct wish *w, int argc, char **argv, struct err *e)
{
	int c;

	while ((c = cli_option(argc, argv, "k:p:o:", table, e)) != -1)
		if (c == '?' || take_option(w, c, e) != 0)
			return -1;
	if (argc - optind != 1 || trust_is_empty(&w->trust) || (w->key != NULL) + w->signers.n != 1)
		return err_set(e, VERDICT_USAGE, "want one BUNDLE, --pubkey or --keyring: who signed it already, and -k or --signer: who signs it now");
	w->bundle = argv[optind];
	return signer_complete(&w->signers, e);
}

int cmd_countersign(int argc, char **argv)
{
	static struct wish w = {.password = {.fd = -1}, .signers = {.say = cli_relay}};
	static struct front front = {.fd = -1};
	struct err e = {.verdict = VERDICT_SYSTEM};
	int status = STATUS_DONE;

	if (parse(&w, argc, argv, &e) != 0)
		return cli_wrong(&e);
	if (keys_init(&e) != 0 || countersign(&front, &w, &e) != 0)
		status = cli_fail_as(&e, w.json);
	else
		front_say(&front, w.output ? w.output : w.bundle, w.json);
	front_close(&front);
	return cli_done(status);
}
