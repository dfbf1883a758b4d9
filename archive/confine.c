/* SPDX-License-Identifier: ISC */
/* Limits for the child that reads archives. */
#define _GNU_SOURCE /* close_range */
#include "archive/confine.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum {
	CPU_GRACE = 5,  /* seconds between SIGXCPU and SIGKILL */
	OWN_FILES = 4,  /* descriptors that libc may need for a moment (locales) */
};

/* Over VALUE; the kernel's last word comes at VALUE + GRACE. */
static int limit(int what, uint64_t value, uint64_t grace, struct err *e)
{
	struct rlimit now, wanted = {.rlim_cur = value, .rlim_max = value + grace};

	if (getrlimit(what, &now) != 0)
		return err_errno(e, "cannot ask for a limit");
	if (now.rlim_max != RLIM_INFINITY && now.rlim_max < wanted.rlim_max)
		wanted.rlim_max = now.rlim_max;
	if (wanted.rlim_cur > wanted.rlim_max)
		wanted.rlim_cur = wanted.rlim_max;
	return setrlimit(what, &wanted) == 0 ? 0 : err_errno(e, "cannot set a limit");
}

/* From FROM to TO, both included. Kernels before 5.9 have no call for it. */
static void close_between(unsigned from, unsigned to)
{
	if (from > to || close_range(from, to, 0) == 0)
		return;
	if (to > (unsigned)sysconf(_SC_OPEN_MAX))
		to = (unsigned)sysconf(_SC_OPEN_MAX);
	for (unsigned fd = from; fd <= to; fd++)
		close((int)fd);
}

int import_confine(const struct import_bounds *c, struct err *e)
{
	unsigned from = 0;

	for (unsigned k = 0; k < c->nkeep; k++) {
		if ((unsigned)c->keep[k] > from)
			close_between(from, (unsigned)c->keep[k] - 1);
		from = (unsigned)c->keep[k] + 1;
	}
	close_between(from, ~0U);
	signal(SIGXFSZ, SIG_IGN); /* a write over the limit fails, and is told */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_errno(e, "cannot confine the reader of the archive");
	if (!SANITIZED && limit(RLIMIT_AS, (uint64_t)CONFINE_MEMORY_MIB << 20, 0, e) != 0)
		return -1;
	if (limit(RLIMIT_FSIZE, c->file_bytes, 0, e) != 0 || limit(RLIMIT_CPU, c->cpu_seconds, CPU_GRACE, e) != 0)
		return -1;
	return limit(RLIMIT_CORE, 0, 0, e) == 0 ? limit(RLIMIT_NOFILE, (uint64_t)from + OWN_FILES, 0, e) : -1;
}
