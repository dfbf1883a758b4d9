/* SPDX-License-Identifier: ISC */
/* Links to real boards, against simulated ones that another process runs: each act's way, each fault's name, and no login tried twice.
 * What was done to a board is read from the simulator's own books, which lie in memory that both share. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "flasher/image.h"
#include "flasher/link_http.h"
#include "simulator/server.h"

enum { STOCK = 0, SEALED = 10, TOKEN = 20, BOARDS = 22, IMAGE_SIZE = 300000, LOOKS_MAX = 200 };

static struct farm farm;
static struct loop *loop;
static struct link_maker *maker;
static pid_t child;
static struct image image;
static unsigned char bytes[IMAGE_SIZE];
static struct secret *good, *wrong;

/* --- what was told --- */

static struct link_event last;
static unsigned told_times;
static bool starting;

static void told(void *context, const struct link_event *event)
{
	(void)context;
	assert_false(starting); /* always from the loop */
	last = *event;
	told_times++;
	loop_stop(loop);
}

static void act(struct link *l, enum link_act a)
{
	struct err e = {0};
	unsigned before = told_times;

	starting = true;
	link_start(l, a);
	starting = false;
	assert_int_equal(loop_run(loop, &e), 0);
	assert_int_equal(told_times, before + 1);
	assert_int_equal(last.act, a);
}

static void expect(struct link *l, enum link_act a, enum outcome outcome, enum session_class fault)
{
	act(l, a);
	if (last.result.outcome != outcome || last.fault != fault)
		fail_msg("act %d: %s, %s: %s", (int)a, outcome_word(last.result.outcome), session_class_word(last.fault), last.result.text);
}

/* --- boards --- */

static struct sim_board *board(size_t i)
{
	return &farm.boards[i];
}

static void behave(size_t i, enum behaviour b)
{
	board(i)->behaves = (struct behaves){.set = 1u << b};
}

static struct secret *secret(const char *text)
{
	struct secret *s = NULL;
	struct err e = {0};
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
	close(ends[1]);
	assert_int_equal(secret_read(&s, NULL, ends[0], &e), 0);
	close(ends[0]);
	return s;
}

static const struct credential_list right = {.name = "default", .n = 1}, wrong_right = {.name = "default", .n = 2},
				    wrongs = {.name = "default", .n = 2};

/* The list of that kind, with its passwords. */
static const struct credential_list *logins(const struct credential_list *kind, enum credential_scheme scheme)
{
	static struct credential_list lists[3];
	struct credential_list *l = &lists[kind == &right ? 0 : kind == &wrong_right ? 1 : 2];

	*l = *kind;
	for (size_t i = 0; i < l->n; i++) {
		snprintf(l->each[i].user, sizeof l->each[i].user, "root");
		l->each[i].scheme = scheme;
		l->each[i].password = kind == &right || (kind == &wrong_right && i == 1) ? good : wrong;
	}
	return l;
}

/* A link to board I, which need not be one of the farm's; of kind PROFILE, or as the board is. */
static struct link *open_to(size_t i, const struct board *profile, const struct credential_list *kind)
{
	struct link_target target = {.board = profile ? profile : &board(i)->kind->profile, .image = &image};
	char text[64];
	struct link *l = NULL;
	struct err e = {0};
	uint32_t a = farm_address(&farm, i);

