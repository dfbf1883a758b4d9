/* SPDX-License-Identifier: ISC */
/* firmpack: a tree or an archive in, a signed bundle out; and back, for those who check. */
#include "core/cli.h"
#include "core/verbs.h"
#include "keys/signer.h"
#include "packer/verbs.h"

static const struct verb verbs[] = {
	{"build", cmd_build,
	 "TREE|ARCHIVE --product NAME --version NAME --counter N\n"
	 "  --board ID[:LOW-HIGH]...  boards that may take it; without a range: revisions 0 to 9223372036854775807, the\n"
	 "                            greatest number of the format, so every revision there is or will be\n"
	 "  --key FILE... | --unsigned  secret keys; each signs. Unsigned: `attach' adds signatures made elsewhere\n"
	 SIGNER_SYNOPSIS
	 "  -o OUT                    the bundle; appears whole or not at all\n"
	 "  [--write PATH=SLOT]...    this file of the tree goes, raw, to that slot of the board\n"
	 "  [--run PATH=before|after]...  hooks, run in this order where the board's own configuration allows it\n"
	 "  [--for 0.1]               for boards that still have version 0.1: the manifest does not say its keyring\n"
	 "  [--keyring FILE]...       keyrings for boards that may not know them, in the order of their serials, each with its\n"
	 "                            FILE.minisig beside it\n"
	 "  [--attach FILE]...        files that ride along: SBOM, provenance\n"
	 "  [--sbom[=cyclonedx]]      attach a CycloneDX 1.5 bill of materials: every file with its hash,\n"
	 "  [--sbom-dpkg FILE] [--sbom-list FILE]  and packages: from a dpkg status file, from lines `NAME VERSION [PURL]'\n"
	 "  [--provenance]            attach a SLSA provenance statement (in-toto, DSSE), signed by whoever signs the bundle\n"
	 "  [--builder URI] [--source URI [--source-commit HEX]]  what it says of who built it, and from what\n"
	 "  [--password-file FILE | --password-fd N]  for sealed keys: the file's first line for all of them, or a line of the\n"
	 "                            descriptor for each; else the terminal is asked\n"
	 "  [--root-owner | --keep-owner]  0:0 for all (default, since trees are built by ordinary users), or as found\n"
	 "  [--allow-setid]           keep mode bits above 0777\n"
	 "  [--allow-secrets]         pack private keys that lie in the tree, such as a board's own for TLS; never those that sign\n"
	 "  [--strip N]               take N folders off the front of all paths; everything must lie in them\n"
	 "  [--boards DIR]            board profiles that ids are held against; those beside the program, if not said\n"
	 "  [--allow-empty] [--allow-folder] [--allow-names] [--allow-board]  what would be refused as a mistake is meant: a tree without\n"
	 "                            a file; one folder around all of it; a name like an option's or a file's; a board's id that\n"
	 "                            is almost a known one\n"
	 "  [--drop-unsafe]           leave out what cannot be in a bundle, and say which; else it fails the build\n"
	 "  [--level 1..9 (6)] [--chunk-size 64K..4M (1M)] [--threads N (all)] [--quiet] [--json]\n"
	 "SOURCE_DATE_EPOCH sets the time of the bundle and of all in it; without it, it is now",
	 "Packs and signs a directory, or a tar (any common filter), zip, 7z or cpio archive"},
	{"detach", cmd_detach, "BUNDLE -o NAME [--json]",
	 "Writes what is to be signed, the manifest, to NAME, and the signatures so far to NAME.minisig"},
	{"attach", cmd_attach, "BUNDLE SIGNATURES... (--pubkey FILE... | --keyring FILE) [-o OUT] [--json]",
	 "Adds signatures that firmkey or minisign made of the manifest elsewhere, after checking them"},
	{"countersign", cmd_countersign,
	 "BUNDLE (--pubkey FILE... | --keyring FILE) (-k KEY | --signer PROGRAM) [-o OUT] [--json]\n"
	 "  --pubkey FILE...          who must have signed it already: all of it is checked first\n"
	 "  --keyring FILE            the same: one of its release keys, however many it takes in the end\n"
	 "  --key FILE                who signs it now\n"
	 "  [--password-file FILE | --password-fd N]\n"
	 SIGNER_SYNOPSIS,
	 "Checks a finished bundle and adds one more signature to it"},
	VERB_CHECK,
	{"list", cmd_list, "BUNDLE|- (--pubkey FILE... | --keyring FILE) [--json]", "Lists what an authentic bundle holds"},
	{"inspect", cmd_inspect, "BUNDLE|- [--pubkey FILE... | --keyring FILE] [--json]",
	 "Tells what a bundle says of itself, and who signed it; without keys nothing is verified"},
	{"evidence", cmd_evidence, "BUNDLE|- (--pubkey FILE... | --keyring FILE) [--json]",
	 "Checks a bundle with the SBOM and the provenance in it: their signature, and that they are about this bundle"},
	{"explain", cmd_explain,
	 "BUNDLE (--pubkey FILE... | --keyring FILE) --board ID[:REV]\n"
	 "  [--product NAME]          the board's product\n"
	 "  [--counter N]             the counter that the board has confirmed\n"
	 "  [--json]",
	 "Says step by step why a board will take a bundle, or refuse it; ends with the status of the first refusal"},
	{"diff", cmd_diff, "OLD NEW (--pubkey FILE... | --keyring FILE) [--json]", "Tells what changed from one authentic bundle to another; one of the two may be unsigned"},
	VERB_UNPACK,
	{NULL, NULL, NULL, NULL},
};

int main(int argc, char **argv)
{
	static const struct program firmpack = {
		.name = "firmpack",
		.purpose = "packs firmware into signed bundles, and checks them",
		.verbs = verbs,
	};

	return cli_run(&firmpack, argc, argv);
}
