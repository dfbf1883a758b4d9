/* SPDX-License-Identifier: ISC */
/* One address as a chain of small requests. Each step is a function, and names the one that takes its answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flasher/api4028.h"
#include "flasher/facts.h"
#include "flasher/scan.h"

static const char info_page[] = "/cgi-bin/get_system_info.cgi", token_page[] = "/api/v1/info";

struct scan_probe {
	const struct scan_options *options;
	scan_told *told;
	void *owner;
	struct client *client;
	struct visit *visit;
	struct api *api;
	struct address address;
	bool single;                  /* somebody named this very address */
	char host[16];
	const struct credential_list *logins;
	char realm[CHALLENGE_REALM_MAX + 1]; /* of the first challenge, as it came: logins are for it alone */
	size_t login;                 /* that is tried, or was taken */
	bool factory;                 /* the maker's password is tried, or was taken */
	struct link_identity id;
	char version_4028[LINK_TEXT_MAX + 1];
	char pools_live[FACTS_POOLS_MAX], pools_conf[FACTS_POOLS_MAX];
	struct loop_timer later;      /* tells what could not even be begun */
	struct scan_record record;
};

static void tell(void *owner)
{
	struct scan_probe *p = owner;

	p->told(p->owner, p, &p->record);
}

static void end(struct scan_probe *p, enum scan_state state, const char *note)
{
	p->record.state = state;
	if (note)
		err_quote(p->record.note, sizeof p->record.note, note, strlen(note));
	tell(p);
}

/* Begins a GET; when that fails for want of memory the address ends so. */
static void get(struct scan_probe *p, const char *path, visit_told *then)
{
	struct err e = {0};

	if (visit_begin(p->visit, path, NULL, then, p, &e) == 0)
		return;
	p->record.state = SCAN_SILENT;
	snprintf(p->record.note, sizeof p->record.note, "%.*s", SCAN_NOTE_MAX - 1, e.message);
	p->later = (struct loop_timer){.fire = tell, .owner = p};
	if (loop_arm(client_loop(p->client), &p->later, 0, NULL))
		tell(p);
}

static const struct answer *answer_of(const struct scan_probe *p)
{
	return &visit_exchange(p->visit)->answer;
}

/* The last answer was a whole page. */
static bool got_page(const struct scan_probe *p)
{
	return answer_of(p)->status == 200 && !visit_failure(p->visit);
}

/* --- the end: what is known is put together --- */

static void copy_text(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%.*s", (int)size - 1, text);
}

static void conclude(struct scan_probe *p)
{
	struct inventory_board *b = &p->record.board;
	const struct board *kind = NULL;

	if (!p->options->quick)
		p->record.signs |= scan_signs(&p->id, p->version_4028, p->pools_live, p->pools_conf);
	memcpy(b->mac, p->id.mac, sizeof b->mac);
	copy_text(b->model, sizeof b->model, p->id.model);
	copy_text(b->subtype, sizeof b->subtype, p->id.subtype);
	copy_text(b->version, sizeof b->version, p->id.version);
	copy_text(b->hostname, sizeof b->hostname, p->id.hostname);
	if (!b->mac[0]) {
		end(p, SCAN_FOREIGN, "it lets us in, but tells no MAC");
		return;
	}
	if (!b->board[0]) { /* firmverify has not said it */
		char why[SCAN_NOTE_MAX];

		kind = scan_kind(p->options, p->record.realm, &p->id, &p->record.by_model, why);
		if (!*p->record.note)
			memcpy(p->record.note, why, sizeof why);
		if (kind)
			memcpy(b->board, kind->id, sizeof b->board);
	}
	p->record.state = SCAN_FOUND;
	tell(p);
}

/* --- port 4028: version, then pools --- */

static void on_pools(void *owner, const char *answer, size_t len, const char *why)
{
	struct scan_probe *p = owner;

	(void)why;
	p->api = NULL;
	if (answer && facts_api_pools(p->pools_live, answer, len))
		p->pools_live[0] = '\0';
	conclude(p);
}

static void ask(struct scan_probe *p, const char *command, api_told *then)
{
	if (!p->options->api_port || api_ask(&p->api, client_gate(p->client), p->host, p->options->api_port, command,
					     p->options->timeout_ms, then, p, NULL))
		conclude(p);
}

static void on_api_version(void *owner, const char *answer, size_t len, const char *why)
{
	struct scan_probe *p = owner;
	struct link_identity told = {.mac = ""};

	(void)why;
	p->api = NULL;
	if (!answer || facts_api_version(&told, answer, len)) {
		conclude(p); /* whoever does not know its version will not tell its pools */
		return;
	}
	memcpy(p->version_4028, told.version, sizeof p->version_4028);
	if (!p->id.model[0])
		memcpy(p->id.model, told.model, sizeof p->id.model);
	if (p->options->quick)
		conclude(p);
	else
		ask(p, "pools", on_pools);
}

/* --- the pages --- */

