/* SPDX-License-Identifier: ISC */
/* A board's acts as chains of small requests. Each step is a function, and names the one that takes its answer. */
#include "flasher/link_http.h"

#include <stdlib.h>
#include <string.h>

#include "flasher/api4028.h"
#include "flasher/facts.h"
#include "flasher/limit.h"
#include "flasher/link_fault.h"

enum { API_TIMEOUT_MS = 10000, CAPACITY_MIN = 16 };

static const char miner_type_page[] = "/cgi-bin/miner_type.cgi", status_page[] = "/cgi-bin/status.cgi";

struct maker {
	struct link_maker base;
	struct loop *loop;
	struct client *client;
	struct bucket bandwidth;
	struct link_http_options options;
};

struct board_link {
	struct link base;
	struct maker *maker;
	struct link_target target;
	struct http *http;
	struct api *api;
	size_t login;             /* of the list: the one that is used; CREDENTIALS_EACH_MAX: none */
	bool denied;              /* the last of them, too: none is tried again */
	struct loop_timer later;  /* tells so */
	char peer[64];            /* numeric address, of the last answer */
	struct link_event event;
};

/* --- how an act ends --- */

static void tell(struct board_link *l)
{
	const struct link_event event = l->event; /* what is told may close L */

	l->base.told(l->base.context, &event);
}

/* Ends the act with what the web server's last answer came to. */
static void end_http(struct board_link *l, const struct result *r)
{
	l->event.result = *r;
	l->event.fault = link_fault_get(l->http, r);
	tell(l);
}

static void end_good(struct board_link *l)
{
	l->event.result = (struct result){.outcome = OUTCOME_ACCEPTED};
	l->event.fault = CLASS_NONE;
	tell(l);
}

/* --- logging in: the first step of every act but the upload's and the reboot's --- */

static void try_login(struct board_link *l, http_told *then);

/* The first login at or behind FROM that is for this kind of board. */
static size_t next_login(const struct board_link *l, size_t from)
{
	return credential_next(l->target.logins, from, l->target.board, l->target.realm);
}

/* After a probe: 0 when the door is open; -1 when another login is tried meanwhile, or the act ended. */
static int check_door(struct board_link *l, const struct result *r, http_told *then)
{
	const struct exchange *x = http_exchange(l->http);
	bool denied = x->answer.status == 401 && (x->tried || l->target.board->dialect == BOARD_TOKEN);
	size_t next = next_login(l, l->login + 1);

	if (r->outcome == OUTCOME_ACCEPTED)
		return 0;
	if (denied && l->event.act == LINK_IDENTIFY && next != CREDENTIALS_EACH_MAX) {
		l->login = next;
		try_login(l, then);
		return -1;
	}
	l->denied = denied;
	end_http(l, r);
	return -1;
}

static void try_login(struct board_link *l, http_told *then)
{
	http_login(l->http, l->login == CREDENTIALS_EACH_MAX ? NULL : &l->target.logins->each[l->login], l->target.realm);
	http_probe(l->http, then, l);
}

static const struct answer *body_of(const struct board_link *l)
{
	return &http_exchange(l->http)->answer;
}

static void note_peer(struct board_link *l)
{
	const char *peer = http_peer(l->http);

	if (*peer && strlen(peer) < sizeof l->peer)
		memcpy(l->peer, peer, strlen(peer) + 1);
}

/* --- identify: the probe's page, miner_type.cgi, status.cgi, and 4028 where the version is still missing --- */

static void on_api_version(void *owner, const char *answer, size_t len, const char *why)
{
	struct board_link *l = owner;

	(void)why;
	l->api = NULL;
	if (answer)
		(void)facts_api_version(&l->event.identity, answer, len);
	end_good(l);
}

static void on_status(void *owner, const struct result *r)
{
	struct board_link *l = owner;
	const struct link_identity *id = &l->event.identity;

	if (r->outcome == OUTCOME_ACCEPTED && body_of(l)->status == 200)
		(void)facts_status(&l->event.identity, body_of(l)->body, body_of(l)->len);
	if (id->version[0] || !l->maker->options.api_port ||
	    api_ask(&l->api, client_gate(l->maker->client), l->peer, l->maker->options.api_port, "version", API_TIMEOUT_MS,
		    on_api_version, l, NULL))
		end_good(l);
}

/* A page that a board has not got (404) tells nothing, and is no failure; a board that goes down meanwhile is one. */
static bool gone(struct board_link *l, const struct result *r)
{
	if (r->outcome == OUTCOME_ACCEPTED || http_reach(l->http) == HTTP_ANSWERED)
		return false;
	end_http(l, r);
	return true;
}

static void on_miner_type(void *owner, const struct result *r)
{
	struct board_link *l = owner;

	if (gone(l, r))
		return;
	if (r->outcome == OUTCOME_ACCEPTED && body_of(l)->status == 200)
		(void)facts_miner_type(&l->event.identity, body_of(l)->body, body_of(l)->len);
	http_get(l->http, status_page, on_status, l);
}

static void on_identify(void *owner, const struct result *r)
{
	struct board_link *l = owner;

	if (check_door(l, r, on_identify))
		return;
	note_peer(l);
	l->event.identity.wants_login = http_asked(l->http);
	if (l->target.board->dialect == BOARD_TOKEN) { /* its page tells all there is */
		if (body_of(l)->status == 200)
			(void)facts_token_info(&l->event.identity, body_of(l)->body, body_of(l)->len);
		end_good(l);
		return;
	}
	if (body_of(l)->status == 200)
		(void)facts_system_info(&l->event.identity, body_of(l)->body, body_of(l)->len);
	http_get(l->http, miner_type_page, on_miner_type, l);
}

