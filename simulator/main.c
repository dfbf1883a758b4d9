/* SPDX-License-Identifier: ISC */
/* firmsim: a farm of boards to practise on. */
#include "core/cli.h"
#include "simulator/cmd.h"

static const struct verb verbs[] = {
	{"run", cmd_run,
	 "(--board|--sealed) ID[:REV][=COUNT]... --password-file FILE\n"
	 "    [--pubkey FILE... | --keyring FILE] [--product NAME] [--counter N] [--user NAME]\n"
	 "    [--first 127.16.0.1] [--http-port N] [--api-port N] [--control SOCKET] [--state FILE]\n"
	 "    [--version V] [--bad-version V] [--behave NAME:SHARE[:VALUE]]... [--scenario FILE] [--seed N]\n"
	 "    [--boot-ms N] [--spread-ms N] [--write-ms N] [--leave-ms N] [--boards DIR]",
	 "simulate boards on 127.0.0.0/8 until stopped"},
	{"ask", cmd_ask, "SOCKET state|totals|stop|board ADDRESS|behave ADDRESS NAME[:VALUE]", "ask a running simulator, or change a board"},
	{"behaviours", cmd_behaviours, "", "list what boards can do wrong"},
	{0},
};

int main(int argc, char **argv)
{
	static const struct program program = {"firmsim", "a farm of simulated boards, to practise on", verbs};

	return cli_run(&program, argc, argv);
}