/* The page that some infections shut. That newer boards have it elsewhere is no sign. */
static void on_upgrade_page(void *owner, struct visit *v)
{
	struct scan_probe *p = owner;
	int status = visit_exchange(v)->answer.status;

	if (status != 200 && status != 404)
		p->record.signs |= SIGN_BLOCKED;
	ask(p, "version", on_api_version);
}

static void on_conf(void *owner, struct visit *v)
{
	struct scan_probe *p = owner;

	(void)v;
	if (got_page(p) && facts_conf_pools(p->pools_conf, answer_of(p)->body, answer_of(p)->len))
		p->pools_conf[0] = '\0';
	get(p, "/upgrade.html", on_upgrade_page);
}

static void on_status(void *owner, struct visit *v)
{
	struct scan_probe *p = owner;
	struct inventory_board *b = &p->record.board;

	(void)v;
	if (got_page(p)) {
		(void)facts_status(&p->id, answer_of(p)->body, answer_of(p)->len);
		b->have_revision = facts_board(b->board, &b->revision, answer_of(p)->body, answer_of(p)->len) == 0;
		if (!scan_told_board(p->options, b->board)) {
			snprintf(p->record.note, sizeof p->record.note, "its pages say that it is %s, a board that is sent the password itself: not believed",
				 b->board);
			*b->board = '\0';
			b->have_revision = false;
		}
	}
	if (p->options->quick)
		ask(p, "version", on_api_version);
	else
		get(p, "/cgi-bin/get_miner_conf.cgi", on_conf);
}

static void on_miner_type(void *owner, struct visit *v)
{
	struct scan_probe *p = owner;

	(void)v;
	if (got_page(p))
		(void)facts_miner_type(&p->id, answer_of(p)->body, answer_of(p)->len);
	get(p, "/cgi-bin/status.cgi", on_status);
}

/* The door is open. */
static void inside(struct scan_probe *p)
{
	if (got_page(p))
		(void)facts_system_info(&p->id, answer_of(p)->body, answer_of(p)->len);
	get(p, "/cgi-bin/miner_type.cgi", on_miner_type);
}

/* --- logins: each once --- */

static void on_login(void *owner, struct visit *v);

/* A line for Digest, and for the realm of this board: its own, or one that boards are known to have. */
static bool may_be_shown(const struct scan_probe *p, const struct credential *c)
{
	return c->scheme == CREDENTIAL_DIGEST && (c->realm[0] ? strcmp(c->realm, p->realm) == 0 : scan_realm_known(p->options, p->realm));
}

/* Any line of the place's credential names this realm. */
static bool realm_named(const struct scan_probe *p)
{
	for (size_t i = 0; p->logins && i < p->logins->n; i++)
		if (p->logins->each[i].realm[0] && strcmp(p->logins->each[i].realm, p->realm) == 0)
			return true;
	return false;
}

/* Tries the next one. False when there is none. */
static bool try_next(struct scan_probe *p, size_t login)
{
	const struct credential *c = NULL;
	bool factory;

	for (; p->logins && login < p->logins->n && !c; login++)
		if (may_be_shown(p, &p->logins->each[login]))
			c = &p->logins->each[p->login = login];
	factory = !c && !p->factory && p->options->factory && scan_realm_known(p->options, p->realm);
	if (!c && !factory)
		return false;
	p->factory = factory;
	visit_login(p->visit, c ? c->user : "root", c ? c->password : p->options->factory, p->realm);
	get(p, info_page, on_login);
	return true;
}

static void on_login(void *owner, struct visit *v)
{
	struct scan_probe *p = owner;
	int status = visit_exchange(v)->answer.status;

	if (status == 200 || status == 404) {
		const char *password = secret_text(p->factory ? p->options->factory : p->logins->each[p->login].password);

		if (!p->options->quick && strcmp(password, "root") == 0)
			p->record.signs |= SIGN_FACTORY_PASSWORD;
		inside(p);
	} else if (status != 401) {
		end(p, SCAN_FOREIGN, status ? "it answered a login in a way of its own" : visit_failure(v));
	} else if (p->factory || !try_next(p, p->login + 1)) {
		end(p, SCAN_LOGIN, "no login was taken");
	}
}

/* Boards with an API and a token say what they are to everybody. */
static void on_token_page(void *owner, struct visit *v)
{
	struct scan_probe *p = owner;

	(void)v;
	if (!got_page(p) || facts_token_info(&p->id, answer_of(p)->body, answer_of(p)->len) || !p->id.mac[0]) {
		end(p, SCAN_FOREIGN, "a web server without the pages of a board");
		return;
	}
	/* It would be given the password itself, and anybody can serve that page: whoever has a place's credential must have been named. */
	if (!p->single && p->record.board.credential[0]) {
		p->record.board.credential[0] = '\0';
		snprintf(p->record.note, sizeof p->record.note, "it wants the password itself: its place's credential is not put down, name one by hand");
	}
	for (size_t i = 0; i < p->options->nboards && !p->record.board.board[0]; i++)
		if (p->options->boards[i].dialect == BOARD_TOKEN)
			memcpy(p->record.board.board, p->options->boards[i].id, sizeof p->record.board.board);
	ask(p, "version", on_api_version);
}