	snprintf(text, sizeof text, "%u.%u.%u.%u:%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255, farm.options.http_port);
	target.logins = logins(kind, credential_scheme_of(target.board));
	assert_int_equal(address_parse(&target.address, text, &e), 0);
	assert_int_equal(maker->open(maker, &l, &target, told, NULL, &e), 0);
	return l;
}

static void who_it_is(void **state)
{
	struct link *l = open_to(STOCK, NULL, &right);
	char mac[FARM_MAC_LEN + 1];

	(void)state;
	farm_print_mac(mac, board(STOCK));
	expect(l, LINK_IDENTIFY, OUTCOME_ACCEPTED, CLASS_NONE);
	assert_string_equal(last.identity.mac, mac);
	assert_string_equal(last.identity.version, "1.0");
	assert_string_equal(last.identity.model, "Antminer S9");
	assert_true(last.identity.wants_login);
	assert_false(last.identity.pending_known);
	assert_false(last.identity.busy);
	link_close(&l);
	assert_int_equal(board(STOCK)->login_failures, 0);
	assert_int_equal(board(STOCK)->uploads + board(STOCK)->reboots, 0);

	l = open_to(SEALED, NULL, &right);
	expect(l, LINK_IDENTIFY, OUTCOME_ACCEPTED, CLASS_NONE);
	assert_true(last.identity.pending_known);
	assert_string_equal(last.identity.pending, "");
	board(SEALED)->written = true;
	snprintf(board(SEALED)->next_version, sizeof board(SEALED)->next_version, "2.0");
	expect(l, LINK_IDENTIFY, OUTCOME_ACCEPTED, CLASS_NONE);
	assert_string_equal(last.identity.pending, "2.0");
	assert_string_equal(last.identity.version, "1.0");
	board(SEALED)->up_since_ms -= 5000;
	expect(l, LINK_IDENTIFY, OUTCOME_ACCEPTED, CLASS_NONE);
	assert_true(last.identity.uptime_s >= 5);
	link_close(&l);

	l = open_to(TOKEN, NULL, &right);
	expect(l, LINK_IDENTIFY, OUTCOME_ACCEPTED, CLASS_NONE);
	assert_string_equal(last.identity.version, "1.0");
	assert_int_equal(strlen(last.identity.mac), MAC_TEXT_MAX);
	link_close(&l);
}

static void logins_are_tried_in_order_each_once(void **state)
{
	struct link *l = open_to(1, NULL, &wrong_right);
	uint32_t requests;

	(void)state;
	expect(l, LINK_IDENTIFY, OUTCOME_ACCEPTED, CLASS_NONE);
	assert_int_equal(board(1)->login_failures, 1);
	expect(l, LINK_HEALTH, OUTCOME_ACCEPTED, CLASS_NONE);
	expect(l, LINK_UPLOAD, OUTCOME_ACCEPTED, CLASS_NONE);
	assert_int_equal(board(1)->login_failures, 1); /* the one that was taken serves the other acts */
	link_close(&l);

	l = open_to(2, NULL, &wrongs);
	expect(l, LINK_IDENTIFY, OUTCOME_FAILED, CLASS_LOGIN);
	assert_int_equal(board(2)->login_failures, 2);
	requests = board(2)->requests;
	expect(l, LINK_IDENTIFY, OUTCOME_FAILED, CLASS_LOGIN);
	expect(l, LINK_UPLOAD, OUTCOME_FAILED, CLASS_LOGIN);
	assert_int_equal(board(2)->requests, requests); /* no loop on 401 */
	link_close(&l);
}

static void who_is_no_board_gets_no_login(void **state)
{
	struct board other = farm.kinds[0].profile;
	struct link *l;

	(void)state;
	snprintf(other.realm, sizeof other.realm, "of another maker");
	l = open_to(3, &other, &right);
	act(l, LINK_IDENTIFY);
	assert_int_equal(last.fault, CLASS_FOREIGN);
	link_close(&l);
	behave(3, BEHAVE_BASIC);
	l = open_to(3, NULL, &right);
	act(l, LINK_IDENTIFY);
	assert_true(last.fault == CLASS_LOGIN || last.fault == CLASS_FOREIGN);
	assert_int_equal(board(3)->logins + board(3)->login_failures, 0);
	link_close(&l);
}

static void how_it_does(void **state)
{
	struct link *l = open_to(4, NULL, &right);

	(void)state;
	expect(l, LINK_IDENTIFY, OUTCOME_ACCEPTED, CLASS_NONE); /* where it is, 4028 is looked for */
	expect(l, LINK_HEALTH, OUTCOME_ACCEPTED, CLASS_NONE);
	assert_true(last.health.http && last.health.api);
	assert_true(last.health.hashrate_mhs > 0 && last.health.chains > 0 && last.health.fans > 0);
	assert_in_range(last.health.temp_c, 20, 120);
	assert_int_equal(strlen(last.health.pools), 16);
	link_close(&l);
}

static void on_pause(void *owner)
{
	loop_stop(owner);
}

static void pause_for(uint64_t ms)
{
	struct loop_timer timer = {.fire = on_pause, .owner = loop};
	struct err e = {0};

	assert_int_equal(loop_arm(loop, &timer, ms, &e), 0);
	assert_int_equal(loop_run(loop, &e), 0);
}

static void it_takes_the_image_and_starts_it(void **state)
{
	struct link *l = open_to(5, NULL, &right);
	uint64_t before = maker->sent(maker);
	unsigned looks = 0;

	(void)state;
	expect(l, LINK_IDENTIFY, OUTCOME_ACCEPTED, CLASS_NONE);
	expect(l, LINK_UPLOAD, OUTCOME_ACCEPTED, CLASS_NONE);
	assert_in_range(last.sent, IMAGE_SIZE, IMAGE_SIZE + 1000);
	assert_in_range(maker->sent(maker) - before, IMAGE_SIZE, IMAGE_SIZE + 1000);
	assert_int_equal(board(5)->uploads, 1);
	assert_int_equal(board(5)->flashes, 1);
	expect(l, LINK_REBOOT, OUTCOME_ACCEPTED, CLASS_NONE);
	do { /* it goes down, which is seen or not, and is back */
		pause_for(10);
		act(l, LINK_IDENTIFY);
		if (last.fault != CLASS_NONE && last.fault != CLASS_UNREACHABLE && last.fault != CLASS_LOST)
			fail_msg("look %u: %s: %s", looks, session_class_word(last.fault), last.result.text);
	} while (++looks < LOOKS_MAX && (last.fault || !board(5)->fresh));
	assert_in_range(looks, 1, LOOKS_MAX - 1);
	assert_string_not_equal(last.identity.version, "1.0");
	assert_int_equal(board(5)->reboots, 1);
	assert_int_equal(board(5)->uploads, 1);
	link_close(&l);
}

/* Each trouble of an upload has its name: what is unknown is not called failed. */
static void troubles_have_names(void **state)
{
	static const struct {
		enum behaviour behaviour;
		enum outcome outcome;
		enum session_class fault;
	} rows[] = {
		{BEHAVE_REFUSES, OUTCOME_REJECTED, CLASS_REFUSED}, {BEHAVE_LOST, OUTCOME_UNKNOWN, CLASS_LOST},
		{BEHAVE_SILENT, OUTCOME_UNKNOWN, CLASS_LOST},      {BEHAVE_RESET, OUTCOME_UNKNOWN, CLASS_LOST},
	};
	struct link *l;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		behave(6, rows[i].behaviour);
		l = open_to(6, NULL, &right);
		expect(l, LINK_IDENTIFY, OUTCOME_ACCEPTED, CLASS_NONE);
		expect(l, LINK_UPLOAD, rows[i].outcome, rows[i].fault);
		link_close(&l);
	}
	assert_int_equal(board(6)->uploads, sizeof rows / sizeof *rows); /* each sent once, whatever came of it */
	behave(7, BEHAVE_HANGS);
	l = open_to(7, NULL, &right);
	expect(l, LINK_IDENTIFY, OUTCOME_FAILED, CLASS_LOST);
	link_close(&l);
	l = open_to(BOARDS + 7, &farm.kinds[0].profile, &right); /* nobody is there */
	expect(l, LINK_IDENTIFY, OUTCOME_FAILED, CLASS_UNREACHABLE);
	expect(l, LINK_UPLOAD, OUTCOME_FAILED, CLASS_UNREACHABLE);
	link_close(&l);
}

