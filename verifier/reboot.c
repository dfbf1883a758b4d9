/* SPDX-License-Identifier: ISC */
/* A child that waits, and then becomes the reboot program. */
#include "verifier/reboot.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CANNOT_RUN = 127 };

static _Noreturn void become(char *words, size_t n)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *environment[] = {path, NULL}, *arguments[DEVICE_REBOOT_MAX + 1] = {NULL};
	int null = open("/dev/null", O_RDWR);

	for (size_t i = 0; i < n; i++, words += strlen(words) + 1)
		arguments[i] = words;
	/* A session of its own, and none of the server's descriptors: the server must see the answer end. */
	if (setsid() >= 0 && null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 &&
	    dup2(null, STDERR_FILENO) >= 0 && chdir("/") == 0) {
		for (unsigned left = REBOOT_GRACE_SECONDS; left > 0;)
			left = sleep(left);
		execve(arguments[0], arguments, environment);
	}
	_exit(CANNOT_RUN);
}

int reboot_later(const struct device *d, struct err *e)
{
	char words[sizeof d->reboot];
	pid_t child;

	if (d->nreboot == 0)
		return 0;
	memcpy(words, d->reboot, sizeof words);
	child = fork();
	if (child == 0)
		become(words, d->nreboot);
	return child < 0 ? err_errno(e, "cannot start the reboot") : 0;
}
