/* SPDX-License-Identifier: ISC */
/* firmpack attach and detach: signatures that are made where the bundle is not */
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cli.h"
#include "core/io.h"
#include "packer/blocks.h"
#include "packer/bundle_write.h"
#include "packer/peek.h"
#include "packer/verbs.h"

struct wish {
	const char *bundle, *output;
	char **files;            /* NULL at the end */
	struct trust trust;
};

static const struct option table[] = {
	{"pubkey", required_argument, NULL, 'p'}, {"keyring", required_argument, NULL, 'k'},
	{"output", required_argument, NULL, 'o'}, {NULL, 0, NULL, 0}};

/* Opens BUNDLE and reads its front. Returns the descriptor, or -1; peek_clear is due in either case. */
static int open_front(struct peek *p, const char *bundle, struct err *e)
{
	struct source_fd source;
	int fd = open(bundle, O_RDONLY | O_NOCTTY | O_CLOEXEC);

	*p = (struct peek){.manifest = NULL};
	if (fd < 0)
		return err_errno(e, "cannot open %s", bundle);
	source_fd_init(&source, fd);
	if (peek_read(p, &source.base, e) == 0)
		return fd;
	close(fd);
	return -1;
}

/* What is signed must be a manifest, on this side of the signature, too. */
static int check_manifest(const struct peek *p, struct err *e)
{
	char *copy = malloc(p->manifest_len + 1);
	struct manifest *m;

	if (!copy)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	memcpy(copy, p->manifest, p->manifest_len + 1);
	if (manifest_parse(&m, copy, p->manifest_len, e) != 0)
		return -1;
	manifest_free(&m);
	return 0;
}

static int add_files(struct blocks *blocks, const struct wish *w, const struct peek *p, struct err *e)
{
	unsigned char prehash[PREHASH_SIZE];
	struct hash hash;

	hash_init(&hash, PREHASH_SIZE);
	hash_update(&hash, p->manifest, p->manifest_len);
	hash_final(&hash, prehash, PREHASH_SIZE);
	for (char **file = w->files; *file; file++) {
		char *text = NULL;
		size_t len = 0;
		int rc;

		if (io_read_file(&text, &len, *file, BLOCKS_MAX, e) != 0)
			return -1;
		rc = blocks_add(blocks, (struct span){text, len}, &w->trust, prehash, e);
		free(text);
		if (rc != 0)
			return err_prefix(e, "%s", *file);
	}
	return 0;
}

static int attach(const struct wish *w, struct blocks *blocks, struct err *e)
{
	struct peek p;
	int fd = open_front(&p, w->bundle, e), rc = -1;

	if (fd < 0)
		goto out;
	if (check_manifest(&p, e) != 0 ||
	    (p.signatures && blocks_take(blocks, (struct span){p.signatures, p.signatures_len}, e) != 0) ||
	    add_files(blocks, w, &p, e) != 0)
		goto out;
	rc = bundle_resign(w->output ? w->output : w->bundle, fd, p.signatures_at, p.rest_at,
			   (struct span){blocks->text, blocks->len}, e);
out:
	if (fd >= 0)
		close(fd);
	peek_clear(&p);
	return rc;
}

static int parse(struct wish *w, int argc, char **argv, struct err *e)
{
	int c;

	*w = (struct wish){.bundle = NULL};
	opterr = 0;
	while ((c = getopt_long(argc, argv, "p:o:", table, NULL)) != -1) {
		if (c == 'p' && trust_add_file(&w->trust, optarg, e) != 0)
			return -1;
		if (c == 'k' && trust_add_keyring_file(&w->trust, optarg, e) != 0)
			return -1;
		if (c == 'o')
			w->output = optarg;
		if (c != 'p' && c != 'k' && c != 'o')
			return err_set(e, VERDICT_USAGE, "an option is unknown, ambiguous, or lacks its value");
	}
	w->bundle = argv[optind];
	w->files = argv + optind + (w->bundle != NULL);
	return 0;
}

int cmd_attach(int argc, char **argv)
{
	static struct blocks blocks;
	struct err e = {.verdict = VERDICT_OK};
	char id[KEYID_HEX + 1];
	struct wish w;

	if (parse(&w, argc, argv, &e) != 0)
		return e.verdict == VERDICT_USAGE ? cli_usage("%s", e.message) : cli_fail(&e);
	if (!w.bundle || !*w.files || trust_is_empty(&w.trust))
		return cli_usage("want a BUNDLE, SIGNATURES and the --pubkey or --keyring they are checked by");
	if (crypto_init_verify(&e) != 0 || attach(&w, &blocks, &e) != 0)
		return cli_fail(&e);
	printf("%s: signed by", w.output ? w.output : w.bundle);
	for (size_t i = 0; i < blocks.n; i++) {
		keyid_print(id, blocks.ids[i]);
		printf(" %s", id);
	}
	putchar('\n');
	return cli_done(STATUS_DONE);
}

static int write_file(const char *name, const char *text, size_t len, struct err *e)
{
	struct io_new file;
	int rc = -1;

	if (io_new_open(&file, name, 0666, e) != 0)
		return -1;
	if (io_write_all(file.fd, text, len) != 0)
		err_errno(e, "cannot write %s", name);
	else
		rc = io_new_commit(&file, e);
	io_new_discard(&file);
	return rc;
}

static int detach(const struct wish *w, struct err *e)
{
	size_t size = strlen(w->output) + sizeof ".minisig";
	char *name = malloc(size);
	struct peek p;
	int fd = open_front(&p, w->bundle, e), rc = -1;

	if (fd < 0)
		goto out;
	if (!name) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		goto out;
	}
	snprintf(name, size, "%s.minisig", w->output);
	if (check_manifest(&p, e) != 0 || write_file(w->output, p.manifest, p.manifest_len, e) != 0)
		goto out;
	rc = p.signatures ? write_file(name, p.signatures, p.signatures_len, e) : 0;
out:
	if (fd >= 0)
		close(fd);
	free(name);
	peek_clear(&p);
	return rc;
}

int cmd_detach(int argc, char **argv)
{
	struct err e = {.verdict = VERDICT_OK};
	struct wish w;

	if (parse(&w, argc, argv, &e) != 0 || !w.bundle || *w.files || !w.output || !trust_is_empty(&w.trust))
		return cli_usage("want a BUNDLE and -o NAME");
	if (crypto_init_verify(&e) != 0 || detach(&w, &e) != 0)
		return cli_fail(&e);
	return cli_done(STATUS_DONE);
}
