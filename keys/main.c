/* SPDX-License-Identifier: ISC */
/* firmkey: makes keys, signs, changes passwords. */
#include <stdio.h>

#include "core/cli.h"
#include "keys/cmd.h"
#include "keys/seckey.h"
#include "keys/signer.h"

static const struct verb verbs[] = {
	{"generate", cmd_generate, "-o NAME [--no-password | [--password-file FILE | --password-fd N] [--low-memory]] [--json]",
	 "Makes a key pair: NAME.key, to be kept secret, and NAME.pub"},
	{"import", cmd_import, "FILE -o NAME [--no-password | [--password-file FILE | --password-fd N] [--low-memory]] [--json]",
	 "Takes over a key of signify (made with -n), in PEM, DER or OpenSSH's form: a secret one to NAME.key and NAME.pub, a public one, "
	 "such as a token's, to NAME.pub"},
	{"export", cmd_export,
	 "FILE --form minisign|signify|pem|ssh [-o OUT [--json]]\n"
	 "  export KEY --secret --form signify|pem -o OUT [--password-file FILE | --password-fd N]\n"
	 "                            the secret key, without any password",
	 "Writes a public key as other tools read it, or a secret one for signify or OpenSSL"},
	{"show", cmd_show, "FILE... [--json]",
	 "Tells what key files and signatures are, and by which key; asks for no password"},
	{"sign", cmd_sign,
	 "FILE... (-k KEY | --signer PROGRAM) [-t COMMENT] [--append] [--json]\n"
	 "  [--password-file FILE | --password-fd N]\n" SIGNER_SYNOPSIS,
	 "Signs each FILE into FILE.minisig; - signs standard input onto standard output"},
	{"verify", cmd_verify, "FILE... (-p PUB... | --keyring KEYRING) [--json]",
	 "Checks each FILE against FILE.minisig and the public keys given, or the release keys of a keyring"},
	{"keyring", cmd_keyring,
	 "create -o KEYRING [--threshold N] PUB...   serial 1; the keys are its roots, N of them sign (1)\n"
	 "  keyring add-root KEYRING PUB...\n"
	 "  keyring add-release KEYRING PUB... --product NAME... --board PATTERN...   each key for each product and board;\n"
	 "                            a * ends a pattern, or is all of it\n"
	 "  keyring revoke KEYRING (KEYID | PUB)...   for good\n"
	 "  keyring floor KEYRING PRODUCT COUNTER     the lowest that a board accepts\n"
	 "  keyring threshold KEYRING root|release N\n"
	 "  keyring next KEYRING -o NEW               the same with the next serial: what is signed is not edited any more\n"
	 "  keyring sign KEYRING (-k KEY | --signer PROGRAM | --merge SIGNATURES...) [--previous OLD]\n"
	 "    [--password-file FILE | --password-fd N]   adds to KEYRING.minisig; a root of OLD that leaves needs --previous\n"
	 SIGNER_SYNOPSIS
	 "  keyring show KEYRING\n"
	 "  keyring verify KEYRING...                 the first against its own roots, each further one as the next step\n"
	 "  [--json]                  with each of them",
	 "Makes, edits, signs and checks keyrings: roots, release keys and their scopes, revocations, floors"},
	{"password", cmd_password,
	 "KEY [--password-file FILE | --password-fd N]\n"
	 "            [--no-password | [--new-password-file FILE | --new-password-fd N] [--low-memory]] [--json]",
	 "Changes or removes the password of a secret key"},
	{NULL, NULL, NULL, NULL},
};

static const struct program program = {"firmkey", "keeps the keys that firmware is signed with", verbs};

int main(int argc, char **argv)
{
	struct err e = {.verdict = VERDICT_SYSTEM};

	if (keys_init(&e) != 0) {
		fprintf(stderr, "firmkey: %s: %s\n", verdict_word(e.verdict), e.message);
		return (int)verdict_status(e.verdict);
	}
	return cli_run(&program, argc, argv);
}
