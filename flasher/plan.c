/* SPDX-License-Identifier: ISC */
/* Makes a plan: who is in it, and in which wave. */
#include "flasher/plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void plan_defaults(struct plan *p)
{
	static const struct plan_halt halts[] = {
		{SCOPE_CANARY, true, CLASS_NONE, 1, 0, 0},  {SCOPE_WAVE, true, CLASS_NONE, 0, 10, 20},
		{SCOPE_SITE, true, CLASS_NONE, 0, 20, 20},  {SCOPE_RUN, true, CLASS_NONE, 0, 5, 100},
		{SCOPE_RUN, false, CLASS_DEAD, 3, 0, 0},    {SCOPE_RUN, false, CLASS_HEALTH, 5, 0, 0},
		{SCOPE_RUN, false, CLASS_UNKNOWN, 5, 0, 0},
	};

	*p = (struct plan){
		.limits = {.timeout_ms = 300000},
		.rules = {.tries = 3, .backoff_ms = 10000, .poll_ms = 5000, .boot_ms = 600000, .settle_ms = 180000,
			  .health_ms = 900000, .soak_ms = 300000, .hashrate_percent = 80, .temp_c = 100,
			  .chains = true, .fans = true, .pools = true},
	};
	memcpy(p->halts, halts, sizeof halts);
	p->nhalts = sizeof halts / sizeof *halts;
}

static const struct board *find_board(const struct board *boards, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(boards[i].id, id) == 0)
			return &boards[i];
	return NULL;
}

/* Digest proves a password; a token is had for the password itself, by whoever passes for such a board. That is not the common one. */
static bool may_have_password(const struct inventory_board *b, const struct board *profile, char why[static PLAN_REASON_MAX + 1])
{
	if (profile->dialect != BOARD_TOKEN || b->credential[0])
		return true;
	snprintf(why, PLAN_REASON_MAX + 1, "%s is sent its password unencrypted: name a credential of its own in the inventory", b->board);
	return false;
}

/* What the scan said of it: a board that nobody can log in to is not in a plan. */
static bool usable(const struct inventory_board *b, char why[static PLAN_REASON_MAX + 1])
{
	const char *state = inventory_state(b), *means = inventory_state_means(state);

	if (!*means)
		return true;
	snprintf(why, PLAN_REASON_MAX + 1, "%s: %s", state, means);
	return false;
}

const char *plan_device_key(const struct plan_device *d)
{
	return d->board.mac[0] ? d->board.mac : d->board.address.text;
}

/* Why this board is not in the plan; true when it is. An unknown revision counts as 0, as it does for `push`. */
static bool fits(const struct inventory_board *b, const struct image *image, const struct board *profile, bool wipe,
		 char why[static PLAN_REASON_MAX + 1])
{
	bool named = false;

	if (!b->board[0]) {
		snprintf(why, PLAN_REASON_MAX + 1, "nobody knows which board it is");
		return false;
	}
	if (!profile) {
		snprintf(why, PLAN_REASON_MAX + 1, "there is no profile of %s", b->board);
		return false;
	}
	for (uint32_t i = 0; i < image->head.nboards; i++) {
		const struct manifest_board *m = &image->boards[i];

		if (strcmp(m->id, profile->hardware) != 0)
			continue;
		named = true;
		if (b->revision >= m->low && b->revision <= m->high) {
			if ((wipe ? &profile->wipe : &profile->keep)->upgrade[0])
				return may_have_password(b, profile, why);
			snprintf(why, PLAN_REASON_MAX + 1, "%s cannot be upgraded with its settings %s", b->board,
				 wipe ? "wiped" : "kept");
			return false;
		}
	}
	if (!named)
		snprintf(why, PLAN_REASON_MAX + 1, "the bundle is not for %s", profile->hardware);
	else if (!b->have_revision)
		snprintf(why, PLAN_REASON_MAX + 1, "its revision is not known, and the bundle is for some of them only");
	else
		snprintf(why, PLAN_REASON_MAX + 1, "the bundle is not for revision %" PRIu64 " of it", b->revision);
	return false;
}

/* --- the order of flashing: boards of one kind are dealt over the racks, and the kinds are mixed by their share, so that
 * every wave holds some of each, and the first boards are as different as can be --- */

struct spot {
	struct plan_device *d;
	size_t in_rack;     /* place among its kind in its rack */
	size_t nth, of;     /* place among its kind, and how many those are */
};

static int by_kind(const struct inventory_board *a, const struct inventory_board *b)
{
	int c = strcmp(a->board, b->board);

	return c ? c : (a->revision > b->revision) - (a->revision < b->revision);
}

static int by_rack(const struct inventory_board *a, const struct inventory_board *b)
{
	int c = strcmp(a->site, b->site);

	return c ? c : strcmp(a->rack, b->rack);
}

static int by_kind_rack_mac(const void *x, const void *y)
{
	const struct inventory_board *a = &((const struct spot *)x)->d->board, *b = &((const struct spot *)y)->d->board;
	int c = by_kind(a, b);

	c = c ? c : by_rack(a, b);
	return c ? c : strcmp(a->mac, b->mac);
}

