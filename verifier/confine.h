/* SPDX-License-Identifier: ISC */
/* What a process that reads a stranger's bytes gives up before it reads the first of them. */
#ifndef VERIFIER_CONFINE_H
#define VERIFIER_CONFINE_H

#include "core/err.h"

enum {
	CONFINE_FILES = 1024,           /* descriptors; an install holds some 400 at most: 32 slots of 8 copies, 128 directories */
	CONFINE_CPU_SECONDS = 3600,     /* of processor time; the largest install takes minutes of it */
	CONFINE_ADDRESS_MIB = 1024,     /* of address space; an install touches less than 64 MiB, and reserves some more for its threads */
};

/* Confines this process, and what it starts (hooks, the reboot program): the limits above where they are not lower already, no core
 * dump, no new privileges by set-id bits or file capabilities (prctl(2), Linux 3.5; passed over by older kernels), umask 022. The process
 * itself can be neither traced nor dumped by its own user. Programs that the sanitizers are built into get no limit of address space.
 * Returns 0, or -1 (system). */
MUST_CHECK int confine(struct err *e) __attribute__((warn_unused_result));

#endif
