/* SPDX-License-Identifier: ISC */
/* The asynchronous device seam: one board of a rollout, spoken to without anybody waiting for it. One file a transport:
 * link_http.c (real boards), link_sim.c (boards in this process, on virtual time: the dry run). */
#ifndef FLASHER_LINK_H
#define FLASHER_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "boards/board.h"
#include "flasher/address.h"
#include "flasher/credentials.h"
#include "flasher/device.h"
#include "flasher/inventory.h"
#include "flasher/states.h"

struct image;

/* What a board can be asked to do. A link does one act at a time. */
enum link_act {
	LINK_IDENTIFY, /* who are you, what do you run? Logs in; changes nothing on the board */
	LINK_HEALTH,   /* how well do you do? 4028 and the status page; changes nothing on the board */
	LINK_UPLOAD,   /* sends the image, once; never again, whatever happens */
	LINK_REBOOT,   /* tells the board to start what it took. Not called for boards that reboot by themselves */
	LINK_ACTS,
};

enum { LINK_TEXT_MAX = 120 };

/* What a board says that it is. Printable ASCII, the rest escaped; "" is not known. */
struct link_identity {
	char mac[MAC_TEXT_MAX + 1];          /* as of mac_parse */
	char model[LINK_TEXT_MAX + 1];
	char subtype[LINK_TEXT_MAX + 1];     /* control board and hash board, of miner_type.cgi */
	char version[LINK_TEXT_MAX + 1];     /* of the running firmware, as the profile says where to read it */
	char pending[LINK_TEXT_MAX + 1];     /* of an image that was taken and waits for the reboot; see pending_known */
	char hostname[LINK_TEXT_MAX + 1];
	bool pending_known;                  /* the board can tell what waits (status.cgi of firmverify): then "" is none */
	bool busy;                           /* an install is under way there */
	bool wants_login;                    /* it asked for a password. One that does not is open to everybody */
	uint64_t uptime_s;                   /* of the system; 0: not known */
};

/* How a board does. What it did not say is 0, "" or false. */
struct link_health {
	bool http;               /* its web server answers and lets us in */
	bool api;                /* port 4028 answers, and the figures below come from there */
	uint64_t hashrate_mhs;   /* million hashes a second, average of the last seconds that the board offers */
	uint32_t chains;         /* hash boards that work */
	uint32_t fans;           /* fans that turn */
	uint32_t temp_c;         /* the hottest sensor, degrees Celsius */
	uint64_t uptime_s;       /* of the mining program */
	char pools[17];          /* 16 hex digits over its pools in order, URL and user each (link_pools); "" not known */
};

/* Sums up pools: TEXT is "URL USER\n" a pool, in the board's order. "" for none. */
void link_pools(char out[static 17], const char *text);

/* How an act ended. The record lives as long as the call that tells it. */
struct link_event {
	enum link_act act;
	struct result result;        /* accepted: the act came about. Of an upload: as of flasher/device.h.
				      * Identify and health are never rejected but for CLASS_LOGIN and CLASS_FOREIGN, and
				      * never unknown. A reboot request that went out and got no answer is accepted: a
				      * board that goes down at once gives none */
	enum session_class fault;    /* CLASS_NONE when accepted. It decides about another try */
	uint64_t sent;               /* bytes of the body that left, of an upload */
	struct link_identity identity; /* of LINK_IDENTIFY, when accepted */
	struct link_health health;     /* of LINK_HEALTH, when accepted */
};

struct link;

/* Told once for every act that was started, never from within link_start: always from the loop. It may start the next
 * act, cancel, or close the link. */
typedef void link_told(void *context, const struct link_event *event);

/* What a link is made for. All pointers must outlive the link. */
struct link_target {
	struct address address;
	const struct board *board;
	const struct image *image;             /* of the rollout; one for all */
	const char *realm;                     /* --realm, or NULL: for lines and profiles that name none */
	const struct credential_list *logins;  /* those for this kind of board are tried in order, in LINK_IDENTIFY alone, each at most once a link: no act
						* loops on 401. The one that was taken serves the other acts */
	bool wipe;                             /* settings on the board */
	uint32_t index;                        /* of the device in the plan: for link_sim */
};

struct link_ops {
	void (*start)(struct link *l, enum link_act act);
	void (*cancel)(struct link *l); /* the act under way is given up; nothing more is told of it */
	void (*close)(struct link *l);  /* cancels, and frees L */
};

/* Embedded as the first member by an implementation. */
struct link {
	const struct link_ops *ops;
	link_told *told;
	void *context;
	uint32_t index;
};

/* Makes links of one transport: all of them share its loop, its bandwidth (a token bucket), its image. */
struct link_maker {
	/* A link to TARGET; sends nothing yet. Returns 0, or -1 with E set. */
	int (*open)(struct link_maker *m, struct link **out, const struct link_target *target, link_told *told,
		    void *context, struct err *e);
	/* Acts that may be under way at once for want of descriptors; the rollout keeps below it. 0: no limit. */
	uint32_t capacity;
	/* Bytes of images sent so far by all links, those under way included: for rates shown to people. */
	uint64_t (*sent)(const struct link_maker *m);
};

static inline void link_start(struct link *l, enum link_act act) { l->ops->start(l, act); }
static inline void link_cancel(struct link *l) { l->ops->cancel(l); }
static inline void link_close(struct link **l)
{
	if (*l)
		(*l)->ops->close(*l);
	*l = NULL;
}

#endif