/* --- health: the web server's door, then summary, stats and pools of 4028 --- */

static void on_pools(void *owner, const char *answer, size_t len, const char *why)
{
	struct board_link *l = owner;
	char pools[FACTS_POOLS_MAX];

	(void)why;
	l->api = NULL;
	if (answer && facts_api_pools(pools, answer, len) == 0)
		link_pools(l->event.health.pools, pools);
	end_good(l);
}

static void ask_api(struct board_link *l, const char *command, api_told *then)
{
	if (api_ask(&l->api, client_gate(l->maker->client), l->peer, l->maker->options.api_port, command, API_TIMEOUT_MS, then, l, NULL))
		end_good(l); /* without figures: `api' says so */
}

static void on_stats(void *owner, const char *answer, size_t len, const char *why)
{
	struct board_link *l = owner;

	(void)why;
	l->api = NULL;
	/* Half an answer is none: without it a busy miner would look like one whose hash boards are gone. */
	if (!answer || facts_api_stats(&l->event.health, answer, len)) {
		end_good(l);
		return;
	}
	l->event.health.api = true;
	ask_api(l, "pools", on_pools);
}

static void on_summary(void *owner, const char *answer, size_t len, const char *why)
{
	struct board_link *l = owner;

	(void)why;
	l->api = NULL;
	if (!answer || facts_api_summary(&l->event.health, answer, len)) {
		end_good(l);
		return;
	}
	ask_api(l, "stats", on_stats);
}

static void on_health(void *owner, const struct result *r)
{
	struct board_link *l = owner;

	if (check_door(l, r, on_health))
		return;
	note_peer(l);
	l->event.health.http = true;
	if (l->maker->options.api_port)
		ask_api(l, "summary", on_summary);
	else
		end_good(l);
}

/* --- upload and reboot --- */

static void on_upload(void *owner, const struct result *r)
{
	struct board_link *l = owner;

	l->event.result = *r;
	l->event.sent = http_sent(l->http);
	l->event.fault = link_fault_upload(l->http, r);
	tell(l);
}

/* The probe before the upload draws a fresh challenge: the nonce of the identify may be old. */
static void on_door_for_upload(void *owner, const struct result *r)
{
	struct board_link *l = owner;

	if (check_door(l, r, on_door_for_upload) == 0)
		http_upload(l->http, l->target.image, on_upload, l);
}

static void on_reboot(void *owner, const struct result *r)
{
	end_http(owner, r);
}

/* --- the seam --- */

static void on_denied(void *owner)
{
	struct board_link *l = owner;

	result_set(&l->event.result, OUTCOME_FAILED, "every login was refused before, and is not tried again");
	l->event.fault = CLASS_LOGIN;
	tell(l);
}

static void start(struct link *base, enum link_act act)
{
	struct board_link *l = (struct board_link *)base;

	l->event = (struct link_event){.act = act};
	if (l->denied && loop_arm(l->maker->loop, &l->later, 0, NULL) == 0)
		return; /* some boards lock a user out who comes again and again */
	switch (act) {
	case LINK_IDENTIFY:
		try_login(l, on_identify);
		break;
	case LINK_HEALTH:
		try_login(l, on_health);
		break;
	case LINK_UPLOAD:
		try_login(l, on_door_for_upload);
		break;
	default:
		http_reboot(l->http, on_reboot, l);
		break;
	}
}

static int open_http(struct board_link *l, struct err *e)
{
	const struct http_options options = {&l->target.address, l->target.board, l->target.wipe,
					     l->maker->options.timeout_ms, &l->maker->bandwidth};

	return http_open(&l->http, l->maker->client, &options, e);
}

static void cancel(struct link *base)
{
	struct board_link *l = (struct board_link *)base;

	loop_disarm(l->maker->loop, &l->later);
	api_cancel(&l->api);
	http_cancel(l->http);
}

static void close_link(struct link *base)
{
	struct board_link *l = (struct board_link *)base;

	cancel(base);
	http_close(&l->http);
	free(l);
}

static int open_link(struct link_maker *base, struct link **out, const struct link_target *target, link_told *told,
		     void *context, struct err *e)
{
	static const struct link_ops ops = {start, cancel, close_link};
	struct board_link *l = calloc(1, sizeof *l);

	*out = NULL;
	if (!l)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	l->base = (struct link){&ops, told, context, target->index};
	l->maker = (struct maker *)base;
	l->target = *target;
	l->later = (struct loop_timer){.fire = on_denied, .owner = l};
	l->login = next_login(l, 0);
	if (open_http(l, e)) {
		free(l);
		return -1;
	}
	*out = &l->base;
	return 0;
}

static uint64_t sent(const struct link_maker *base)
{
	return client_sent(((const struct maker *)base)->client);
}

int link_http_open(struct link_maker **out, struct loop *loop, const struct link_http_options *options, struct err *e)
{
	struct maker *m;
	uint32_t capacity;

	*out = NULL;
	if (limit_descriptors(&capacity, CAPACITY_MIN, e) || client_start(e))
		return -1;
	m = calloc(1, sizeof *m);
	if (!m)
		err_set(e, VERDICT_SYSTEM, "out of memory");
	if (!m || client_open(&m->client, loop, e)) {
		free(m);
		client_stop();
		return -1;
	}
	m->base = (struct link_maker){open_link, capacity, sent};
	m->loop = loop;
	m->options = *options;
	bucket_init_bytes(&m->bandwidth, loop, options->rate);
	*out = &m->base;
	return 0;
}

void link_http_free(struct link_maker **base)
{
	struct maker *m = (struct maker *)*base;

	if (!m)
		return;
	client_free(&m->client);
	bucket_close(&m->bandwidth);
	free(m);
	client_stop();
	*base = NULL;
}
