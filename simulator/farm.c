/* SPDX-License-Identifier: ISC */
/* Makes the boards, and lets them boot, run and go down. */
#include "simulator/farm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long boards have been up when the simulation begins: of one that came up seconds before it is told to, nobody can tell whether it has
 * rebooted since, and real ones have not. */
enum { UP_BEFORE_MS = 86400000 };

enum { HOSTS = 254, DICE_MAC = 1000, DICE_BOOT = 1001 };

uint32_t farm_address(const struct farm *f, size_t i)
{
	uint32_t first = f->options.first;
	size_t at = (first & 0xff) - 1 + i;

	return (first & 0xffffff00) + (uint32_t)(at / HOSTS << 8) + (uint32_t)(at % HOSTS) + 1;
}

struct sim_board *farm_find(struct farm *f, uint32_t address)
{
	uint32_t first = f->options.first, octet = address & 0xff;
	struct sim_board *b;
	size_t i;

	if (address < first || octet == 0 || octet == 0xff)
		return NULL;
	i = (size_t)((address >> 8) - (first >> 8)) * HOSTS + octet - (first & 0xff);
	if (i >= 2 * f->n)
		return NULL;
	b = &f->boards[i % f->n];
	return b->address == address ? b : NULL;
}

void farm_print_address(char out[static FARM_ADDRESS_LEN + 1], uint32_t address)
{
	snprintf(out, FARM_ADDRESS_LEN + 1, "%u.%u.%u.%u", address >> 24 & 0xff, address >> 16 & 0xff, address >> 8 & 0xff,
		 address & 0xff);
}

void farm_print_mac(char out[static FARM_MAC_LEN + 1], const struct sim_board *b)
{
	uint64_t dice = behaviour_dice(b->farm->options.seed, DICE_MAC, 0);

	snprintf(out, FARM_MAC_LEN + 1, "02:%02x:%02x:%02x:%02x:%02x", (unsigned)(dice & 0xff), (unsigned)(dice >> 8 & 0xff),
		 b->index >> 16 & 0xff, b->index >> 8 & 0xff, b->index & 0xff);
}

const char *farm_model(const struct sim_board *b)
{
	const struct board *p = &b->kind->profile;

	return p->nmodels ? p->models[b->index % p->nmodels] : p->title;
}

/* --- a board's life --- */

static uint64_t boot_ms(const struct sim_board *b)
{
	const struct farm_options *o = &b->farm->options;
	uint64_t spread = o->spread_ms ? behaviour_dice(o->seed, DICE_BOOT + b->reboots, b->index) % o->spread_ms : 0;

	return o->boot_ms + spread;
}

static void set_alarm(struct sim_board *b, uint64_t in_ms)
{
	reactor_set(&b->farm->reactor, &b->alarm, reactor_now_ms() + in_ms);
}

/* The image that waits becomes the one that runs. */
static void boot(struct sim_board *b)
{
	if (b->written) {
		b->written = false;
		b->fresh = true;
		memcpy(b->version, b->next_version, sizeof b->version);
		if (behaves_as(&b->behaves, BEHAVE_WRONG_VERSION))
			snprintf(b->version, sizeof b->version, "0.0-%.59s", b->next_version);
		if (behaves_as(&b->behaves, BEHAVE_MOVED))
			b->address = farm_address(b->farm, b->index + b->farm->n);
	}
	if (behaves_as(&b->behaves, BEHAVE_INFECTED) && b->next_version[0])
		memcpy(b->claimed, b->next_version, sizeof b->claimed);
}

static void come_up(struct sim_board *b)
{
	struct err e;

	boot(b);
	if (b->fresh && behaves_as(&b->behaves, BEHAVE_BRICKED))
		return;
	b->phase = FARM_UP;
	b->up_since_ms = reactor_now_ms();
	if (b->farm->open_doors(b, &e)) { /* the address may be in use just now: again in a moment */
		b->phase = FARM_DOWN;
		set_alarm(b, 100);
	} else if (b->fresh && behaves_as(&b->behaves, BEHAVE_LOOP)) {
		b->phase = FARM_LEAVING;
		set_alarm(b, boot_ms(b) / 2 + 1);
	}
}