static void what_is_given_up_is_not_told(void **state)
{
	struct link *l = open_to(8, NULL, &right);
	unsigned before;
	struct err e = {0};

	(void)state;
	expect(l, LINK_IDENTIFY, OUTCOME_ACCEPTED, CLASS_NONE);
	before = told_times;
	link_start(l, LINK_UPLOAD);
	link_cancel(l);
	link_start(l, LINK_HEALTH);
	link_close(&l);
	assert_int_equal(loop_run(loop, &e), 0); /* nothing is left to be waited for */
	assert_int_equal(told_times, before);
}

/* --- the farm --- */

static void add_kind(const struct board_dirs *dirs, const char *id, size_t count, bool sealed)
{
	struct farm_kind *k = &farm.kinds[farm.nkinds++];
	struct err e = {0};

	assert_int_equal(board_find(&k->profile, dirs, id, &e), 0);
	k->count = count;
	k->sealed = sealed;
}

/* The boards' records go to memory that the child shares. */
static void share(void)
{
	size_t size = farm.n * sizeof *farm.boards;
	struct sim_board *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(shared != MAP_FAILED);
	memcpy(shared, farm.boards, size);
	free(farm.boards);
	farm.boards = shared;
}

/* The child: opens the doors (which none but this process may hold open), says where they are, and runs until it is killed. */
static int run_farm(int to)
{
	uint16_t ports[2];
	struct err e = {0};

	if (reactor_init(&farm.reactor, &e) || server_open(&farm, &e))
		return 1;
	ports[0] = farm.options.http_port;
	ports[1] = farm.options.api_port;
	return write(to, ports, sizeof ports) != sizeof ports || reactor_run(&farm.reactor, &e);
}

