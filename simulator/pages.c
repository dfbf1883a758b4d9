/* SPDX-License-Identifier: ISC */
/* The pages that a board shows (docs: the tables of stock pages in docs/simulator.md). */
#include "simulator/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"

static const char json_type[] = "application/json", html_type[] = "text/html";

void reply_free(struct reply *r)
{
	free(r->body);
	r->body = NULL;
}

/* A board as its pages see it. */
struct view {
	const struct sim_board *board;
	char address[FARM_ADDRESS_LEN + 1], mac[FARM_MAC_LEN + 1];
	const char *hostname;
	bool infected, newer; /* newer: the pages of the 19 series and what came after it */
};

static void json_address(struct json *j, const struct view *v)
{
	json_put_string(j, "nettype", "DHCP");
	json_put_string(j, "netdevice", "eth0");
	json_put_string(j, "macaddr", v->mac);
}

static void system_info(FILE *out, const struct view *v)
{
	const struct sim_board *b = v->board;
	struct json j;

	json_begin(&j, out);
	json_open_object(&j, NULL);
	json_put_string(&j, "minertype", farm_model(b));
	json_address(&j, v);
	json_put_string(&j, "hostname", v->hostname);
	json_put_string(&j, "ipaddress", v->address);
	json_put_string(&j, "netmask", "255.0.0.0");
	json_put_string(&j, "gateway", "");
	json_put_string(&j, "dnsservers", "");
	json_put_string(&j, "system_mode", "GNU/Linux");
	json_put_string(&j, "system_kernel_version", "Linux 4.6.0-xilinx-gff8137b-dirty #25 SMP PREEMPT");
	json_put_string(&j, "system_filesystem_version", v->infected && b->claimed[0] ? b->claimed : b->version);
	if (v->newer) {
		json_put_string(&j, "firmware_type", "Release");
		json_put_string(&j, "Algorithm", "sha256d");
	} else {
		json_put_string(&j, "ant_hwv", "16.8.1.3");
		json_put_string(&j, "bmminer_version", "2.0.0");
	}
	json_close_object(&j);
	json_finish(&j);
}

static void miner_type(FILE *out, const struct view *v)
{
	struct json j;

	json_begin(&j, out);
	json_open_object(&j, NULL);
	json_put_string(&j, "miner_type", farm_model(v->board));
	json_put_string(&j, "subtype", "zynq7007_BHB42XXX");
	json_put_string(&j, "fw_version", v->infected && v->board->claimed[0] ? v->board->claimed : v->board->version);
	json_close_object(&j);
	json_finish(&j);
}

static void network_info(FILE *out, const struct view *v)
{
	struct json j;

	json_begin(&j, out);
	json_open_object(&j, NULL);
	json_address(&j, v);
	json_put_string(&j, "ipaddress", v->address);
	json_put_string(&j, "netmask", "255.0.0.0");
	json_put_string(&j, "conf_nettype", "DHCP");
	json_put_string(&j, "conf_hostname", v->hostname);
	json_put_string(&j, "conf_ipaddress", "");
	json_put_string(&j, "conf_netmask", "");
	json_put_string(&j, "conf_gateway", "");
	json_put_string(&j, "conf_dnsservers", "");
	json_close_object(&j);
	json_finish(&j);
}

static void miner_conf(FILE *out, const struct view *v)
{
	struct json j;

	(void)v;
	json_begin(&j, out);
	json_open_object(&j, NULL);
	json_open_array(&j, "pools");
	json_open_object(&j, NULL);
	json_put_string(&j, "url", "stratum+tcp://pool.example:3333");
	json_put_string(&j, "user", "farm.worker");
	json_put_string(&j, "pass", "x");
	json_close_object(&j);
	json_close_array(&j);
	json_put_bool(&j, "api-listen", true);
	json_put_string(&j, "api-groups", "A:stats:pools:devs:summary:version");
	json_close_object(&j);
	json_finish(&j);
}

static void print_side(struct json *j, const char *side, const char *version)
{
	json_open_object(j, NULL);
	json_put_string(j, "side", side);
	json_put_bool(j, "installed", version[0] != '\0');
	if (version[0])
		json_put_string(j, "version", version);
	json_close_object(j);
}

