/* SPDX-License-Identifier: ISC */
/* firmflash: pushes signed firmware to boards. */
#include "core/cli.h"
#include "flasher/cmd.h"

static const struct verb verbs[] = {
	{"push", cmd_push,
	 "BUNDLE --to HOST[:PORT]... --board ID[:REV]\n"
	 "    (--pubkey FILE... | --keyring FILE) (--password-file FILE | --password-fd N) [--user NAME] [--wipe] [--reboot]\n"
	 "    [--timeout SECONDS] [--limit-rate BYTES] [--boards DIR] [--json] [--quiet]",
	 "verify a bundle, then send it once to each board's web endpoint"},
	{"scan", cmd_scan,
	 "RANGE|@FILE|-...   (A.B.C.D, A.B.C.D/BITS, A.B.C.D-E.F.G.H, 10.0.1-3.1-254; lists of those; CSV with site, rack, tags, credential)\n"
	 "    [--credentials FILE | --password-file FILE | --password-fd N] [--user NAME] [--try-factory] [--realm TEXT]...\n"
	 "    [-o FILE] [--details FILE] [--port N (80)] [--api-port N (4028; 0: none)] [--timeout SECONDS (5)] [--rate N (500)]\n"
	 "    [--concurrency N (256)] [--max-addresses N (65536)] [--quick] [--boards DIR] [--json] [--quiet]",
	 "find boards, and write the inventory that `plan' takes"},
	{"boards", cmd_boards, "[--boards DIR] [--json]", "list the board profiles"},
	{"card", cmd_card,
	 "BUNDLE TARGET... --board ID[:REV] (--pubkey FILE... | --keyring FILE)\n"
	 "    [--size BYTES[M|G|T]] [--max-size BYTES[M|G|T]] [--confirm SERIAL...] [--receipt FILE] [--boards DIR] [--json] [--quiet]\n"
	 "  card --verify TARGET... (--pubkey FILE... | --keyring FILE) [--board ID] [--receipt FILE] [--boards DIR] [--json] [--quiet]\n"
	 "  card --steps | --sheet --board ID [--lang en|ru] [--boards DIR]",
	 "make recovery cards from a bundle, as an image file or on disks; verify them; say how they are used"},
	{"cards", cmd_cards, "[--max-size BYTES (128 GiB)] [--root DIR] [--json]",
	 "list the disks that a card can be written to, and say why not to the others; --root DIR: DIR/sys and DIR/proc tell of them"},
	{0},
};

int main(int argc, char **argv)
{
	static const struct program program = {"firmflash", "push signed firmware to boards", verbs};

	return cli_run(&program, argc, argv);
}
