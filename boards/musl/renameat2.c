/* SPDX-License-Identifier: ISC */
/* renameat2: musl 1.2.3 has none. */
#define _GNU_SOURCE /* syscall */
#include <sys/syscall.h>
#include <unistd.h>

int renameat2(int old_dir, const char *old_name, int new_dir, const char *new_name, unsigned flags)
{
	return (int)syscall(SYS_renameat2, old_dir, old_name, new_dir, new_name, flags);
}
