/* SPDX-License-Identifier: ISC */
/* firmkey adopt */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli.h"
#include "core/io.h"
#include "core/json.h"
#include "keys/adopt.h"
#include "keys/cmd.h"
#include "keys/seckey.h"

enum { OPT_JSON = 256 };

static const struct option options[] = {
	{"output", required_argument, NULL, 'o'}, {"json", no_argument, NULL, OPT_JSON}, {NULL, 0, NULL, 0}};

static int adopt(const char *file, const char *name, bool json, struct err *e)
{
	char *text = NULL, quoted[160], id[KEYID_HEX + 1];
	struct public_key key;
	struct json j;
	size_t len = 0;
	int rc = -1;

	if (io_read_file(&text, &len, file, ADOPT_FILE_MAX, e) != 0)
		return -1;
	if (adopt_parse(&key, text, len, e) != 0) {
		err_prefix(e, "%s", err_quote(quoted, sizeof quoted, file, strlen(file)));
		goto out;
	}
	if (seckey_save_public(&key, name, e) != 0)
		goto out;
	keyid_print(id, key.id);
	if (json) {
		json_begin(&j, stdout);
		json_object(&j, NULL);
		json_string(&j, "verdict", verdict_word(VERDICT_OK));
		json_number(&j, "status", STATUS_DONE);
		json_string(&j, "key", id);
		json_string(&j, "file", name);
		json_end_object(&j);
		json_finish(&j);
	} else {
		printf("key %s: %s is for everyone\n", id, err_quote(quoted, sizeof quoted, name, strlen(name)));
	}
	rc = 0;
out:
	free(text);
	return rc;
}

int cmd_adopt(int argc, char **argv)
{
	struct err e = {.verdict = VERDICT_OK};
	const char *name = NULL;
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		switch (c) {
		case 'o': name = optarg; break;
		case OPT_JSON: json = true; break;
		default: return cli_usage("unknown option, or one without its argument");
		}
	}
	if (!name || optind + 1 != argc)
		return cli_usage("one FILE and -o NAME.pub are needed");
	return adopt(argv[optind], name, json, &e) == 0 ? cli_done(STATUS_DONE) : cli_fail_as(&e, json);
}