static void go_down(struct sim_board *b)
{
	b->phase = FARM_DOWN;
	b->reboots++;
	b->farm->close_doors(b);
	set_alarm(b, boot_ms(b));
}

static void on_alarm(struct alarm *a)
{
	struct sim_board *b = (struct sim_board *)((char *)a - offsetof(struct sim_board, alarm));

	if (b->phase == FARM_DOWN)
		come_up(b);
	else
		go_down(b);
}

void farm_reboot(struct sim_board *b)
{
	if (b->phase != FARM_UP)
		return;
	b->phase = FARM_LEAVING;
	set_alarm(b, b->farm->options.leave_ms);
}

void farm_write(struct sim_board *b, const struct sim_image *image)
{
	memcpy(b->next_version, image->look.version, sizeof b->next_version);
	memcpy(b->image, image->hash, sizeof b->image);
	if (behaves_as(&b->behaves, BEHAVE_INFECTED) || behaves_as(&b->behaves, BEHAVE_NOTHING))
		return;
	b->written = true;
	b->flashes++;
	if (b->kind->sealed && image->look.manifest)
		b->counter = manifest_head(image->look.manifest)->counter;
}

bool farm_sick(const struct sim_board *b)
{
	const char *bad = b->farm->options.bad_version;

	return b->fresh && (behaves_as(&b->behaves, BEHAVE_BAD) || (bad && strcmp(bad, b->version) == 0));
}

/* --- all of them --- */

static void board_init(struct farm *f, size_t i, const struct farm_kind *kind, const struct behaves *behaves)
{
	struct sim_board *b = &f->boards[i];

	b->farm = f;
	b->http.fd = b->api.fd = -1;
	b->alarm.ring = on_alarm;
	b->kind = kind;
	b->index = (uint32_t)i;
	b->address = farm_address(f, i);
	b->behaves = *behaves;
	b->counter = f->options.counter;
	b->up_since_ms = reactor_now_ms() - UP_BEFORE_MS; /* it may wrap: only differences count */
	snprintf(b->version, sizeof b->version, "%s", f->options.version);
	b->phase = behaves_as(behaves, BEHAVE_DEAD) ? FARM_DOWN : FARM_UP;
}

int farm_init(struct farm *f, struct err *e)
{
	struct behaves *behaves = NULL;
	size_t at = 0;
	int rc = -1;

	f->n = 0;
	for (size_t k = 0; k < f->nkinds; k++)
		f->n += f->kinds[k].count;
	if (f->n == 0 || f->n > FARM_BOARDS_MAX)
		return err_set(e, VERDICT_USAGE, "a farm has 1 to %d boards", FARM_BOARDS_MAX);
	if (f->options.first >> 24 != 127 || farm_address(f, 2 * f->n) >> 24 != 127)
		return err_set(e, VERDICT_USAGE, "the boards would not all be in 127.0.0.0/8, and nowhere else is anything simulated");
	f->boards = calloc(f->n, sizeof *f->boards);
	behaves = calloc(f->n, sizeof *behaves);
	if (!f->boards || !behaves) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		goto out;
	}
	if (scenario_deal(&f->options.scenario, f->options.seed, behaves, f->n, e))
		goto out;
	hash_buffer(f->secret, &f->options.seed, sizeof f->options.seed);
	f->images.trust = &f->options.trust;
	for (size_t k = 0; k < f->nkinds; k++)
		for (size_t i = 0; i < f->kinds[k].count; i++, at++)
			board_init(f, at, &f->kinds[k], &behaves[at]);
	rc = 0;
out:
	free(behaves);
	return rc;
}

void farm_free(struct farm *f)
{
	images_free(&f->images);
	free(f->boards);
	f->boards = NULL;
	f->n = 0;
}
