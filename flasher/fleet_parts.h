/* SPDX-License-Identifier: ISC */
/* What the files of a run (fleet_*.c) share. */
#ifndef FLASHER_FLEET_PARTS_H
#define FLASHER_FLEET_PARTS_H

#include "flasher/fleet_run.h"
#include "flasher/link_sim.h"
#include "flasher/report_fill.h"
#include "flasher/rollout.h"

enum { FLEET_KEPT_MAX = FLEET_TRUST_MAX + 12 };

/* What boards are sent: the bundle, or a part of it. One for all boards that are sent the same. */
struct fleet_image {
	struct image image;
	enum board_send send;
	char path[BOARD_PATH_MAX + 1];
	struct fleet_image *next;
};

struct fleet_run {
	struct fleet_options options;
	struct plan plan;
	struct ledger *ledger;
	struct ledger_device *devices;
	struct credentials *credentials;
	struct fleet_image *images;
	struct rollout_kind *kinds;
	size_t nkinds;
	struct loop *loop;
	struct link_maker *maker;
	struct sim_board *boards;      /* of a dry run */
	uint64_t clock_ms;
	struct rollout *rollout;
	struct report_filled report;
	struct live live;
	uint64_t seen_sent, seen_ms, metrics_ms;
	int signals;
	char *kept[FLEET_KEPT_MAX];    /* options that the ledger kept */
	size_t nkept;
};

uint64_t fleet_wall_ms(void); /* since 1970 */

/* Puts down in the ledger what a resume will need: paths, absolute, and no secret. Returns 0 or -1. */
MUST_CHECK int fleet_keep(struct fleet_run *f, struct err *e);

/* Sets the options that were not given to what the ledger kept; keys, credentials and files only when it is the one that this user's `apply'
 * made (ledger_at_home). Returns 0 or -1 (usage: of a dry run nothing is kept, or an option is missing). */
MUST_CHECK int fleet_recall(struct fleet_run *f, struct err *e);

/* Reads the passwords. Returns 0 or -1. */
MUST_CHECK int fleet_read_credentials(struct fleet_run *f, struct err *e);

/* Verifies the bundle, which must be the one that was planned with, and makes of it what each kind of board in the plan is
 * sent: once for all that are sent the same. Every board must have a login for its kind. Returns 0 or -1. */
MUST_CHECK int fleet_open_images(struct fleet_run *f, struct err *e);
void fleet_close_images(struct fleet_run *f);

#endif
