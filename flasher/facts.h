/* SPDX-License-Identifier: ISC */
/* What a board says of itself in JSON: its status pages (BOARDS.md 1.4, docs/web.md) and port 4028, whose answers
 * cgminer's heirs do not always write as JSON. All of it is the word of a machine that may be taken over: bounded, printable once
 * it is through here, and believed by nobody. */
#ifndef FLASHER_FACTS_H
#define FLASHER_FACTS_H

#include "flasher/link.h"

enum {
	FACTS_MAX = 64 << 10,        /* bytes of an answer */
	FACTS_POOLS_MAX = 2048,      /* bytes of pools, see facts_pools() */
};

/* Each adds what LEN bytes at TEXT say to what is known already. Returns 0, or -1 when they are no JSON object, or not of
 * that kind; then nothing was added. */

/* get_system_info.cgi: MAC, model, version, hostname. */
int facts_system_info(struct link_identity *id, const char *text, size_t len);

/* miner_type.cgi: model, subtype (control board and hash board), version. */
int facts_miner_type(struct link_identity *id, const char *text, size_t len);

/* status.cgi of firmverify: version, busy, uptime, and on boards with two sides what waits for the next boot; its version goes
 * before all others'. */
int facts_status(struct link_identity *id, const char *text, size_t len);

/* The same page: the board's id (a name as of core/text) and revision. */
int facts_board(char id[static TEXT_NAME_MAX + 1], uint64_t *revision, const char *text, size_t len);

/* The page of boards with an API and a token, /api/v1/info: MAC, model, version, hostname. */
int facts_token_info(struct link_identity *id, const char *text, size_t len);

/* get_miner_conf.cgi: the pools that the board was told to mine at, as facts_api_pools() has them. */
int facts_conf_pools(char out[static FACTS_POOLS_MAX], const char *text, size_t len);

/* 4028 `version': model and version, where nothing better is known. */
int facts_api_version(struct link_identity *id, const char *text, size_t len);

/* 4028 `summary': hash rate, uptime. 4028 `stats': hash boards, fans, temperature, and what summary lacked. */
int facts_api_summary(struct link_health *health, const char *text, size_t len);
int facts_api_stats(struct link_health *health, const char *text, size_t len);

/* 4028 `pools': "URL USER\n" a pool, in the board's order, cut after FACTS_POOLS_MAX; for link_pools(). */
int facts_api_pools(char out[static FACTS_POOLS_MAX], const char *text, size_t len);

#endif
