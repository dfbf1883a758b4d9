/* SPDX-License-Identifier: ISC */
/* firmkey keyring show and verify */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/chain.h"
#include "core/cli.h"
#include "core/json.h"
#include "keys/cmd_keyring.h"
#include "keys/sigfile.h"

static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};

/* --- show --- */

static const char *id_text(const unsigned char id[static KEYID_SIZE])
{
	static char text[KEYID_HEX + 1];

	keyid_print(text, id);
	return text;
}

static void show_text(const char *name, const struct keyring *k)
{
	keyring_print_sums(name, k);
	for (size_t i = 0; i < k->nroots; i++)
		printf("  root %s\n", id_text(k->roots[i].id));
	for (size_t i = 0; i < k->nreleases; i++)
		printf("  release %s: %s on %s\n", id_text(k->releases[i].key.id), k->releases[i].product, k->releases[i].boards);
	for (size_t i = 0; i < k->nrevoked; i++)
		printf("  revoked %s\n", id_text(k->revoked[i]));
	for (size_t i = 0; i < k->nfloors; i++)
		printf("  floor of %s: counter %" PRIu64 "\n", k->floors[i].product, k->floors[i].counter);
}

void keyring_print_json(const char *name, const struct keyring *k)
{
	struct json j;

	json_begin(&j, stdout);
	json_open_object(&j, NULL);
	json_put_string(&j, "verdict", verdict_word(VERDICT_OK));
	json_put_number(&j, "status", STATUS_DONE);
	json_put_string(&j, "file", name);
	json_put_number(&j, "serial", k->serial);
	json_put_number(&j, "root_threshold", k->root_threshold);
	json_open_array(&j, "roots");
	for (size_t i = 0; i < k->nroots; i++)
		json_put_string(&j, NULL, id_text(k->roots[i].id));
	json_close_array(&j);
	json_put_number(&j, "release_threshold", k->release_threshold);
	json_open_array(&j, "releases");
	for (size_t i = 0; i < k->nreleases; i++) {
		json_open_object(&j, NULL);
		json_put_string(&j, "key", id_text(k->releases[i].key.id));
		json_put_string(&j, "product", k->releases[i].product);
		json_put_string(&j, "boards", k->releases[i].boards);
		json_close_object(&j);
	}
	json_close_array(&j);
	json_open_array(&j, "revoked");
	for (size_t i = 0; i < k->nrevoked; i++)
		json_put_string(&j, NULL, id_text(k->revoked[i]));
	json_close_array(&j);
	json_open_array(&j, "floors");
	for (size_t i = 0; i < k->nfloors; i++) {
		json_open_object(&j, NULL);
		json_put_string(&j, "product", k->floors[i].product);
		json_put_number(&j, "counter", k->floors[i].counter);
		json_close_object(&j);
	}
	json_close_array(&j);
	json_close_object(&j);
	json_finish(&j);
}

/* Reads the one option. Returns 0 or -1. */
static int take_json(bool *json, int argc, char **argv, struct err *e)
{
	int c;

	while ((c = cli_option(argc, argv, "", options, e)) != -1) {
		if (c != 'j')
			return -1;
		*json = true;
	}
	return 0;
}

int keyring_show(int argc, char **argv)
{
	struct err e = {.verdict = VERDICT_SYSTEM};
	static struct ring_file f;
	bool json = false;

	if (take_json(&json, argc, argv, &e) != 0 || argc - optind != 1)
		return cli_usage("want one KEYRING");
	if (ring_file_read(&f, argv[optind], &e) != 0)
		return cli_fail_as(&e, json);
	if (json)
		keyring_print_json(argv[optind], &f.ring);
	else
		show_text(argv[optind], &f.ring);
	ring_file_free(&f);
	return cli_done(STATUS_DONE);
}

/* --- verify --- */

static int check_self(struct trust *t, const struct ring_file *f, struct span sigs, struct signers *signers, struct err *e)
{
	unsigned char prehash[PREHASH_SIZE];
	struct hash hash;

	hash_init(&hash, PREHASH_SIZE);
	hash_update(&hash, f->text, f->len);
	hash_final(&hash, prehash, PREHASH_SIZE);
	if (chain_check_roots(&f->ring, prehash, sigs, signers, e) != ACCEPTED)
		return -1;
	t->ring = f->ring;
	return 0;
}

/* Checks NAME against itself and, unless it is the first, against the one before it, which T has. */
static int verify_one(struct trust *t, const char *name, struct signers *signers, struct err *e)
{
	char *sigs = NULL, quoted[160];
	size_t sigs_len = 0;
	struct ring_file f = {.text = NULL};
	int rc = -1;

	if (ring_file_read(&f, name, e) != 0)
		return -1;
	if (sigfile_read(&sigs, &sigs_len, name, e) == 0 &&
	    (t->ring.serial == 0 || chain_step(t, (struct span){f.text, f.len}, (struct span){sigs, sigs_len}, CHAIN_NEXT, e) == ACCEPTED))
		rc = check_self(t, &f, (struct span){sigs, sigs_len}, signers, e);
	free(sigs);
	ring_file_free(&f);
	return rc == 0 ? 0 : err_prefix(e, "%s", err_quote(quoted, sizeof quoted, name, strlen(name)));
}

static void say_verified(struct json *j, const char *name, const struct keyring *k, bool first, const struct signers *s)
{
	char quoted[160];

	if (j) {
		json_put_string(j, "verdict", verdict_word(VERDICT_OK));
		json_put_number(j, "serial", k->serial);
		json_open_array(j, "signers");
		for (size_t i = 0; i < s->n; i++)
			json_put_string(j, NULL, id_text(s->ids[i]));
		json_close_array(j);
		return;
	}
	printf("%s: ok: serial %" PRIu64 "%s, signed by", err_quote(quoted, sizeof quoted, name, strlen(name)), k->serial,
	       first ? "" : " follows on the one before");
	for (size_t i = 0; i < s->n; i++)
		printf(" %s", id_text(s->ids[i]));
	putchar('\n');
}

/* Stops at the first that is not right: what is behind it follows on nothing. */
static int verify_all(char **names, struct json *j)
{
	struct err e = {.verdict = VERDICT_SYSTEM};
	static struct trust trust;
	struct signers signers;
	int status = STATUS_DONE;

	for (; *names && status == STATUS_DONE; names++) {
		bool first = trust.ring.serial == 0;

		if (j) {
			json_open_object(j, NULL);
			json_put_string(j, "file", *names);
		}
		if (verify_one(&trust, *names, &signers, &e) == 0) {
			say_verified(j, *names, &trust.ring, first, &signers);
		} else {
			status = cli_fail(&e);
			if (j) {
				json_put_string(j, "verdict", verdict_word(e.verdict));
				json_put_string(j, "message", e.message);
			}
		}
		if (j)
			json_close_object(j);
	}
	return status;
}

int keyring_verify(int argc, char **argv)
{
	struct err usage = {.verdict = VERDICT_SYSTEM};
	bool json = false;
	struct json j;
	int status;

	if (take_json(&json, argc, argv, &usage) != 0 || optind == argc)
		return cli_usage("want at least one KEYRING");
	if (!json)
		return cli_done(verify_all(argv + optind, NULL));
	json_begin(&j, stdout);
	json_open_object(&j, NULL);
	json_open_array(&j, "files");
	status = verify_all(argv + optind, &j);
	json_close_array(&j);
	json_put_number(&j, "status", (uint64_t)status);
	json_close_object(&j);
	json_finish(&j);
	return cli_done(status);
}
