/* SPDX-License-Identifier: ISC */
/* Listens, on 127.0.0.0/8 alone, and finds the board that a connection is for. */
#define _GNU_SOURCE /* accept4, SO_BINDTODEVICE */
#include "simulator/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "simulator/conn.h"

enum { BACKLOG = 64, BACKLOG_SHARED = 4096, SPARE_DESCRIPTORS = 512, ACCEPTS = 64 };

static struct {
	struct farm *farm;
	struct watch http, api;
	bool shared;
} server;

bool server_shares(void)
{
	return server.shared;
}

/* The board that the connection FD came to, if it came by the loopback device to one that is up. */
static struct sim_board *board_of(int fd)
{
	struct sockaddr_in here = {.sin_family = AF_INET}, there = {.sin_family = AF_INET};
	socklen_t n = sizeof here, m = sizeof there;
	struct sim_board *b;

	if (getsockname(fd, (struct sockaddr *)&here, &n) || getpeername(fd, (struct sockaddr *)&there, &m))
		return NULL;
	if (ntohl(there.sin_addr.s_addr) >> 24 != 127)
		return NULL;
	b = farm_find(server.farm, ntohl(here.sin_addr.s_addr));
	return b && b->phase != FARM_DOWN ? b : NULL;
}

static void take_in(const struct watch *w, bool api)
{
	for (int i = 0; i < ACCEPTS; i++) {
		int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		struct sim_board *b;

		if (fd < 0)
			return;
		b = board_of(fd);
		if (b && (api || !behaves_as(&b->behaves, BEHAVE_NO_WEB)))
			conn_open(b, fd, api);
		else
			conn_reset_fd(fd);
	}
}

static void on_http(struct watch *w, uint32_t events)
{
	(void)events;
	take_in(w, false);
}

static void on_api(struct watch *w, uint32_t events)
{
	(void)events;
	take_in(w, true);
}

/* Opens a listener. ADDRESS 0: any, of the loopback device. *PORT 0: one that is free, which it then names. */
static int listen_at(struct watch *w, uint32_t address, uint16_t *port, struct err *e)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(*port), .sin_addr.s_addr = htonl(address)};
	char text[FARM_ADDRESS_LEN + 1];
	socklen_t len = sizeof a;
	int yes = 1;

	farm_print_address(text, address);
	w->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (w->fd < 0)
		return err_errno(e, "cannot make a socket");
	if (setsockopt(w->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) ||
	    (address == 0 && setsockopt(w->fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3)) ||
	    bind(w->fd, (const struct sockaddr *)&a, sizeof a) || listen(w->fd, address ? BACKLOG : BACKLOG_SHARED) ||
	    getsockname(w->fd, (struct sockaddr *)&a, &len) || reactor_add(&server.farm->reactor, w, EPOLLIN)) {
		err_errno(e, "cannot listen at %s:%u", text, (unsigned)*port);
		close(w->fd);
		w->fd = -1;
		return -1;
	}
	*port = ntohs(a.sin_port);
	return 0;
}

static void close_door(struct watch *w)
{
	if (w->fd < 0)
		return;
	reactor_remove(&server.farm->reactor, w);
	close(w->fd);
	w->fd = -1;
}

static int open_doors(struct sim_board *b, struct err *e)
{
	struct farm_options *o = &b->farm->options;

	if (server.shared)
		return 0;
	b->http.ready = on_http;
	b->api.ready = on_api;
	if (listen_at(&b->http, b->address, &o->http_port, e))
		return -1;
	if (listen_at(&b->api, b->address, &o->api_port, e)) {
		close_door(&b->http);
		return -1;
	}
	return 0;
}

static void close_doors(struct sim_board *b)
{
	close_door(&b->http);
	close_door(&b->api);
	conn_close_all(b);
}

/* Raises the limit as far as it goes. Returns the number of descriptors this process may have. */
static size_t raise_limit(size_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 0;
	if (limit.rlim_max < wanted) { /* root may */
		const struct rlimit more = {wanted, wanted};

		if (setrlimit(RLIMIT_NOFILE, &more) == 0)
			return wanted;
	}
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	return (size_t)limit.rlim_cur;
}

int server_open(struct farm *f, struct err *e)
{
	/* Listeners, and a connection each. */
	size_t wanted = 3 * f->n + SPARE_DESCRIPTORS;

	server.farm = f;
	server.http = (struct watch){on_http, -1};
	server.api = (struct watch){on_api, -1};
	server.shared = raise_limit(wanted) < wanted;
	f->open_doors = open_doors;
	f->close_doors = close_doors;
	if (server.shared)
		return listen_at(&server.http, 0, &f->options.http_port, e) ||
		       listen_at(&server.api, 0, &f->options.api_port, e) ? -1 : 0;
	for (size_t i = 0; i < f->n; i++)
		if (f->boards[i].phase != FARM_DOWN && open_doors(&f->boards[i], e))
			return -1;
	return 0;
}

void server_close(struct farm *f)
{
	for (size_t i = 0; f->boards && i < f->n; i++)
		close_doors(&f->boards[i]);
	close_door(&server.http);
	close_door(&server.api);
}
