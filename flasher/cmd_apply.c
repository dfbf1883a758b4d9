/* SPDX-License-Identifier: ISC */
/* `firmflash apply', `resume' and `retry': a plan carried out, gone on with, or tried again where it failed. */
#include "core/cli.h"
#include "flasher/cmd.h"
#include "flasher/fleet_run.h"

static int run(int argc, char **argv, unsigned verb)
{
	struct fleet_options options;
	struct fleet_run *f = NULL;
	struct err e = {0};
	int status = STATUS_SYSTEM;

	if (fleet_options_parse(&options, argc, argv, verb, &e))
		return cli_wrong(&e);
	if ((verb == FLEET_APPLY ? fleet_run_create(&f, &options, &e) : fleet_run_open(&f, &options, &e)) ||
	    (verb == FLEET_RETRY && fleet_run_retry(f, options.states, &e)) || fleet_run_go(f, &status, &e))
		status = cli_fail_as(&e, options.json);
	else
		status = cli_done(status);
	fleet_run_free(&f);
	return status;
}

int cmd_apply(int argc, char **argv)
{
	return run(argc, argv, FLEET_APPLY);
}

int cmd_resume(int argc, char **argv)
{
	return run(argc, argv, FLEET_RESUME);
}

int cmd_retry(int argc, char **argv)
{
	return run(argc, argv, FLEET_RETRY);
}
