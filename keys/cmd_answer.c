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
		json_object(&j, NULL);
		json_string(&j, "verdict", verdict_word(VERDICT_OK));
		json_number(&j, "status", STATUS_DONE);
		json_string(&j, "key", id);
		json_string(&j, "file", file);
		json_end_object(&j);
		json_finish(&j);
	} else {
		printf("key %s: %s\n", id, text);
	}
	return cli_done(STATUS_DONE);
}
