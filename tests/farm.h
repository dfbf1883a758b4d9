/* SPDX-License-Identifier: ISC */
/* A farm on paper for tests of the rollout: a plan of N boards of two kinds, and simulated boards to go with it. */
#ifndef TESTS_FARM_H
#define TESTS_FARM_H

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "flasher/link_sim.h"
#include "flasher/rollout.h"

struct farm {
	struct plan plan;
	char *text; /* of the plan */
	size_t len;
	struct image image;
	struct rollout_kind kinds[2]; /* "asks" is rebooted by us, "self" reboots itself */
};

static inline void farm_text(struct farm *f)
{
	FILE *out;

	free(f->text);
	f->text = NULL;
	out = open_memstream(&f->text, &f->len);
	plan_write(out, &f->plan);
	if (fclose(out) != 0)
		abort();
}

/* Waves as of plan_add_waves(). No halts. */
static inline void farm_make(struct farm *f, size_t n, const char *waves)
{
	static const struct board asks = {.id = "asks", .hardware = "asks", .keep = {"/up", "/reboot"}};
	static const struct board self = {.id = "self", .hardware = "self", .keep = {"/up", ""}};

	memset(f, 0, sizeof *f);
	plan_defaults(&f->plan);
	f->plan.nhalts = 0;
	snprintf(f->plan.bundle, sizeof f->plan.bundle, "new.firm.tar");
	snprintf(f->plan.product, sizeof f->plan.product, "p");
	snprintf(f->plan.version, sizeof f->plan.version, "2.0");
	snprintf(f->plan.rules.version, sizeof f->plan.rules.version, "2.0");
	f->plan.devices = calloc(n, sizeof *f->plan.devices);
	f->plan.n = n;
	for (size_t i = 0; i < n; i++) {
		struct inventory_board *b = &f->plan.devices[i].board;

		snprintf(b->mac, sizeof b->mac, "02:00:00:%02x:%02x:%02x", (unsigned)(i >> 16 & 255), (unsigned)(i >> 8 & 255),
			 (unsigned)(i & 255));
		snprintf(b->address.text, sizeof b->address.text, "10.%u.%u.%u", (unsigned)(i >> 16 & 255),
			 (unsigned)(i >> 8 & 255), (unsigned)(i & 255));
		snprintf(b->board, sizeof b->board, "%s", i % 4 == 3 ? "self" : "asks");
		snprintf(b->site, sizeof b->site, "site-%zu", i % 3);
		snprintf(b->rack, sizeof b->rack, "rack-%zu", i % 40);
	}
	if (plan_add_waves(&f->plan, waves, NULL))
		abort();
	f->kinds[0].board = asks;
	f->kinds[1].board = self;
	f->image.size = 30 << 20;
	f->kinds[0].image = f->kinds[1].image = &f->image;
	farm_text(f);
}

static inline void farm_free(struct farm *f)
{
	plan_free(&f->plan);
	free(f->text);
}

/* One run over the simulated BOARDS. Returns what rollout_run does. */
static inline int farm_run(struct farm *f, struct ledger *ledger, struct ledger_device *devices, struct sim_board *boards,
			   uint64_t *clock_ms, unsigned opened, void (*view)(void *, struct rollout *), void *owner,
			   enum rollout_end *end, struct err *e)
{
	struct sim_options options = {.plan = &f->plan, .boards = boards, .clock_ms = clock_ms};
	struct rollout_setup setup = {.plan = &f->plan, .kinds = f->kinds, .nkinds = 2, .ledger = ledger, .devices = devices,
				      .wall_ms = 1790000000000 + *clock_ms, .opened = opened, .view = view, .owner = owner};
	struct rollout *r = NULL;
	int rc = -1;

	if (loop_open(&options.loop, LOOP_VIRTUAL, e))
		return -1;
	setup.loop = options.loop;
	if (link_sim_open(&setup.maker, &options, e) == 0 && rollout_open(&r, &setup, e) == 0)
		rc = rollout_run(r, end, e);
	rollout_free(&r);
	link_sim_free(&setup.maker);
	loop_free(&options.loop);
	return rc;
}

#endif
