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
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t set;

	*i = (struct interrupt){.fd = -1};
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (!is_ignored(SIGHUP)) /* a terminal that goes away; nohup wants none of it */
		sigaddset(&set, SIGHUP);
	i->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (i->fd < 0)
		return err_errno(e, "cannot take signals from a descriptor");
	if (sigprocmask(SIG_BLOCK, &set, &i->mask_before) || sigaction(SIGPIPE, &ignore, &i->pipe_before)) {
		err_errno(e, "cannot block signals");
		close(i->fd);
		i->fd = -1;
		return -1;
	}
	return 0;
}

int interrupt_take(struct interrupt *i)
{
	struct signalfd_siginfo info;

	return read(i->fd, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

int interrupt_check(struct interrupt *i, struct err *e)
{
	if (i->number == 0)
		i->number = interrupt_take(i);
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
	sigaction(SIGPIPE, &i->pipe_before, NULL);
	if (i->number != 0)
		raise(i->number); /* it waits until the mask lets it through */
	sigprocmask(SIG_SETMASK, &i->mask_before, NULL);
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
