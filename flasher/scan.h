/* SPDX-License-Identifier: ISC */
/* Finds boards: asks each address for a page without a password, logs in only where the challenge is one that boards are known to give, and
 * takes down what the board says of itself. Nothing is changed on any board, and each login is tried once. */
#ifndef FLASHER_SCAN_H
#define FLASHER_SCAN_H

#include "boards/board.h"
#include "flasher/client.h"
#include "flasher/credentials.h"
#include "flasher/link.h"
#include "flasher/targets.h"

enum {
	SCAN_REALMS_MAX = 16,
	SCAN_NOTE_MAX = 160,
};

struct scan_options {
	const struct board *boards;        /* all profiles */
	size_t nboards;
	const struct credentials *credentials; /* or NULL: nobody logs in */
	const struct secret *factory;      /* the maker's password, tried for user root when all else was refused; or NULL */
	const char *realms[SCAN_REALMS_MAX]; /* of boards, beyond those of the profiles */
	size_t nrealms;
	uint16_t port, api_port;           /* API_PORT 0: port 4028 is not asked */
	uint64_t timeout_ms;
	uint32_t concurrency;              /* addresses at once */
	uint32_t rate;                     /* addresses begun a second */
	bool quick;                        /* no look for signs of infection */
};

enum scan_state {
	SCAN_SILENT,   /* nobody answered */
	SCAN_FOUND,    /* a board, and it told its MAC */
	SCAN_LOGIN,    /* it refused every login, or wants one that may not be given (Basic) */
	SCAN_FOREIGN,  /* something else than a board: its realm or its pages are none of theirs */
	SCAN_MINER,    /* no web server to speak of, but a miner answers at port 4028 */
	SCAN_STATES,
};

/* Signs that a board was taken over, or could be: the part of them that shows from afar. None is proof, and none missing is one either. */
enum scan_sign {
	SIGN_NO_PASSWORD = 1 << 0,      /* it lets everybody in */
	SIGN_FACTORY_PASSWORD = 1 << 1, /* root's password is still the maker's */
	SIGN_POOLS = 1 << 2,            /* it mines elsewhere than its configuration says */
	SIGN_VERSIONS = 1 << 3,         /* its pages and port 4028 name different versions */
	SIGN_ODD_VERSION = 1 << 4,      /* no version, or one of bytes that no version is made of */
	SIGN_BLOCKED = 1 << 5,          /* the upgrade page is shut */
	SIGN_HOSTNAME = 1 << 6,         /* its name is one that a shell would act on */
	SIGN_COUNT = 7,
};

/* What one address came to. */
struct scan_record {
	struct inventory_board board;
	enum scan_state state;
	unsigned signs;
	char known[MAC_TEXT_MAX + 1];      /* of the board that an inventory names at this address; "" for none */
	bool twice;                        /* another address has this MAC, too */
	bool by_model;                     /* the kind of board follows from its model alone */
	char realm[CHALLENGE_REALM_MAX + 1]; /* printable */
	char note[SCAN_NOTE_MAX];          /* for a person, printable; or "" */
};

struct scan_result {
	struct scan_record *records;       /* of those that answered, and of those that an inventory named; sorted by address */
	size_t n, room;
	size_t asked, count[SCAN_STATES], twice, suspect, missing; /* MISSING: named by an inventory, and silent */
};

/* "silent", "found", "login", "foreign", "miner". */
const char *scan_state_word(enum scan_state state);
/* "no-password", "factory-password", ...: sign number I, from 0. */
const char *scan_sign_word(unsigned i);

/* Asks all of TARGETS within LOOP. PROGRESS (may be NULL) is told now and then. Returns 0, or -1 (system); OUT is to be freed in either case. */
MUST_CHECK int scan_run(struct scan_result *out, const struct targets *targets, const struct scan_options *options, struct loop *loop,
	     struct client *client, void (*progress)(size_t done, size_t all), struct err *e);
void scan_result_free(struct scan_result *r);

/* --- the parts of it --- */

/* Which of the options' boards with pages behind Digest fits; the best one. NULL when none does, or two do equally well: *WHY then says which. */
const struct board *scan_kind(const struct scan_options *options, const char *realm, const struct link_identity *id, bool *by_model,
			      char why[static SCAN_NOTE_MAX]);
/* Whether a board that was reached by its pages may say that it is ID: it cannot name a kind that is sent the password itself. What a board
 * says of itself never makes the protocol weaker than the one it was reached by. */
bool scan_told_board(const struct scan_options *options, const char *id);
/* True for realms that boards have. */
bool scan_realm_known(const struct scan_options *options, const char *realm);
/* Signs in what a board says: VERSION_4028 and the pools ("URL USER\n" each) may be "". */
unsigned scan_signs(const struct link_identity *id, const char *version_4028, const char *pools_live, const char *pools_conf);

/* One address, from the first connection to the last answer. Told once, from the loop, unless it is given up before. */
struct scan_probe;
typedef void scan_told(void *owner, struct scan_probe *probe, const struct scan_record *record);
MUST_CHECK int scan_probe_open(struct scan_probe **out, const struct scan_options *options, uint32_t address, const struct target_note *note,
		    struct client *client, scan_told *told, void *owner, struct err *e);
void scan_probe_close(struct scan_probe **p);

#endif
