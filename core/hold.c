/* SPDX-License-Identifier: ISC */
/* Holds back signals. */
#include "core/hold.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static const int held[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { NHELD = sizeof held / sizeof held[0] };

/* The mask is the thread's, and so is the count. */
static _Thread_local unsigned depth;
static _Thread_local sigset_t before;

void hold_begin(void)
{
	sigset_t set;

	if (depth++ > 0)
		return;
	sigemptyset(&set);
	for (int i = 0; i < NHELD; i++)
		sigaddset(&set, held[i]);
	pthread_sigmask(SIG_BLOCK, &set, &before);
}

void hold_end(void)
{
	int error = errno;

	if (depth > 0 && --depth == 0)
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
}

int hold_check(struct err *e)
{
	struct sigaction now;
	sigset_t set;

	if (depth == 0 || sigpending(&set) != 0)
		return 0;
	for (int i = 0; i < NHELD; i++)
		/* One that was held back before is somebody else's; an ignored one (nohup) ends nothing. */
		if (sigismember(&set, held[i]) == 1 && sigismember(&before, held[i]) == 0 && sigaction(held[i], NULL, &now) == 0 &&
		    now.sa_handler != SIG_IGN)
			return err_set(e, VERDICT_SYSTEM, "stopped by a signal (%s): nothing half-made is left", strsignal(held[i]));
	return 0;
}
