/* SPDX-License-Identifier: ISC */
/* Passwords from a file, a descriptor, or the terminal. */
#define _GNU_SOURCE /* ppoll */
#include "keys/password.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "core/io.h"
#include "core/text.h"

enum { BUFFER = PASSWORD_MAX + 2 }; /* a byte more than allowed, or the newline; and NUL */

static int no_second_source(const struct password *pw, struct err *e)
{
	if (pw->file || pw->fd >= 0)
		return err_set(e, VERDICT_USAGE, "a password can come from one place only");
	return 0;
}

int password_use_file(struct password *pw, const char *file, struct err *e)
{
	if (no_second_source(pw, e) != 0)
		return -1;
	pw->file = file;
	return 0;
}

int password_use_fd(struct password *pw, const char *number, struct err *e)
{
	uint64_t fd;

	if (no_second_source(pw, e) != 0)
		return -1;
	/* What was given is not repeated: it might be the password itself, put there by mistake. */
	if (text_number(&fd, (struct span){number, strlen(number)}, INT_MAX) != 0)
		return err_set(e, VERDICT_USAGE, "a password's descriptor must be a number");
	pw->fd = (int)fd;
	return 0;
}

/* Reads a line, without its newline, byte by byte: what follows on that descriptor is somebody else's. */
static int read_line(char *buf, int fd, const char *what, struct err *e)
{
	size_t n = 0;

	for (;;) {
		ssize_t got = io_read_full(fd, buf + n, 1);

		if (got < 0)
			return err_errno(e, "cannot read the password from %s", what);
		if (got == 0 && n == 0)
			return err_set(e, VERDICT_USAGE, "there is no password in %s", what);
		if (got == 0 || buf[n] == '\n')
			break;
		if (buf[n] == '\0' || buf[n] == '\r')
			return err_set(e, VERDICT_USAGE, "the password in %s holds a NUL or CR byte: lines end in LF",
				       what);
		if (n == 2 && memcmp(buf, "\xef\xbb\xbf", 3) == 0)
			return err_set(e, VERDICT_USAGE, "the password in %s begins with a byte order mark, which is not part of it: save it "
				       "as UTF-8 without one", what);
		if (n == PASSWORD_MAX)
			return err_set(e, VERDICT_USAGE, "the password in %s is over %d bytes", what, PASSWORD_MAX);
		n++;
	}
	buf[n] = '\0';
	if (n >= 3 && memcmp(buf, "\xef\xbb\xbf", 3) == 0)
		return err_set(e, VERDICT_USAGE, "the password in %s begins with a byte order mark, which nobody types: save it without", what);
	return 0;
}

static int from_file(char *buf, const char *file, struct err *e)
{
	char quoted[160];
	int rc, fd = io_open_private(file, IO_NOT_OWNERS, e);

	if (fd < 0)
		return err_prefix(e, "password file");
	err_quote(quoted, sizeof quoted, file, strlen(file));
	rc = read_line(buf, fd, quoted, e);
	close(fd);
	return rc;
}

/* --- the terminal --- */