static int by_kind_turn(const void *x, const void *y)
{
	const struct spot *a = x, *b = y;
	int c = by_kind(&a->d->board, &b->d->board);

	if (c)
		return c;
	if (a->in_rack != b->in_rack)
		return a->in_rack < b->in_rack ? -1 : 1;
	c = by_rack(&a->d->board, &b->d->board);
	return c ? c : strcmp(a->d->board.mac, b->d->board.mac);
}

/* nth/of, compared without division: both are below 2^18. */
static int by_share(const void *x, const void *y)
{
	const struct spot *a = x, *b = y;
	uint64_t left = (uint64_t)a->nth * b->of, right = (uint64_t)b->nth * a->of;

	return left != right ? (left < right ? -1 : 1) : by_kind_turn(x, y);
}

static void deal(struct spot *spots, size_t n)
{
	qsort(spots, n, sizeof *spots, by_kind_rack_mac);
	for (size_t i = 1; i < n; i++)
		if (by_kind(&spots[i].d->board, &spots[i - 1].d->board) == 0 &&
		    by_rack(&spots[i].d->board, &spots[i - 1].d->board) == 0)
			spots[i].in_rack = spots[i - 1].in_rack + 1;
	qsort(spots, n, sizeof *spots, by_kind_turn);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && by_kind(&spots[i].d->board, &spots[end].d->board) == 0; end++)
			spots[end].nth = end - i;
		for (size_t k = i; k < end; k++)
			spots[k].of = end - i;
	}
	qsort(spots, n, sizeof *spots, by_share);
}

/* What a plan says of a board: where it is and what it is, nothing of how it was found. */
static struct inventory_board essence(const struct inventory_board *b)
{
	struct inventory_board out = *b;

	out.model[0] = out.subtype[0] = out.version[0] = out.hostname[0] = '\0';
	memset(out.tags, 0, sizeof out.tags);
	out.ntags = 0;
	return out;
}

int plan_add_boards(struct plan *p, const struct inventory *inv, const struct plan_pick *pick, const struct image *image,
		    const struct board *boards, size_t nboards, struct err *e)
{
	struct plan_device *all = calloc(inv->n + 1, sizeof *all), *sorted = calloc(inv->n + 1, sizeof *sorted);
	struct spot *spots = calloc(inv->n + 1, sizeof *spots);
	size_t n = 0, nskipped = 0;
	int rc = -1;

	if (!all || !sorted || !spots) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		goto out;
	}
	for (size_t i = 0; i < inv->n; i++) {
		const struct inventory_board *b = &inv->boards[i];
		struct plan_device *d = &all[i];

		d->board = essence(b);
		if (usable(b, d->reason) && plan_pick_takes(pick, b, d->reason) &&
		    fits(b, image, find_board(boards, nboards, b->board), p->wipe, d->reason))
			spots[n++].d = d;
		else
			nskipped++;
	}
	if (n)
		deal(spots, n);
	for (size_t i = 0; i < n; i++)
		sorted[i] = *spots[i].d;
	for (size_t i = 0, k = n; i < inv->n; i++)
		if (all[i].reason[0])
			sorted[k++] = all[i];
	p->devices = sorted;
	sorted = NULL;
	p->n = inv->n;
	p->nskipped = nskipped;
	rc = 0;
out:
	free(all);
	free(sorted);
	free(spots);
	return rc;
}

static int wave_size(size_t *out, const char *text, size_t len, size_t total)
{
	bool percent = len > 1 && text[len - 1] == '%';
	uint64_t n;

	if (text_number(&n, (struct span){text, percent ? len - 1 : len}, percent ? 100 : INVENTORY_BOARDS_MAX) || n == 0)
		return -1;
	*out = percent ? (total * n + 99) / 100 : n;
	return 0;
}

int plan_add_waves(struct plan *p, const char *text, struct err *e)
{
	size_t total = p->n - p->nskipped, taken = 0;

	p->nwaves = 0;
	while (taken < total) {
		size_t len = strcspn(text, ","), n = total - taken;
		bool hand = strncmp(text, "hand:", 5) == 0, last = text[len] == '\0';

		if (len == 0 || wave_size(&n, text + (hand ? 5 : 0), len - (hand ? 5 : 0), total))
			return err_set(e, VERDICT_USAGE, "waves are numbers or percents parted by commas, \"2,10%%,hand:100%%\"");
		if (last || n > total - taken)
			n = total - taken;
		if (p->nwaves == PLAN_WAVES_MAX)
			return err_set(e, VERDICT_USAGE, "there are over %d waves", PLAN_WAVES_MAX);
		p->waves[p->nwaves++] = (struct plan_wave){n, hand};
		for (size_t i = 0; i < n; i++)
			p->devices[taken + i].wave = (unsigned)p->nwaves;
		taken += n;
		text += len + (last ? 0 : 1);
	}
	return 0;
}

void plan_free(struct plan *p)
{
	free(p->devices);
	p->devices = NULL;
	p->n = p->nskipped = 0;
}
