/* SPDX-License-Identifier: ISC */
/* One line in, JSON out: `state', `totals', `board ADDRESS', `behave ADDRESS NAME[:VALUE]', `behave ADDRESS none', `stop'.
 * Whoever may open the socket (mode 0600) may ask; answers are made whole before they are sent. */
#define _GNU_SOURCE /* accept4 */
#include "simulator/control.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/io.h"
#include "core/json.h"

enum { LINE_MAX_LEN = 256, PATIENCE_S = 10 };

static struct {
	struct watch watch;
	struct farm *farm;
	char path[sizeof((struct sockaddr_un *)0)->sun_path];
} control = {.watch.fd = -1};

static void complain(struct json *j, const char *message)
{
	json_open_object(j, NULL);
	json_put_string(j, "error", message);
	json_close_object(j);
	json_finish(j);
}

static struct sim_board *named(const char *address)
{
	struct in_addr a;

	return address && inet_pton(AF_INET, address, &a) == 1 ? farm_find(control.farm, ntohl(a.s_addr)) : NULL;
}

/* From now on the board behaves as that rule's name says; "none": as it should. */
static int set_behaviour(struct sim_board *b, const char *what)
{
	struct scenario s = {.n = 0};
	char rule[LINE_MAX_LEN + 8];
	const char *colon = strchr(what, ':');
	int name = colon ? (int)(colon - what) : (int)strlen(what);

	if (strcmp(what, "none") == 0) {
		b->behaves = (struct behaves){.set = 0};
		return 0;
	}
	snprintf(rule, sizeof rule, "%.*s:1%s", name, what, colon ? colon : "");
	if (scenario_add(&s, rule, NULL))
		return -1;
	if (s.rules[0].behaviour <= BEHAVE_LAST_EXCLUSIVE)
		b->behaves.set &= ~((2u << BEHAVE_LAST_EXCLUSIVE) - 1);
	b->behaves.set |= 1u << s.rules[0].behaviour;
	if (s.rules[0].behaviour == BEHAVE_SLOW)
		b->behaves.rate = (uint32_t)s.rules[0].value;
	else
		b->behaves.value = (uint32_t)s.rules[0].value;
	return 0;
}

static void obey(FILE *out, char *line)
{
	char *save = NULL, *word = strtok_r(line, " ", &save), *address = strtok_r(NULL, " ", &save);
	char *what = strtok_r(NULL, " ", &save);
	struct sim_board *b = named(address);
	struct json j;

	json_begin(&j, out);
	if (!word) {
		complain(&j, "an empty line");
	} else if (strcmp(word, "state") == 0) {
		for (size_t i = 0; i < control.farm->n; i++)
			farm_print_board(&j, &control.farm->boards[i]);
	} else if (strcmp(word, "totals") == 0) {
		farm_print_totals(&j, control.farm);
	} else if (strcmp(word, "stop") == 0) {
		control.farm->reactor.stop = true;
		farm_print_totals(&j, control.farm);
	} else if (!b) {
		complain(&j, address ? "no board is at that address now" : "no such request");
	} else if (strcmp(word, "board") == 0 || (strcmp(word, "behave") == 0 && what && set_behaviour(b, what) == 0)) {
		farm_print_board(&j, b);
	} else {
		complain(&j, "no such request, or no such behaviour");
	}
}

/* A line that ends in LF, without it; "" when none came in time. */
static void read_line(int fd, char line[static LINE_MAX_LEN + 1])
{
	size_t n = 0;

	while (n < LINE_MAX_LEN && read(fd, line + n, 1) == 1 && line[n] != '\n')
		n++;
	line[n] = '\0';
}

/* Whoever asks is on this machine and has its line ready: it is waited for. */
static void on_ask(struct watch *w, uint32_t events)
{
	static const struct timeval patience = {.tv_sec = PATIENCE_S};
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC);
	char line[LINE_MAX_LEN + 1], *text = NULL;
	size_t len = 0;
	FILE *out;

	(void)events;
	if (fd < 0)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	out = open_memstream(&text, &len);
	if (out) {
		read_line(fd, line);
		obey(out, line);
		if (fclose(out) == 0)
			(void)io_write_all(fd, text, len);
	}
	free(text);
	close(fd);
}

static int address_of(struct sockaddr_un *a, const char *path, struct err *e)
{
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof a->sun_path)
		return err_set(e, VERDICT_USAGE, "the control socket's name is over %zu bytes", sizeof a->sun_path - 1);
	memcpy(a->sun_path, path, strlen(path) + 1);
	return 0;
}

int control_open(struct farm *f, const char *path, struct err *e)
{
	struct sockaddr_un a;
	mode_t mask;
	int rc;

	if (address_of(&a, path, e))
		return -1;
	control.farm = f;
	control.watch = (struct watch){on_ask, socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
	if (control.watch.fd < 0)
		return err_errno(e, "cannot make a socket");
	mask = umask(077);
	rc = bind(control.watch.fd, (const struct sockaddr *)&a, sizeof a);
	umask(mask);
	if (rc || listen(control.watch.fd, 16) || reactor_add(&f->reactor, &control.watch, EPOLLIN))
		return err_errno(e, "cannot listen at %s", path);
	memcpy(control.path, a.sun_path, sizeof control.path);
	return 0;
}

void control_close(void)
{
	if (control.watch.fd >= 0) {
		reactor_remove(&control.farm->reactor, &control.watch);
		close(control.watch.fd);
	}
	if (control.path[0])
		unlink(control.path);
	control.watch.fd = -1;
	control.path[0] = '\0';
}

int control_ask(const char *path, const char *line, FILE *out, struct err *e)
{
	static const char refusal[] = "{\"error\":";
	bool refused = false, first = true;
	char buf[16384];
	struct sockaddr_un a;
	int fd = -1, rc = -1;
	ssize_t n;

	if (address_of(&a, path, e))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof a) || io_write_all(fd, line, strlen(line)) ||
	    io_write_all(fd, "\n", 1)) {
		err_errno(e, "cannot ask the simulator at %s", path);
		goto out;
	}
	while ((n = read(fd, buf, sizeof buf)) > 0) {
		refused = refused || (first && (size_t)n >= sizeof refusal - 1 && memcmp(buf, refusal, sizeof refusal - 1) == 0);
		first = false;
		fwrite(buf, 1, (size_t)n, out);
	}
	if (n < 0) {
		err_errno(e, "the simulator's answer broke off");
		goto out;
	}
	rc = refused ? err_set(e, VERDICT_USAGE, "the simulator does not do that: `firmsim help ask' and `firmsim behaviours' say what it does") : 0;
out:
	if (fd >= 0)
		close(fd);
	return rc;
}
