/* SPDX-License-Identifier: ISC */
/* Resource limits and prctl. */
#include "verifier/confine.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#ifdef __has_feature
#define FEATURE(name) __has_feature(name)
#else
#define FEATURE(name) 0
#endif
/* The sanitizers' shadow memory is terabytes of address space. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ || FEATURE(address_sanitizer) || FEATURE(thread_sanitizer)
#define SHADOW_MEMORY 1
#else
#define SHADOW_MEMORY 0
#endif

static const struct {
	int what;                       /* an RLIMIT_ of setrlimit(2) */
	const char *name;
	rlim_t most;
} limits[] = {
	{RLIMIT_CORE, "the size of core dumps", 0},
	{RLIMIT_NOFILE, "the number of open files", CONFINE_FILES},
	{RLIMIT_CPU, "processor time", CONFINE_CPU_SECONDS},
	{RLIMIT_AS, "address space", SHADOW_MEMORY ? RLIM_INFINITY : (rlim_t)CONFINE_ADDRESS_MIB << 20},
};

static rlim_t lower(rlim_t a, rlim_t b)
{
	return a < b ? a : b; /* RLIM_INFINITY is the largest */
}

int confine(struct err *e)
{
	struct rlimit now;

	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		if (getrlimit(limits[i].what, &now) != 0)
			return err_errno(e, "cannot read the limit of %s", limits[i].name);
		now.rlim_max = lower(now.rlim_max, limits[i].most);
		now.rlim_cur = lower(now.rlim_cur, now.rlim_max);
		if (setrlimit(limits[i].what, &now) != 0)
			return err_errno(e, "cannot limit %s", limits[i].name);
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 && errno != EINVAL)
		return err_errno(e, "cannot give up privileges that programs could give");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_errno(e, "cannot keep this process from being traced");
	umask(022);
	return 0;
}
