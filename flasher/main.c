/* SPDX-License-Identifier: ISC */
/* firmflash: pushes signed firmware to boards. */
#include "core/cli.h"
#include "flasher/cmd.h"

static const struct verb verbs[] = {
	{"push", cmd_push,
	 "BUNDLE --to HOST[:PORT]... --board ID[:REV]\n"
	 "    (--pubkey FILE... | --keyring FILE) (--password-file FILE | --password-fd N) [--user NAME] [--realm TEXT]\n"
	 "    [--wipe] [--reboot] [--timeout TIME] [--limit-rate BYTES[K|M|G|T]] [--boards DIR] [--json] [--quiet]",
	 "verify a bundle, then send it once to each board's web endpoint"},
	{"scan", cmd_scan,
	 "RANGE|@FILE|-...   (A.B.C.D, A.B.C.D/BITS, A.B.C.D-E.F.G.H, 10.0.1-3.1-254; lists of those; CSV with site, rack, tags, credential)\n"
	 "    [--credentials FILE | --password-file FILE | --password-fd N] [--user NAME] [--try-factory] [--realm TEXT]...\n"
	 "    [-o FILE] [--details FILE] [--force] [--port N (80)] [--api-port N (4028; 0: none)] [--timeout TIME (5s)] [--rate N (500)]\n"
	 "    [--concurrency N (256)] [--max-addresses N (65536)] [--quick] [--boards DIR] [--json] [--quiet]",
	 "find boards, and write the inventory that `plan' takes"},
	{"plan", cmd_plan,
	 "BUNDLE INVENTORY (--pubkey FILE... | --keyring FILE) [-o PLAN] [--force] [--waves 2,10%,hand:100%]\n"
	 "    [--halt canary|wave|site|run:CLASS:COUNT|PERCENT%/SAMPLE]... [--no-halts] [--wipe] [--reports VERSION]\n"
	 "    [--only KEY=VALUE[,VALUE]]... [--exclude KEY=VALUE[,VALUE]]... [--include-suspects]\n"
	 "    [--uploads N] [--limit-rate BYTES[K|M|G|T]] [--reboots N] [--timeout TIME] [--tries N] [--backoff TIME]\n"
	 "    [--poll TIME] [--boot TIME] [--settle TIME] [--health TIME] [--soak TIME]\n"
	 "    [--hashrate PERCENT] [--temperature DEGREES] [--need-figures] [--boards DIR] [--json]",
	 "verify a bundle, match it with an inventory, and write down what will be done"},
	{"apply", cmd_apply,
	 "PLAN --ledger FILE (--pubkey FILE... | --keyring FILE) [--bundle FILE]\n"
	 "    (--credentials FILE | --password-file FILE | --password-fd N) [--user NAME] [--realm TEXT]\n"
	 "    [--dry-run[=FAULT:PERCENT,...]] [--api-port N] [--metrics FILE] [--boards DIR] [--json] [--quiet]",
	 "carry out a plan, wave by wave; the ledger knows what was done to each board"},
	{"resume", cmd_resume,
	 "LEDGER [--lift] [--open] [--inventory FILE] [--bundle FILE] [--pubkey FILE... | --keyring FILE]\n"
	 "    [--credentials FILE | --password-file FILE | --password-fd N] [--user NAME] [--realm TEXT]\n"
	 "    [--api-port N] [--metrics FILE] [--boards DIR] [--json] [--quiet]",
	 "go on after a stop or a crash; --lift after a halt, --open through a gate"},
	{"retry", cmd_retry,
	 "LEDGER --state rejected|failed|unknown|needs-card[,...] [--lift] [--open] [--inventory FILE] [--bundle FILE]\n"
	 "    [--pubkey FILE... | --keyring FILE] [--credentials FILE | --password-file FILE | --password-fd N] [--user NAME] [--realm TEXT]\n"
	 "    [--api-port N] [--metrics FILE] [--boards DIR] [--json] [--quiet]",
	 "try again those that ended so; who may have the image already is asked first"},
	{"status", cmd_status, "LEDGER [--needs-a-person] [--exit-status] [--json]",
	 "say how a rollout stands, also while it runs; --needs-a-person: what waits for somebody, the oldest first; --exit-status: end with that of the run"},
	{"report", cmd_report, "LEDGER [--html | --json | --csv | --junit | --metrics | --cards] [-o FILE] [--force]",
	 "report on a rollout; --cards lists the boards that want a recovery card"},
	{"boards", cmd_boards, "[--boards DIR] [--json]", "list the board profiles"},
	{"card", cmd_card,
	 "BUNDLE TARGET... --board ID[:REV] (--pubkey FILE... | --keyring FILE)\n"
	 "    [--size BYTES[K|M|G|T]] [--max-size BYTES[K|M|G|T]] [--confirm SERIAL...] [--receipt FILE] [--force] [--boards DIR] [--json] [--quiet]\n"
	 "  card --verify TARGET... (--pubkey FILE... | --keyring FILE) [--board ID] [--receipt FILE] [--boards DIR] [--json] [--quiet]\n"
	 "  card --steps | --sheet --board ID [--lang en|ru] [--boards DIR]",
	 "make recovery cards from a bundle, as an image file or on disks; verify them; say how they are used"},
	{"cards", cmd_cards, "[--max-size BYTES[K|M|G|T] (128G)] [--root DIR] [--json]",
	 "list the disks that a card can be written to, and say why not to the others; --root DIR: DIR/sys and DIR/proc tell of them"},
	{0},
};

int main(int argc, char **argv)
{
	static const struct program program = {"firmflash", "push signed firmware to boards", verbs};

	return cli_run(&program, argc, argv);
}
