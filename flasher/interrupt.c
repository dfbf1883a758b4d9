/* SPDX-License-Identifier: ISC */
/* Signals as something to read. */
#include "flasher/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static bool is_ignored(int number)
{
	struct sigaction now;

	return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

int interrupt_watch(struct interrupt *i, struct err *e)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t set;

	*i = (struct interrupt){.fd = -1};
	sigemptyset(&set);
	for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++)
		if (!is_ignored(numbers[n]))
			sigaddset(&set, numbers[n]);
	i->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (i->fd < 0)
		return err_errno(e, "cannot take signals from a descriptor");
	if (sigprocmask(SIG_BLOCK, &set, &i->before) || sigaction(SIGPIPE, &ignore, NULL)) {
		err_errno(e, "cannot block signals");
		close(i->fd);
		i->fd = -1;
		return -1;
	}
	return 0;
}

int interrupt_check(struct interrupt *i, struct err *e)
{
	struct signalfd_siginfo info;

	if (i->number == 0 && read(i->fd, &info, sizeof info) == (ssize_t)sizeof info)
		i->number = (int)info.ssi_signo;
	if (i->number == 0)
		return 0;
	return err_set(e, VERDICT_SYSTEM, "stopped by a signal: %s", strsignal(i->number));
}

void interrupt_end(struct interrupt *i)
{
	if (i->fd < 0)
		return;
	close(i->fd);
	i->fd = -1;
	if (i->number != 0)
		raise(i->number); /* it waits until the mask lets it through */
	sigprocmask(SIG_SETMASK, &i->before, NULL);
}

/* Waits until FD has something to read, its end included. */
static int wait_readable(struct interrupt_source *s, struct err *e)
{
	struct pollfd fds[] = {{s->fd, POLLIN, 0}, {s->interrupt->fd, POLLIN, 0}};

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return err_errno(e, "cannot wait for the bundle");
	return interrupt_check(s->interrupt, e);
}

static int patient_read(struct source *base, void *buf, size_t len, size_t *got, struct err *e)
{
	struct interrupt_source *s = (struct interrupt_source *)base;

	for (*got = 0; *got < len;) {
		ssize_t n;

		if (wait_readable(s, e))
			return -1;
		n = read(s->fd, (char *)buf + *got, len - *got);
		if (n < 0 && errno != EINTR)
			return err_errno(e, "cannot read the bundle");
		if (n == 0)
			break;
		*got += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

void interrupt_source_init(struct interrupt_source *s, struct interrupt *i, int fd)
{
	*s = (struct interrupt_source){{patient_read}, i, fd};
}