static int open_farm(void **state)
{
	struct link_http_options options = {.timeout_ms = 700};
	struct board_dirs dirs;
	struct err e = {0};
	uint16_t ports[2];
	int ends[2];

	(void)state;
	good = secret("the farm's");
	wrong = secret("nobody's");
	memcpy(bytes, "manifest", 8); /* simulated stock boards look no further than how a bundle begins */
	image = (struct image){.fd = -1, .map = bytes, .size = IMAGE_SIZE, .name = "x.tar.gz"};
	hash_buffer(image.hash, bytes, sizeof bytes);
	farm.options = (struct farm_options){.first = 127u << 24 | 58u << 16 | 1, .version = "1.0", .user = "root",
					     .default_password = "root", .seed = 1, .boot_ms = 30, .leave_ms = 5};
	snprintf(farm.options.password, sizeof farm.options.password, "the farm's");
	assert_int_equal(board_dirs_init(&dirs, "../boards", &e), 0);
	add_kind(&dirs, "zynq-s9", SEALED, false);
	add_kind(&dirs, "zynq-s9", TOKEN - SEALED, true);
	add_kind(&dirs, "vnish", BOARDS - TOKEN, false);
	if (crypto_init_verify(&e) || farm_init(&farm, &e))
		fail_msg("%s", e.message);
	share();
	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(run_farm(ends[1]));
	close(ends[1]);
	assert_int_equal(read(ends[0], ports, sizeof ports), sizeof ports);
	close(ends[0]);
	farm.options.http_port = ports[0];
	options.api_port = ports[1];
	assert_int_equal(loop_open(&loop, LOOP_MONOTONIC, &e), 0);
	assert_int_equal(link_http_open(&maker, loop, &options, &e), 0);
	return 0;
}

static int close_farm(void **state)
{
	int status;

	(void)state;
	link_http_free(&maker);
	loop_free(&loop);
	secret_free(&good);
	secret_free(&wrong);
	kill(child, SIGKILL);
	return waitpid(child, &status, 0) == child && WIFSIGNALED(status) ? 0 : -1; /* it ran until now */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_it_is),
		cmocka_unit_test(logins_are_tried_in_order_each_once),
		cmocka_unit_test(who_is_no_board_gets_no_login),
		cmocka_unit_test(how_it_does),
		cmocka_unit_test(it_takes_the_image_and_starts_it),
		cmocka_unit_test(troubles_have_names),
		cmocka_unit_test(what_is_given_up_is_not_told),
	};

	return cmocka_run_group_tests(tests, open_farm, close_farm);
}
