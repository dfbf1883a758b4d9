/* SPDX-License-Identifier: ISC */
/* firmpack: a tree or an archive in, a signed bundle out; and back, for those who check. */
#include <signal.h>

#include "core/cli.h"
#include "core/verbs.h"
#include "packer/verbs.h"

static const struct verb verbs[] = {
	{"build", cmd_build,
	 "TREE|ARCHIVE --product NAME --version NAME --counter N\n"
	 "  --board ID[:LOW-HIGH]...  boards that may take it; without a range: revisions 0 to 9223372036854775807, the\n"
	 "                            greatest number of the format, so every revision there is or will be\n"
	 "  --key FILE... | --unsigned  secret keys; each signs. Unsigned: `attach' adds signatures made elsewhere\n"
	 "  -o OUT                    the bundle; appears whole or not at all\n"
	 "  [--write PATH=SLOT]...    this file of the tree goes, raw, to that slot of the board\n"
	 "  [--run PATH=before|after]...  hooks, run in this order where the board's own configuration allows it\n"
	 "  [--attach FILE]...        files that ride along: SBOM, provenance\n"
	 "  [--password-file FILE | --password-fd N]  for sealed keys: the file's first line for all of them, or a line of the\n"
	 "                            descriptor for each; else the terminal is asked\n"
	 "  [--root-owner | --keep-owner]  0:0 for all (default, since trees are built by ordinary users), or as found\n"
	 "  [--allow-setid]           keep mode bits above 0777\n"
	 "  [--drop-unsafe]           leave out what cannot be in a bundle, and say which; else it fails the build\n"
	 "  [--level 1..9 (6)] [--chunk-size 64K..4M (1M)] [--threads N (all)] [--quiet] [--json]\n"
	 "SOURCE_DATE_EPOCH sets the time of the bundle and of all in it; without it, it is now",
	 "Packs and signs a directory, or a tar (any common filter), zip, 7z or cpio archive"},
	{"detach", cmd_detach, "BUNDLE -o NAME",
	 "Writes what is to be signed, the manifest, to NAME, and the signatures so far to NAME.minisig"},
	{"attach", cmd_attach, "BUNDLE SIGNATURES... (--pubkey FILE... | --keyring FILE) [-o OUT]",
	 "Adds signatures that firmkey or minisign made of the manifest elsewhere, after checking them"},
	VERB_CHECK,
	{"list", cmd_list, "BUNDLE|- (--pubkey FILE... | --keyring FILE) [--json]", "Lists what an authentic bundle holds"},
	{"inspect", cmd_inspect, "BUNDLE|- [--pubkey FILE... | --keyring FILE] [--json]",
	 "Tells what a bundle says of itself, and who signed it; without keys nothing is verified"},
	{"diff", cmd_diff, "OLD NEW (--pubkey FILE... | --keyring FILE) [--json]", "Tells what changed from one authentic bundle to another"},
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

	signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error to report, not a reason to die in the middle */
	return cli_run(&firmpack, argc, argv);
}
