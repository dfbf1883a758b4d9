/* SPDX-License-Identifier: ISC */
/* Port 4028, as cgminer and its heirs answer there: JSON, a NUL behind it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "simulator/pages.h"

enum { FANS_MAX = 4, CHAINS = 3, DICE_RATE = 2000, DICE_SICKNESS = 2001, DICE_HEAT = 2002 };

/* The figures of a board's mining at this moment. */
struct figures {
	uint64_t rate;            /* GH/s */
	unsigned nfans, fans[FANS_MAX]; /* turns a minute */
	unsigned chains;          /* hash boards that work */
	unsigned chip_c;          /* hottest chip, degrees Celsius */
};

/* Sick boards are sick in one of four ways: half the rate, a hash board lost, fans that stand, heat. */
static void figure(struct figures *f, const struct sim_board *b)
{
	uint64_t seed = b->farm->options.seed, nominal = b->kind->profile.dialect == BOARD_JSON ? 95000 : 13500;
	unsigned way = farm_sick(b) ? (unsigned)(behaviour_dice(seed, DICE_SICKNESS, b->index) % 4) + 1 : 0;

	*f = (struct figures){.rate = nominal + nominal * (behaviour_dice(seed, DICE_RATE, b->index) % 40) / 1000,
			      .nfans = b->kind->profile.dialect == BOARD_JSON ? 4 : 2,
			      .chains = CHAINS,
			      .chip_c = 68 + (unsigned)(behaviour_dice(seed, DICE_HEAT, b->index) % 10)};
	for (unsigned i = 0; i < f->nfans; i++)
		f->fans[i] = 4200 + 120 * i;
	if (way == 1)
		f->rate /= 2;
	if (way == 2) {
		f->chains--;
		f->rate = f->rate * f->chains / CHAINS;
	}
	if (way == 3)
		memset(f->fans, 0, sizeof f->fans);
	if (way == 4)
		f->chip_c += 35;
}

static uint64_t elapsed(const struct sim_board *b)
{
	return (reactor_now_ms() - b->up_since_ms) / 1000;
}

static void put_status(struct json *j, const char *word, unsigned code, const char *text)
{
	json_open_array(j, "STATUS");
	json_open_object(j, NULL);
	json_put_string(j, "STATUS", word);
	json_put_number(j, "Code", code);
	json_put_string(j, "Msg", text);
	json_put_string(j, "Description", "bmminer 1.0.0");
	json_close_object(j);
	json_close_array(j);
}

static void put_version(struct json *j, const struct sim_board *b)
{
	put_status(j, "S", 22, "BMMiner versions");
	json_open_array(j, "VERSION");
	json_open_object(j, NULL);
	json_put_string(j, "BMMiner", "2.0.0");
	json_put_string(j, "API", "3.1");
	json_put_string(j, "Miner", "49.0.1.3");
	json_put_string(j, "CompileTime", b->version);
	json_put_string(j, "Type", farm_model(b));
	json_close_object(j);
	json_close_array(j);
}

static void put_summary(struct json *j, const struct sim_board *b)
{
	struct figures f;

	figure(&f, b);
	put_status(j, "S", 11, "Summary");
	json_open_array(j, "SUMMARY");
	json_open_object(j, NULL);
	json_put_number(j, "Elapsed", elapsed(b));
	json_put_number(j, "GHS 5s", f.rate);
	json_put_number(j, "GHS av", f.rate);
	json_put_number(j, "Found Blocks", 0);
	json_put_number(j, "Accepted", elapsed(b) / 2);
	json_put_number(j, "Rejected", 0);
	json_put_number(j, "Hardware Errors", 0);
	json_close_object(j);
	json_close_array(j);
}

static void put_numbered(struct json *j, const char *name, unsigned i, uint64_t value)
{
	char key[32];

	snprintf(key, sizeof key, "%s%u", name, i);
	json_put_number(j, key, value);
}

static void put_stats(struct json *j, const struct sim_board *b)
{
	struct figures f;

	figure(&f, b);
	put_status(j, "S", 70, "BMMiner stats");
	json_open_array(j, "STATS");
	json_open_object(j, NULL);
	json_put_string(j, "BMMiner", "2.0.0");
	json_put_string(j, "Miner", "49.0.1.3");
	json_put_string(j, "CompileTime", b->version);
	json_put_string(j, "Type", farm_model(b));
	json_close_object(j);
	json_open_object(j, NULL);
	json_put_number(j, "STATS", 0);
	json_put_number(j, "Elapsed", elapsed(b));
	json_put_number(j, "GHS 5s", f.rate);
	json_put_number(j, "GHS av", f.rate);
	json_put_number(j, "miner_count", f.chains);
	json_put_number(j, "fan_num", f.nfans);
	for (unsigned i = 0; i < f.nfans; i++)
		put_numbered(j, "fan", i + 1, f.fans[i]);
	json_put_number(j, "temp_num", f.chains);
	for (unsigned i = 0; i < f.chains; i++) {
		put_numbered(j, "temp", i + 1, f.chip_c - 15);
		put_numbered(j, "temp2_", i + 1, f.chip_c);
		put_numbered(j, "chain_acn", i + 1, 63);
		put_numbered(j, "chain_rate", i + 1, f.rate / f.chains);
	}
	json_close_object(j);
	json_close_array(j);
}

static void put_pools(struct json *j, const struct sim_board *b)
{
	bool infected = behaves_as(&b->behaves, BEHAVE_INFECTED);

	put_status(j, "S", 7, "1 Pool(s)");
	json_open_array(j, "POOLS");
	json_open_object(j, NULL);
	json_put_number(j, "POOL", 0);
	json_put_string(j, "URL", infected ? "stratum+tcp://elsewhere.example:443" : "stratum+tcp://pool.example:3333");
	json_put_string(j, "Status", "Alive");
	json_put_number(j, "Priority", 0);
	json_put_number(j, "Accepted", elapsed(b) / 2);
	json_put_string(j, "User", infected ? "someone.else" : "farm.worker");
	json_put_bool(j, "Stratum Active", true);
	json_close_object(j);
	json_close_array(j);
}

void pages_api(struct reply *r, const struct sim_board *b, const char *command)
{
	static const struct {
		const char *command;
		void (*put)(struct json *j, const struct sim_board *b);
	} commands[] = {{"version", put_version}, {"summary", put_summary}, {"stats", put_stats}, {"pools", put_pools}};
	bool known = false;
	struct json j;
	FILE *out;

	*r = (struct reply){.status = 200, .type = "application/json"};
	out = open_memstream(&r->body, &r->len);
	if (!out)
		return;
	json_begin(&j, out);
	json_open_object(&j, NULL);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		if (strcmp(command, commands[i].command) == 0) {
			commands[i].put(&j, b);
			known = true;
		}
	}
	if (!known)
		put_status(&j, "E", 14, "Invalid command");
	json_put_number(&j, "id", 1);
	json_close_object(&j);
	putc('\0', out);
	fclose(out);
}