/* Signals after which the terminal must have its echo back before they take effect. */
static const int watched[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
enum { NWATCHED = sizeof watched / sizeof watched[0] };

static volatile sig_atomic_t caught;

static void note_signal(int number)
{
	caught = number;
}

struct watch {
	sigset_t mask;
	struct sigaction old[NWATCHED];
};

/* Blocks the watched signals, but for the time of ppoll: so that none comes between a look at `caught` and the wait. */
static void watch_begin(struct watch *w)
{
	struct sigaction note = {.sa_handler = note_signal};
	sigset_t block;

	caught = 0;
	sigemptyset(&note.sa_mask);
	sigemptyset(&block);
	for (int i = 0; i < NWATCHED; i++)
		sigaddset(&block, watched[i]);
	pthread_sigmask(SIG_BLOCK, &block, &w->mask);
	for (int i = 0; i < NWATCHED; i++) {
		sigaction(watched[i], NULL, &w->old[i]);
		if (w->old[i].sa_handler != SIG_IGN) /* nohup and kin stay in force */
			sigaction(watched[i], &note, NULL);
	}
}

/* Puts all back, and lets the signal that came, if any, do what it would have done. */
static void watch_end(const struct watch *w)
{
	for (int i = 0; i < NWATCHED; i++)
		sigaction(watched[i], &w->old[i], NULL);
	pthread_sigmask(SIG_SETMASK, &w->mask, NULL);
	if (caught)
		raise(caught);
}

/* Waits for a line and takes it, its newline included. Returns its length, 0 when interrupted, -1 with E set. */
static ssize_t wait_line(char *buf, int tty, const sigset_t *mask, struct err *e)
{
	struct pollfd p = {.fd = tty, .events = POLLIN};
	ssize_t n = -1;

	if (ppoll(&p, 1, NULL, mask) >= 0)
		n = read(tty, buf, BUFFER - 1);
	if (n < 0 && errno == EINTR)
		return 0;
	if (n < 0)
		return err_errno(e, "cannot read the password from the terminal");
	if (n == 0)
		return err_set(e, VERDICT_USAGE, "no password was given");
	return n;
}

/* Asks once. Returns the line's length, 0 when interrupted, -1 with E set. */
static ssize_t ask_once(char *buf, int tty, const char *prompt, struct err *e)
{
	struct termios old, quiet;
	struct watch w;
	ssize_t n = -1;

	watch_begin(&w);
	if (tcgetattr(tty, &old) != 0) {
		err_errno(e, "cannot ask for the password on the terminal");
		goto out;
	}
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	quiet.c_lflag |= ICANON;
	if (tcsetattr(tty, TCSAFLUSH, &quiet) != 0 || io_write_all(tty, prompt, strlen(prompt)) != 0)
		err_errno(e, "cannot ask for the password on the terminal");
	else
		n = wait_line(buf, tty, &w.mask, e);
	tcsetattr(tty, TCSAFLUSH, &old); /* flushes what was typed too much */
	(void)io_write_all(tty, "\n", 1);
out:
	watch_end(&w);
	return n;
}

/* Asks until there is a line: after a stop and a continue, once more. */
static int ask(char *buf, int tty, const char *prompt, struct err *e)
{
	ssize_t n;

	do {
		n = ask_once(buf, tty, prompt, e);
	} while (n == 0 && caught == SIGTSTP);
	if (n < 0)
		return -1;
	if (n == 0)
		return err_set(e, VERDICT_SYSTEM, "interrupted while asking for the password");
	if (buf[n - 1] != '\n' && n > PASSWORD_MAX)
		return err_set(e, VERDICT_USAGE, "the password is over %d bytes", PASSWORD_MAX);
	if (memchr(buf, '\0', (size_t)n))
		return err_set(e, VERDICT_USAGE, "the password holds a NUL byte");
	buf[buf[n - 1] == '\n' ? n - 1 : n] = '\0';
	return 0;
}

static int from_terminal(char *buf, const struct password *pw, struct err *e)
{
	char *again = NULL;
	int rc = -1, tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (tty < 0)
		return err_set(e, VERDICT_USAGE,
			       "no terminal to ask for the password on: give --password-file or --password-fd");
	if (ask(buf, tty, pw->prompt ? pw->prompt : "Password: ", e) != 0)
		goto out;
	if (pw->twice) {
		again = sodium_malloc(BUFFER);
		if (!again) {
			err_set(e, VERDICT_SYSTEM, "out of memory");
			goto out;
		}
		if (ask(again, tty, "The same once more: ", e) != 0)
			goto out;
		if (strcmp(buf, again) != 0) {
			err_set(e, VERDICT_USAGE, "the two passwords differ");
			goto out;
		}
	}
	rc = 0;
out:
	sodium_free(again);
	close(tty);
	return rc;
}

char *password_get(const struct password *pw, struct err *e)
{
	char *buf = sodium_malloc(BUFFER);
	int rc;

	if (!buf) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		return NULL;
	}
	if (pw->file)
		rc = from_file(buf, pw->file, e);
	else if (pw->fd >= 0)
		rc = read_line(buf, pw->fd, "the descriptor given", e);
	else
		rc = from_terminal(buf, pw, e);
	/* minisign seals with an empty password, too, so that one opens what exists; nothing new is made that way. */
	if (rc == 0 && pw->twice && buf[0] == '\0')
		rc = err_set(e, VERDICT_USAGE, "an empty password protects nothing: is --no-password what is wanted?");
	if (rc != 0) {
		sodium_free(buf);
		return NULL;
	}
	return buf;
}