/* Nobody answered at the web server's port. A miner that does at 4028 is a board all the same, and one in need of a visit. */
static void on_miner(void *owner, const char *answer, size_t len, const char *why)
{
	struct scan_probe *p = owner;

	(void)why;
	p->api = NULL;
	if (!answer || facts_api_version(&p->id, answer, len)) {
		tell(p); /* as it was */
		return;
	}
	copy_text(p->record.board.model, sizeof p->record.board.model, p->id.model);
	copy_text(p->record.board.version, sizeof p->record.board.version, p->id.version);
	end(p, SCAN_MINER, "its miner answers at port 4028, its web server does not; it tells no MAC there");
}

/* An address where nobody picked up is not asked again. */
static void ask_miner(struct scan_probe *p, struct visit *v)
{
	const char *failure = visit_failure(v);

	p->record.state = SCAN_SILENT;
	if (failure)
		err_quote(p->record.note, sizeof p->record.note, failure, strlen(failure));
	if (!p->options->api_port || !visit_somebody(v) ||
	    api_ask(&p->api, client_gate(p->client), p->host, p->options->api_port, "version", p->options->timeout_ms, on_miner, p, NULL))
		tell(p);
}

static void on_first(void *owner, struct visit *v)
{
	struct scan_probe *p = owner;
	const struct exchange *x = visit_exchange(v);
	int status = x->answer.status;

	memcpy(p->realm, x->challenge.realm, sizeof p->realm);
	err_quote(p->record.realm, sizeof p->record.realm, p->realm, strlen(p->realm));
	if (status == 0) {
		ask_miner(p, v);
	} else if (status == 200) {
		p->record.signs |= p->options->quick || !got_page(p) ? 0 : SIGN_NO_PASSWORD;
		inside(p);
	} else if (status == 401 && x->challenge.broken) {
		end(p, SCAN_LOGIN, "its request for a password (WWW-Authenticate) is malformed, and was not answered");
	} else if (status != 401 || (!x->challenge.digest && !x->challenge.other)) {
		get(p, token_page, on_token_page); /* no pages of the usual kind: an API of its own, perhaps */
	} else if (x->challenge.digest && !x->challenge.usable) {
		snprintf(p->record.note, sizeof p->record.note, "its Digest challenge cannot be answered: %s", x->challenge.why);
		end(p, SCAN_LOGIN, NULL);
	} else if (!x->challenge.digest) {
		end(p, SCAN_LOGIN, "it asks for the password by Basic or another scheme that may give it away; it was not sent");
	} else if (!scan_realm_known(p->options, p->realm) && !realm_named(p)) {
		end(p, SCAN_FOREIGN, "its realm is that of no board known here, and no password was tried (--realm TEXT adds one)");
	} else if (!try_next(p, 0)) {
		end(p, SCAN_LOGIN, "no login is known for it");
	}
}

/* --- opening and closing --- */

int scan_probe_open(struct scan_probe **out, const struct scan_options *options, uint32_t address, const struct target_note *note,
		    struct client *client, scan_told *told, void *owner, struct err *e)
{
	struct scan_probe *p = calloc(1, sizeof *p);
	struct visit_options visit = {.realm = "", .timeout_ms = options->timeout_ms};
	unsigned port = note->port ? note->port : options->port;
	struct inventory_board *b;
	char text[32];

	*out = NULL;
	if (!p)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	p->options = options;
	p->told = told;
	p->owner = owner;
	p->client = client;
	p->single = note->single;
	b = &p->record.board;
	memcpy(b->site, note->site, sizeof b->site);
	memcpy(b->rack, note->rack, sizeof b->rack);
	for (size_t i = 0; i < note->ntags; i++) /* what an earlier scan said of it is asked anew */
		if (!*inventory_state_means(note->tags[i]) && (options->quick || strcmp(note->tags[i], "suspect") != 0))
			memcpy(b->tags[b->ntags++], note->tags[i], sizeof b->tags[0]);
	memcpy(p->record.known, note->mac, sizeof p->record.known);
	memcpy(b->credential, note->credential, sizeof b->credential);
	b->extra = note->extra;
	p->logins = options->credentials ? credentials_find(options->credentials, note->credential) : NULL;
	snprintf(p->host, sizeof p->host, "%u.%u.%u.%u", address >> 24 & 255, address >> 16 & 255, address >> 8 & 255, address & 255);
	if (port == 80)
		snprintf(text, sizeof text, "%s", p->host);
	else
		snprintf(text, sizeof text, "%s:%u", p->host, port);
	if (address_parse(&b->address, text, e))
		goto out;
	p->address = b->address;
	visit.address = &p->address;
	if (visit_open(&p->visit, client, &visit, e) || visit_begin(p->visit, info_page, NULL, on_first, p, e))
		goto out;
	*out = p;
	p = NULL;
out:
	scan_probe_close(&p);
	return *out ? 0 : -1;
}

void scan_probe_close(struct scan_probe **p)
{
	if (!*p)
		return;
	api_cancel(&(*p)->api);
	visit_close(&(*p)->visit);
	loop_disarm(client_loop((*p)->client), &(*p)->later);
	free(*p);
	*p = NULL;
}
