/* SPDX-License-Identifier: ISC */
/* The verbs that firmpack and firmverify share to the letter: what the vendor checks is what the board checks. */
#ifndef CORE_VERBS_H
#define CORE_VERBS_H

#define VERB_POLICY_OPTIONS \
	"  [--board ID[:REV]]        also: is it for this board? (without REV: for any revision of it)\n" \
	"  [--product NAME] [--counter N]  also: is it this product; is its security counter at least N?\n"
#define VERB_CHECK \
	{"check", verb_check, \
	 "BUNDLE|- (--pubkey FILE... | --keyring FILE)\n" VERB_POLICY_OPTIONS \
	 "  [--quick]                 signature and hashes only: nothing is inflated\n" \
	 "  [--json] [--quiet]", \
	 "Verifies a bundle: signature, every chunk, every header, every file"}
#define VERB_UNPACK \
	{"unpack", verb_unpack, \
	 "BUNDLE|- DIR (--pubkey FILE... | --keyring FILE)\n" VERB_POLICY_OPTIONS \
	 "  [--owners]                owners and set-id bits, too (needs root)\n" \
	 "  [--json] [--quiet]", \
	 "Verifies a bundle and unpacks its tree to DIR, whole or not at all"}

/* Signature, every chunk, every entry, every file; with --quick signature and hashes only. Returns the exit status. */
int verb_check(int argc, char **argv);

/* Checks all that and makes the tree: DIR appears whole or not at all. Returns the exit status. */
int verb_unpack(int argc, char **argv);

#endif
