/* SPDX-License-Identifier: ISC */
/* What became of the boards, for tests and for people who learn. */
#include "core/json.h"
#include "simulator/farm.h"

static const char *phase_word(const struct sim_board *b)
{
	return b->phase == FARM_DOWN ? "down" : b->phase == FARM_LEAVING ? "leaving" : "up";
}

void farm_print_board(struct json *j, const struct sim_board *b)
{
	char address[FARM_ADDRESS_LEN + 1], mac[FARM_MAC_LEN + 1], hex[HASH_HEX + 1] = "";

	farm_print_address(address, b->address);
	farm_print_mac(mac, b);
	if (b->flashes)
		text_put_hash(hex, b->image);
	json_open_object(j, NULL);
	json_put_number(j, "index", b->index);
	json_put_string(j, "address", address);
	json_put_string(j, "mac", mac);
	json_put_string(j, "board", b->kind->profile.id);
	json_put_number(j, "revision", b->kind->revision);
	json_put_bool(j, "sealed", b->kind->sealed);
	json_put_string(j, "model", farm_model(b));
	json_open_array(j, "behaviours");
	for (unsigned i = 0; i < BEHAVE_COUNT; i++)
		if (behaves_as(&b->behaves, (enum behaviour)i))
			json_put_string(j, NULL, behaviour_word((enum behaviour)i));
	json_close_array(j);
	json_put_string(j, "phase", phase_word(b));
	json_put_string(j, "version", b->version);
	json_put_bool(j, "sick", farm_sick(b));
	json_put_string(j, "image", hex);
	json_put_number(j, "requests", b->requests);
	json_put_number(j, "logins", b->logins);
	json_put_number(j, "login_failures", b->login_failures);
	json_put_number(j, "uploads", b->uploads);
	json_put_number(j, "refusals", b->refusals);
	json_put_number(j, "flashes", b->flashes);
	json_put_number(j, "wipes", b->wipes);
	json_put_number(j, "reboots", b->reboots);
	json_close_object(j);
	json_finish(j);
}

void farm_print_totals(struct json *j, const struct farm *f)
{
	uint64_t up = 0, flashed = 0, twice = 0, flashes = 0, reboots = 0, requests = 0, failures = 0, uploads = 0, most = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct sim_board *b = &f->boards[i];

		up += b->phase == FARM_UP;
		flashed += b->flashes > 0;
		twice += b->flashes > 1;
		flashes += b->flashes;
		reboots += b->reboots;
		requests += b->requests;
		uploads += b->uploads;
		failures += b->login_failures;
		if (b->flashes > most)
			most = b->flashes;
	}
	json_open_object(j, NULL);
	json_put_number(j, "boards", f->n);
	json_put_number(j, "up", up);
	json_put_number(j, "flashed", flashed);
	json_put_number(j, "flashed_twice", twice);
	json_put_number(j, "flashes", flashes);
	json_put_number(j, "flashes_most", most);
	json_put_number(j, "uploads", uploads);
	json_put_number(j, "reboots", reboots);
	json_put_number(j, "requests", requests);
	json_put_number(j, "login_failures", failures);
	json_close_object(j);
	json_finish(j);
}
