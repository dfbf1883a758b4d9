/* SPDX-License-Identifier: ISC */
/* kill -9 at random instants of a rollout, again and again, resumed after each: no board is flashed twice, none is forgotten,
 * none is rebooted while it writes its flash, and the ledger is whole. The boards live in memory that outlives the process
 * which is killed; the ledger is a real file. An argument says how many kills there must be at least. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/farm.h"

enum { BOARDS = 24, GO_ON = 0, ALL_DONE = 42, BROKEN = 43 };

static unsigned long wanted = 220;
static char ledger_file[4096];

struct world {
	uint64_t clock_ms;
	struct sim_board boards[BOARDS];
};

static uint32_t lot(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* What the process does that is going to be killed. */
static int child(struct farm *f, struct world *w)
{
	struct ledger_device devices[BOARDS];
	struct ledger *l = NULL;
	struct err e = {0};
	enum rollout_end end;

	if (access(ledger_file, F_OK) == 0 ? ledger_open(&l, ledger_file, true, &e)
					   : ledger_create(&l, ledger_file, f->text, f->len, &f->plan, &e))
		goto broken;
	if (ledger_load(l, &f->plan, devices, &e) ||
	    farm_run(f, l, devices, w->boards, &w->clock_ms, 0, NULL, NULL, &end, &e) || end != ROLLOUT_DONE)
		goto broken;
	ledger_close(&l);
	return ALL_DONE;
broken:
	fprintf(stderr, "the run said: %s\n", e.message);
	return BROKEN;
}

/* Runs the child for at most US microseconds. Returns its exit status, or GO_ON when it was killed. */
static int run_for(struct farm *f, struct world *w, long us)
{
	struct timespec t = {us / 1000000, us % 1000000 * 1000}, now = {0, 0};
	sigset_t chld;
	int status;
	pid_t pid;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	while (sigtimedwait(&chld, NULL, &now) > 0) { /* of the child before */
	}
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(child(f, w));
	sigtimedwait(&chld, NULL, &t); /* until it ends, or its time is up */
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : GO_ON;
}

static void remove_ledger(void)
{
	char name[sizeof ledger_file + 8];

	unlink(ledger_file);
	snprintf(name, sizeof name, "%s-wal", ledger_file);
	unlink(name);
	snprintf(name, sizeof name, "%s-shm", ledger_file);
	unlink(name);
}

/* Looks at the ledger as SQLite itself does. One that was cut off while it was made has begun nothing: it goes. */
static void check_ledger(const struct world *w)
{
	struct ledger *l = NULL;
	struct err e = {0};

	if (access(ledger_file, F_OK))
		return;
	if (ledger_open(&l, ledger_file, false, &e)) {
		if (e.verdict != VERDICT_USAGE)
			fail_msg("%s", e.message);
		for (size_t i = 0; i < BOARDS; i++)
			assert_int_equal(w->boards[i].uploads, 0);
		remove_ledger();
		return;
	}
	if (ledger_check(l, &e))
		fail_msg("%s", e.message);
	ledger_close(&l);
}

/* Returns how many uploads were begun again, because a kill had left their outcome open. */
static unsigned long check_end(struct farm *f, const struct world *w)
{
	unsigned long again = 0;
	struct ledger_device devices[BOARDS];
	struct ledger *l = NULL;
	struct err e = {0};

	assert_int_equal(ledger_open(&l, ledger_file, false, &e), 0);
	assert_int_equal(ledger_load(l, &f->plan, devices, &e), 0);
	for (size_t i = 0; i < BOARDS; i++) {
		const struct session *s = &devices[i].session;

		if (s->state != SESSION_SUCCESS || w->boards[i].flashes != 1 || w->boards[i].bricked)
			fail_msg("board %zu: %s, %s, %u flashes, %u uploads, bricked %d", i, session_state_word(s->state), s->text,
				 w->boards[i].flashes, w->boards[i].uploads, w->boards[i].bricked);
		again += s->uploads - 1;
	}
	ledger_close(&l);
	return again;
}

static void killed_at_any_instant(void **state)
{
	struct world *w = mmap(NULL, sizeof *w, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned long kills = 0, rollouts = 0, again = 0;
	uint32_t seed = 1;
	struct farm f;

	(void)state;
	assert_true(w != MAP_FAILED);
	farm_make(&f, BOARDS, "3,50%,100%");
	f.plan.rules.tries = 20; /* each kill may cost an upload that was not through */
	f.plan.limits.uploads = 6;
	farm_text(&f);
	while (kills < wanted) {
		long longest = 20000;
		int end;

		memset(w, 0, sizeof *w);
		for (size_t i = 0; i < BOARDS; i++)
			w->boards[i].fault = i % 5 == 4 ? SIM_LOST : SIM_GOOD;
		remove_ledger();
		while ((end = run_for(&f, w, (long)(lot(&seed) % (uint32_t)longest))) == GO_ON) {
			kills++;
			check_ledger(w);
			longest += 2000; /* so that it gets done on a slow machine, too */
		}
		assert_int_equal(end, ALL_DONE);
		again += check_end(&f, w);
		rollouts++;
	}
	printf("# %lu kills in %lu rollouts of %d boards; %lu uploads were begun again\n", kills, rollouts, BOARDS, again);
	assert_true(again > 0); /* else no kill fell into an upload, and nothing was shown */
	remove_ledger();
	farm_free(&f);
	munmap(w, sizeof *w);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(killed_at_any_instant)};
	char dir[] = "/tmp/firmseal-kill.XXXXXX";
	int rc;

	if (argc > 1)
		wanted = strtoul(argv[1], NULL, 10);
	if (!mkdtemp(dir))
		return 1;
	snprintf(ledger_file, sizeof ledger_file, "%s/ledger", dir);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return rc;
}