/* The side that runs is called a, whichever it was before the last boot. */
static void status_cgi(FILE *out, const struct view *v)
{
	const struct sim_board *b = v->board;
	struct json j;

	json_begin(&j, out);
	json_open_object(&j, NULL);
	json_put_string(&j, "verdict", "ok");
	json_put_number(&j, "status", 0);
	json_put_string(&j, "board", b->kind->profile.id);
	json_put_number(&j, "revision", b->kind->revision);
	json_put_bool(&j, "installed", true);
	json_put_string(&j, "version", b->version);
	json_put_number(&j, "counter", b->counter);
	json_put_bool(&j, "busy", false);
	json_put_bool(&j, "interrupted", false);
	json_put_number(&j, "uptime", (reactor_now_ms() - b->up_since_ms) / 1000);
	json_put_string(&j, "running", "a");
	json_put_string(&j, "side", b->written ? "b" : "a");
	json_open_array(&j, "sides");
	print_side(&j, "a", b->version);
	print_side(&j, "b", b->written ? b->next_version : "");
	json_close_array(&j);
	json_close_object(&j);
	json_finish(&j);
}

static void token_info(FILE *out, const struct view *v)
{
	struct json j;

	json_begin(&j, out);
	json_open_object(&j, NULL);
	json_put_string(&j, "miner", farm_model(v->board));
	json_put_string(&j, "fw_name", "Vnish");
	json_put_string(&j, "fw_version", v->board->version);
	json_open_object(&j, "system");
	json_open_object(&j, "network_status");
	json_put_string(&j, "mac", v->mac);
	json_put_string(&j, "hostname", v->hostname);
	json_put_string(&j, "ip", v->address);
	json_close_object(&j);
	json_close_object(&j);
	json_close_object(&j);
	json_finish(&j);
}

static void some_page(FILE *out, const struct view *v)
{
	fprintf(out, "<html><head><title>%s</title></head><body><form method=\"post\" enctype=\"multipart/form-data\"></form></body>"
		"</html>\n", farm_model(v->board));
}

enum { NEWER = 1, SEALED = 2, BLOCKED = 4, TOKEN = 8 };

static const struct page {
	const char *path;
	unsigned where;       /* NEWER: on such boards only; SEALED: on boards with firmverify; BLOCKED: by what infects boards;
			       * TOKEN: on boards with an API and a token, which have no other pages */
	const char *type;
	void (*write)(FILE *out, const struct view *v);
} pages[] = {
	{"/", 0, html_type, some_page},
	{"/upgrade.html", BLOCKED, html_type, some_page},
	{"/cgi-bin/minerStatus.cgi", BLOCKED, html_type, some_page},
	{"/cgi-bin/get_system_info.cgi", 0, json_type, system_info},
	{"/cgi-bin/get_network_info.cgi", 0, json_type, network_info},
	{"/cgi-bin/get_miner_conf.cgi", 0, json_type, miner_conf},
	{"/cgi-bin/miner_type.cgi", NEWER, json_type, miner_type},
	{"/cgi-bin/status.cgi", SEALED, json_type, status_cgi},
	{"/api/v1/info", TOKEN, json_type, token_info},
};

static void write_page(struct reply *r, const struct sim_board *b, const struct page *page)
{
	struct view v = {.board = b, .hostname = "antMiner", .infected = behaves_as(&b->behaves, BEHAVE_INFECTED),
			 .newer = b->kind->profile.dialect == BOARD_JSON};
	FILE *out;

	if (!(page->where & TOKEN) != (b->kind->profile.dialect != BOARD_TOKEN))
		return;
	if ((page->where & NEWER && !v.newer) || (page->where & SEALED && !b->kind->sealed))
		return;
	if (page->where & BLOCKED && v.infected) {
		r->status = 403;
		return;
	}
	if (v.infected && b->index % 2)
		v.hostname = "antMiner;wget${IFS}x";
	farm_print_address(v.address, b->address);
	farm_print_mac(v.mac, b);
	out = open_memstream(&r->body, &r->len);
	if (!out) {
		r->status = 500;
		return;
	}
	page->write(out, &v);
	fclose(out);
	r->status = 200;
	r->type = page->type;
}

void pages_get(struct reply *r, const struct sim_board *b, const char *path)
{
	const struct board *p = &b->kind->profile;

	*r = (struct reply){.status = 404, .type = html_type};
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
		if (strcmp(path, pages[i].path) == 0)
			write_page(r, b, &pages[i]);
	if ((p->keep.reboot[0] && strcmp(path, p->keep.reboot) == 0) || (p->wipe.reboot[0] && strcmp(path, p->wipe.reboot) == 0)) {
		r->status = 200;
		r->reboot = true;
	}
}
