/* SPDX-License-Identifier: ISC */
/* Ctrl-C, a kill and a hang-up while a card is being made: work ends at its next step, leaves nothing half done behind, says so, and only
 * then does the program die of the signal, which is what shells and services look at. */
#ifndef FLASHER_INTERRUPT_H
#define FLASHER_INTERRUPT_H

#include <signal.h>

#include "core/err.h"
#include "core/source.h"

struct interrupt {
	int fd;             /* signalfd(2), or -1 */
	int number;         /* of the signal that was seen, or 0 */
	sigset_t before;    /* the mask of the caller */
};

/* From here on SIGINT, SIGTERM and SIGHUP wait to be looked at, in all threads that are started later; those that were ignored before
 * (nohup) stay so. A closed pipe is an error of write(2), no reason to die. interrupt_end is due after it. Returns 0 or -1 (system). */
int interrupt_watch(struct interrupt *i, struct err *e);

/* Returns 0; or -1 (system) once a signal has come, also when that was seen before. One thread at a time. */
int interrupt_check(struct interrupt *i, struct err *e);

/* Ends the watch, if there is one; the signal that was seen, if any, is raised again, and ends the process unless it is caught. */
void interrupt_end(struct interrupt *i);

/* Bytes of a descriptor, which stays the caller's; a signal ends the wait for the next ones with `system'. */
struct interrupt_source {
	struct source base;
	struct interrupt *interrupt;
	int fd;
};
void interrupt_source_init(struct interrupt_source *s, struct interrupt *i, int fd);

#endif
