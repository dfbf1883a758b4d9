/* SPDX-License-Identifier: ISC */
/* What `apply', `resume' and `retry' have in common: options, keys, images, links, signals, the live table, the exit status.
 * All that a resume needs to know is kept in the ledger as paths: no secret, and no key. */
#ifndef FLASHER_FLEET_RUN_H
#define FLASHER_FLEET_RUN_H

#include "core/trust.h"
#include "flasher/ledger.h"

enum { FLEET_TRUST_MAX = 16 };

/* Strings stay argv's, or FLEET_KEPT's. NULL is not given. */
struct fleet_options {
	const char *file;            /* the plan, or the ledger */
	const char *ledger;          /* --ledger */
	const char *bundle;          /* --bundle: instead of the plan's */
	const char *trust[FLEET_TRUST_MAX];
	size_t ntrust;
	const char *credentials;
	const char *user, *password_file;
	int password_fd;             /* -1: not given */
	const char *realm;           /* --realm: for lines and profiles that name none */
	const char *boards_dir;
	const char *metrics;         /* for the node exporter */
	const char *inventory;       /* of resume and retry: addresses of today */
	const char *states;          /* of retry: "failed,unknown" */
	uint64_t api_port;
	bool have_api_port;
	bool dry_run;
	const char *faults;          /* --dry-run=FAULTS */
	bool lift, open_gate;        /* of resume and retry */
	bool json, quiet;
};

/* Which options a verb has besides those of all. */
enum { FLEET_APPLY = 1, FLEET_RESUME = 2, FLEET_RETRY = 4 };

/* Reads the arguments. Returns 0 or -1 (usage). */
MUST_CHECK int fleet_options_parse(struct fleet_options *o, int argc, char **argv, unsigned verb, struct err *e);

struct fleet_run; /* a run from ledger to exit status */

/* A new ledger of the plan in o->file; or the one in o->file, opened. Returns 0 or -1. */
MUST_CHECK int fleet_run_create(struct fleet_run **out, const struct fleet_options *o, struct err *e);
MUST_CHECK int fleet_run_open(struct fleet_run **out, const struct fleet_options *o, struct err *e);

/* Sets boards that ended in one of the states to begin again (those with an upload behind them are asked first). */
MUST_CHECK int fleet_run_retry(struct fleet_run *f, const char *states, struct err *e);

/* Runs it and says how it ended. *STATUS is the exit status: 0, 6, 7 or 8. Returns 0 or -1. */
MUST_CHECK int fleet_run_go(struct fleet_run *f, int *status, struct err *e);

void fleet_run_free(struct fleet_run **out);

#endif
