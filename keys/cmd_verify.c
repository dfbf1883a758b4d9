/* SPDX-License-Identifier: ISC */
/* firmkey verify */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli.h"
#include "core/json.h"
#include "core/trust.h"
#include "keys/cmd.h"
#include "keys/sigfile.h"
#include "keys/subject.h"

static const struct option options[] = {
	{"pubkey", required_argument, NULL, 'p'},
	{"keyring", required_argument, NULL, 'k'},
	{"json", no_argument, NULL, 'j'},
	{NULL, 0, NULL, 0},
};

static bool vouched(const struct signers *s, const struct minisig *block)
{
	for (size_t i = 0; i < s->n; i++)
		if (memcmp(s->ids[i], block->id, KEYID_SIZE) == 0)
			return true;
	return false;
}

/* Says each good block: trust_check has verified every one whose key it counts. */
static void say_signers(struct json *j, const char *name, const struct signers *s, struct span sigs)
{
	char id[KEYID_HEX + 1], comment[MINISIG_COMMENT_MAX + 1], quoted[160], shown[512];
	struct minisig block;

	err_quote(quoted, sizeof quoted, name, strlen(name));
	if (j)
		json_open_array(j, "signers");
	while (minisig_next(&block, &sigs, NULL) == 1) {
		if (!vouched(s, &block))
			continue;
		keyid_print(id, block.id);
		memcpy(comment, block.comment.at, block.comment.len);
		comment[block.comment.len] = '\0';
		if (j) {
			json_open_object(j, NULL);
			json_put_string(j, "key", id);
			json_put_string(j, "comment", comment);
			json_close_object(j);
		} else {
			printf("%s: ok: signed by key %s: \"%s\"\n", quoted, id,
			       err_quote(shown, sizeof shown, block.comment.at, block.comment.len));
		}
	}
	if (j)
		json_close_array(j);
}

static int verify(const struct trust *trust, const char *name, struct json *j, struct err *e)
{
	struct signers signers;
	struct subject subject;
	char *text = NULL, quoted[160];
	size_t len = 0;
	int rc = -1;

	if (subject_hash(subject.prehash, name, e) != 0)
		goto out;
	if (sigfile_read(&text, &len, name, e) != 0 ||
	    trust_check(trust, subject.prehash, (struct span){text, len}, &signers, e) != ACCEPTED) {
		err_prefix(e, "%s", err_quote(quoted, sizeof quoted, name, strlen(name)));
		goto out;
	}
	say_signers(j, name, &signers, (struct span){text, len});
	rc = 0;
out:
	free(text);
	return rc;
}

/* Every file gets its answer; the status is that of the first that is refused. */
static int verify_all(const struct trust *trust, char **names, bool json)
{
	struct json j;
	int status = STATUS_DONE;

	if (json) {
		json_begin(&j, stdout);
		json_open_object(&j, NULL);
		json_open_array(&j, "files");
	}
	for (; *names; names++) {
		struct err e = {.verdict = VERDICT_SYSTEM};
		int failed = 0;

		if (json) {
			json_open_object(&j, NULL);
			json_put_string(&j, "file", *names);
		}
		if (verify(trust, *names, json ? &j : NULL, &e) != 0) {
			failed = cli_fail(&e);


			status = status == STATUS_DONE ? failed : status;
		}
		if (json) {
			json_put_string(&j, "verdict", verdict_word(failed ? e.verdict : VERDICT_OK));
			if (failed)
				json_put_string(&j, "message", e.message);
			json_close_object(&j);
		}
	}
	if (json) {
		json_close_array(&j);
		json_put_number(&j, "status", (uint64_t)status);
		json_close_object(&j);
		json_finish(&j);
	}
	return cli_done(status);
}

int cmd_verify(int argc, char **argv)
{
	struct trust trust = {.nkeys = 0};
	struct err e = {.verdict = VERDICT_SYSTEM};
	bool json = false;
	int c, rc = 0;

	while (rc == 0 && (c = cli_option(argc, argv, "p:", options, &e)) != -1) {
		switch (c) {
		case 'p': rc = trust_add_file(&trust, optarg, &e); break;
		case 'k': rc = trust_add_keyring_file(&trust, optarg, &e); break;
		case 'j': json = true; break;
		default: return cli_wrong(&e);
		}
	}
	if (rc != 0)
		return cli_fail_as(&e, json);
	if (trust_is_empty(&trust) || optind == argc)
		return cli_usage("-p PUB or --keyring FILE, and at least one FILE are needed");
	for (char **name = argv + optind; *name; name++)
		if (strcmp(*name, "-") == 0)
			return cli_usage("standard input has no .minisig beside it: name a FILE");
	return verify_all(&trust, argv + optind, json);
}
