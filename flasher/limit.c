/* SPDX-License-Identifier: ISC */
/* RLIMIT_NOFILE. Neither epoll nor libcurl's multi interface has a limit of its own (select() had, at 1024). */
#include "flasher/limit.h"

#include <sys/resource.h>

enum { OWN = 64, CONNECTIONS_MAX = 1000000 }; /* OWN: ledger, image, epoll, logs, name lookups */

int limit_descriptors(uint32_t *connections, uint32_t wanted, struct err *e)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return err_errno(e, "cannot read the limit of open files");
	if (limit.rlim_cur != limit.rlim_max) {
		rlim_t before = limit.rlim_cur;

		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit)) /* an infinite hard limit may be more than the kernel takes */
			limit.rlim_cur = before;
	}
	*connections = CONNECTIONS_MAX;
	if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < CONNECTIONS_MAX + OWN)
		*connections = limit.rlim_cur > OWN ? (uint32_t)limit.rlim_cur - OWN : 0;
	if (*connections < wanted)
		return err_set(e, VERDICT_SYSTEM,
			       "%lu boards at once need %lu open files, and the limit here is %lu; raise it with `ulimit -n' "
			       "or LimitNOFILE=, or lower the number of boards at once",
			       (unsigned long)wanted, (unsigned long)wanted + OWN, (unsigned long)limit.rlim_cur);
	return 0;
}
