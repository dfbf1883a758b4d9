/* SPDX-License-Identifier: ISC */
/* The simulated farm: its boards, what they are, and how they live. */
#ifndef SIMULATOR_FARM_H
#define SIMULATOR_FARM_H

#include "boards/board.h"
#include "core/trust.h"
#include "simulator/behaviour.h"
#include "simulator/images.h"
#include "simulator/reactor.h"

enum {
	FARM_KINDS_MAX = 16,
	FARM_BOARDS_MAX = 100000,
	FARM_MAC_LEN = 17,
	FARM_ADDRESS_LEN = 15,
};

/* Some boards of the same kind. */
struct farm_kind {
	struct board profile;
	uint64_t revision;
	size_t count;
	bool sealed;             /* runs firmverify: takes bundles that verify, and nothing else */
};

/* What `firmsim run' was asked for. Strings stay argv's. */
struct farm_options {
	uint32_t first;          /* address of the first board, host order */
	uint16_t http_port, api_port; /* 0: any that is free, the same for all */
	const char *version;     /* that boards run at first */
	const char *product;     /* that sealed boards are; NULL: any */
	uint64_t counter;        /* that sealed boards have confirmed */
	const char *user;
	char password[256], default_password[16];
	const char *bad_version; /* an image of that version makes boards sick; or NULL */
	uint64_t seed;
	uint64_t boot_ms, spread_ms; /* a boot takes BOOT_MS, and up to SPREAD_MS more by the board's dice */
	uint64_t write_ms;       /* between the last byte of an upload and its answer */
	uint64_t leave_ms;       /* between the wish to reboot and the silence */
	struct scenario scenario;
	struct trust trust;
};

enum farm_phase { FARM_UP, FARM_LEAVING, FARM_DOWN };

struct conn;

struct sim_board {
	struct watch http, api;  /* its own listeners; fd -1 while it is down, or when all share one */
	struct alarm alarm;      /* the end of the phase */
	struct farm *farm;
	struct conn *conns;
	const struct farm_kind *kind;
	uint32_t index, address; /* the latter in host order */
	enum farm_phase phase;
	bool fresh;              /* its image was sent here, and it has booted it */
	bool written;            /* an image waits for the next boot */
	struct behaves behaves;
	uint64_t up_since_ms, counter;
	char version[TEXT_NAME_MAX + 1], next_version[TEXT_NAME_MAX + 1];
	char claimed[TEXT_NAME_MAX + 1]; /* by an infected board, that it were running */
	unsigned char image[HASH_SIZE];  /* sent last and taken */
	/* What happened to it. */
	uint32_t requests, logins, login_failures, uploads, flashes, refusals, wipes, reboots;
};

struct farm {
	struct farm_options options;
	struct farm_kind kinds[FARM_KINDS_MAX];
	size_t nkinds;
	struct sim_board *boards;
	size_t n;
	struct reactor reactor;
	struct images images;
	unsigned char secret[32]; /* for nonces; from the seed */
	/* The server's: opens and closes a board's doors. */
	int (*open_doors)(struct sim_board *b, struct err *e);
	void (*close_doors)(struct sim_board *b);
};

/* Makes the boards, all up but those that are dead; opens no door yet. Returns 0 or -1. */
MUST_CHECK int farm_init(struct farm *f, struct err *e);
void farm_free(struct farm *f);

/* The address of board number I, and of those behind the last one, where boards move to: last octets 0 and 255 are left out. */
uint32_t farm_address(const struct farm *f, size_t i);
/* The board that is at ADDRESS now, or NULL. */
struct sim_board *farm_find(struct farm *f, uint32_t address);

void farm_print_address(char out[static FARM_ADDRESS_LEN + 1], uint32_t address);
/* "02:..": locally administered, from the seed and the number. */
void farm_print_mac(char out[static FARM_MAC_LEN + 1], const struct sim_board *b);
const char *farm_model(const struct sim_board *b);

/* The board reboots a moment from now. */
void farm_reboot(struct sim_board *b);
/* The image will be booted next. */
void farm_write(struct sim_board *b, const struct sim_image *image);

/* True when the board runs and something about its mining is wrong. */
bool farm_sick(const struct sim_board *b);

/* A board, and all of them, as JSON: an object a line. */
struct json;
void farm_print_board(struct json *j, const struct sim_board *b);
void farm_print_totals(struct json *j, const struct farm *f);

#endif
