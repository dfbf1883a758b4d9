/* SPDX-License-Identifier: ISC */
/* How the verbs that make a key say so */
#include <stdio.h>

#include "core/cli.h"
#include "core/json.h"
#include "keys/cmd.h"

int cmd_answer_key(const struct public_key *k, const char *file, const char *text, bool json)
{
	char id[KEYID_HEX + 1];
	struct json j;

	keyid_print(id, k->id);
	if (json) {
		json_begin(&j, stdout);
		json_open_object(&j, NULL);
		json_put_string(&j, "verdict", verdict_word(VERDICT_OK));
		json_put_number(&j, "status", STATUS_DONE);
		json_put_string(&j, "key", id);
		json_put_string(&j, "file", file);
		json_close_object(&j);
		json_finish(&j);
	} else {
		printf("key %s: %s\n", id, text);
	}
	return cli_done(STATUS_DONE);
}
