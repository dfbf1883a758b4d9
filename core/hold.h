/* SPDX-License-Identifier: ISC */
/* Signals that end a process wait while it has something half-made on disk: it is removed first, then the signal does what it does. */
#ifndef CORE_HOLD_H
#define CORE_HOLD_H

#include "core/err.h"

/* From the first hold_begin to the last hold_end SIGINT, SIGTERM, SIGHUP and SIGQUIT are pending, for this thread and those that it
 * starts meanwhile; a process that is started meanwhile must be given another mask. */
void hold_begin(void);
/* What came meanwhile takes effect now. errno stays. */
void hold_end(void);

/* Long work asks now and then. Returns 0, or -1 (system) when a signal waits that would end the process. */
MUST_CHECK int hold_check(struct err *e) __attribute__((warn_unused_result));

#endif
