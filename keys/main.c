/* SPDX-License-Identifier: ISC */
/* firmkey: makes keys, signs, changes passwords. */
#include <stdio.h>

#include "core/cli.h"
#include "keys/cmd.h"
#include "keys/seckey.h"

static const struct verb verbs[] = {
	{"generate", cmd_generate, "-o NAME [--no-password | --password-file FILE | --password-fd N]",
	 "Makes a key pair: NAME.key, to be kept secret, and NAME.pub"},
	{"show", cmd_show, "FILE... [--json]",
	 "Tells what key files and signatures are, and by which key; asks for no password"},
	{"sign", cmd_sign,
	 "FILE... -k KEY [-t COMMENT] [--append]\n            [--password-file FILE | --password-fd N]",
	 "Signs each FILE into FILE.minisig; - signs standard input onto standard output"},
	{"verify", cmd_verify, "FILE... (-p PUB... | --keyring KEYRING) [--json]",
	 "Checks each FILE against FILE.minisig and the public keys given, or the release keys of a keyring"},
	{"password", cmd_password,
	 "KEY [--password-file FILE | --password-fd N]\n"
	 "            [--no-password | --new-password-file FILE | --new-password-fd N]",
	 "Changes or removes the password of a secret key"},
	{NULL, NULL, NULL, NULL},
};

static const struct program program = {"firmkey", "keeps the keys that firmware is signed with", verbs};

int main(int argc, char **argv)
{
	struct err e = {.verdict = VERDICT_OK};

	if (keys_init(&e) != 0) {
		fprintf(stderr, "firmkey: %s: %s\n", verdict_word(e.verdict), e.message);
		return (int)verdict_status(e.verdict);
	}
	return cli_run(&program, argc, argv);
}
