/* SPDX-License-Identifier: ISC */
/* Ctrl-C, a kill and a hang-up as something to read: by a loop, or between two steps of work. Work that is stopped so leaves nothing half
 * done behind, says so, and only then does the program die of the signal, which is what shells and services look at. */
#ifndef FLASHER_INTERRUPT_H
#define FLASHER_INTERRUPT_H

#include <signal.h>

#include "core/err.h"
#include "core/source.h"

struct interrupt {
	int fd;             /* signalfd(2), or -1 */
	int number;         /* of the signal that interrupt_check saw, or 0 */
	sigset_t mask_before;
	struct sigaction pipe_before;
};

/* From here on SIGINT, SIGTERM, and SIGHUP unless it was ignored before (nohup), make I->fd readable and do nothing else, in threads that
 * are started later, too. SIGPIPE is ignored: a closed pipe is an error of write(2). interrupt_end is due after it. Returns 0 or -1 (system). */
MUST_CHECK int interrupt_watch(struct interrupt *i, struct err *e);

/* The number of the next signal that has come, or 0. Does not wait. */
int interrupt_take(struct interrupt *i);

/* Returns 0; or -1 (system) once a signal has come, also when that was seen before. One thread at a time. */
MUST_CHECK int interrupt_check(struct interrupt *i, struct err *e);

/* Ends the watch, if there is one (FD is not -1), and puts all back; the signal that interrupt_check saw, if any, is raised again, and ends
 * the process unless it is caught. */
void interrupt_end(struct interrupt *i);

/* Bytes of a descriptor, which stays the caller's; a signal ends the wait for the next ones with `system'. */
struct interrupt_source {
	struct source base;
	struct interrupt *interrupt;
	int fd;
};
void interrupt_source_init(struct interrupt_source *s, struct interrupt *i, int fd);

#endif
