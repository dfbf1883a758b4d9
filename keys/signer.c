/* SPDX-License-Identifier: ISC */
/* Starting that program, and believing nothing it does. */
#define _GNU_SOURCE /* memfd_create, pipe2, posix_spawn_file_actions_addclosefrom_np */
#include "keys/signer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/io.h"
#include "core/trust.h"

enum {
	ANSWER_MAX = 128,        /* bytes: a signature in base64 and a line's end are 90 */
	TALK_MAX = 64 << 10,     /* bytes of its standard error that are passed on */
	TALK_STEP = 1 << 10,
	STEP_MS = 5,
};

/* --- options --- */

static int take_pubkey(struct signer *s, const char *file, struct err *e)
{
	struct trust one = {.nkeys = 0};

	if (s->have_public)
		return err_set(e, VERDICT_USAGE, "one --signer-pubkey for each --signer");
	if (trust_add_file(&one, file, e) != 0)
		return -1;
	s->public = one.keys[0];
	s->have_public = true;
	return 0;
}

static int take_seconds(struct signer *s, const char *value, struct err *e)
{
	uint64_t n;

	if (text_number(&n, (struct span){value, strlen(value)}, SIGNER_SECONDS_MAX) != 0 || n == 0)
		return err_set(e, VERDICT_USAGE, "--signer-timeout: want seconds from 1 to %d", SIGNER_SECONDS_MAX);
	s->seconds = (unsigned)n;
	return 0;
}

int signer_take(struct signer_list *l, enum signer_option option, const char *value, struct err *e)
{
	struct signer *s = l->n > 0 ? &l->at[l->n - 1] : NULL;

	if (option == SIGNER_PROGRAM) {
		if (l->n == MINISIG_BLOCKS_MAX)
			return err_set(e, VERDICT_USAGE, "more than %d --signer", MINISIG_BLOCKS_MAX);
		l->at[l->n++] = (struct signer){.argv = {value}, .argc = 1, .seconds = SIGNER_SECONDS, .say = l->say};
		return 0;
	}
	if (!s)
		return err_set(e, VERDICT_USAGE, "--signer comes first: the program that the other options are about");
	switch (option) {
	case SIGNER_ARG:
		if (s->argc == SIGNER_ARGS_MAX + 1)
			return err_set(e, VERDICT_USAGE, "more than %d --signer-arg", SIGNER_ARGS_MAX);
		s->argv[s->argc++] = value;
		return 0;
	case SIGNER_PUBKEY: return take_pubkey(s, value, e);
	case SIGNER_TIMEOUT: return take_seconds(s, value, e);
	case SIGNER_PROGRAM: break;
	}
	return -1;
}

int signer_complete(const struct signer_list *l, struct err *e)
{
	for (size_t i = 0; i < l->n; i++)
		if (!l->at[i].have_public)
			return err_set(e, VERDICT_USAGE, "--signer %s needs its --signer-pubkey", l->at[i].argv[0]);
	return 0;
}

/* --- the program at work --- */

struct work {
	const struct signer *s;
	pid_t pid;
	int in, out, err;            /* our ends; IN is a memory file with the bytes to sign */
	unsigned char answer[ANSWER_MAX + 1];
	size_t got, said;
	int64_t deadline_ms;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* A memory file can be read in any way that a program likes, and cannot block or break us as a pipe could. */
static int make_input(struct work *w, const void *bytes, size_t len, struct err *e)
{
	w->in = memfd_create("to-sign", MFD_CLOEXEC);
	if (w->in < 0 || io_write_all(w->in, bytes, len) != 0 || lseek(w->in, 0, SEEK_SET) != 0)
		return err_errno(e, "cannot hand over what is to be signed");
	return 0;
}

/* Descriptors beyond the three are closed: the one that a password comes from is among them. */
static int spawn(struct work *w, int out, int err)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t all, none;
	int error;

	sigfillset(&all);
	sigemptyset(&none);
	if (posix_spawn_file_actions_init(&files) != 0)
		return ENOMEM;
	if (posix_spawnattr_init(&attributes) != 0) {
		posix_spawn_file_actions_destroy(&files);
		return ENOMEM;
	}
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	error = posix_spawn_file_actions_adddup2(&files, w->in, STDIN_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	if (error == 0) /* argv is not written to: the cast is what the interface asks for */
		error = posix_spawnp(&w->pid, w->s->argv[0], &files, &attributes, (char *const *)w->s->argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return error;
}

static int start(struct work *w, struct err *e)
{
	int out[2] = {-1, -1}, err[2] = {-1, -1}, error;

	if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
		error = errno;
	else
		error = spawn(w, out[1], err[1]);
	close_fd(&out[1]);
	close_fd(&err[1]);
	w->out = out[0];
	w->err = err[0];
	if (error == 0)
		return 0;
	w->pid = -1;
	errno = error;
	return err_errno(e, "cannot start it");
}

/* What it says is shown, escaped, as far as there is room for it; the rest is read and dropped. */
static void pass_on(struct work *w, char *text, size_t len)
{
	char quoted[TALK_STEP * 4 + 8];

	w->said += len;
	if (!w->s->say || w->said > TALK_MAX)
		return;
	while (len > 0) {
		char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		if (n > 0)
			w->s->say(err_quote(quoted, sizeof quoted, text, n));
		n += end != NULL;
		text += n;
		len -= n;
	}
}

static void take_talk(struct work *w)
{
	char buf[TALK_STEP];
	ssize_t n = read(w->err, buf, sizeof buf);

	if (n > 0)
		pass_on(w, buf, (size_t)n);
	else if (n == 0 || errno != EINTR)
		close_fd(&w->err);
}

static int take_answer(struct work *w, struct err *e)
{
	ssize_t n = read(w->out, w->answer + w->got, sizeof w->answer - w->got);

	if (n > 0)
		w->got += (size_t)n;
	else if (n == 0 || errno != EINTR)
		close_fd(&w->out);
	return w->got <= ANSWER_MAX ? 0 : err_set(e, VERDICT_SYSTEM, "it answers more than a signature");
}

static int too_late(const struct work *w, struct err *e)
{
	return err_set(e, VERDICT_SYSTEM, "it was not done after %u seconds", w->s->seconds);
}

/* Reads both pipes to their ends. */
static int listen_to(struct work *w, struct err *e)
{
	while (w->out >= 0 || w->err >= 0) {
		struct pollfd fds[2] = {{.fd = w->out, .events = POLLIN}, {.fd = w->err, .events = POLLIN}};
		int64_t left = w->deadline_ms - now_ms();
		int n = left > 0 ? poll(fds, 2, (int)left) : 0;

		if (n == 0)
			return too_late(w, e);
		if (n < 0 && errno != EINTR)
			return err_errno(e, "cannot wait for it");
		if (n < 0)
			continue;
		if (w->out >= 0 && fds[0].revents != 0 && take_answer(w, e) != 0)
			return -1;
		if (w->err >= 0 && fds[1].revents != 0)
			take_talk(w);
	}
	return 0;
}

/* Both its pipes are closed: it has ended, or soon will, or is killed. */
static int reap(struct work *w, struct err *e)
{
	const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
	int status;

	for (;;) {
		pid_t pid = waitpid(w->pid, &status, WNOHANG);

		if (pid == w->pid)
			break;
		if (pid < 0 && errno != EINTR)
			return err_errno(e, "cannot learn how it ended");
		if (now_ms() > w->deadline_ms)
			return too_late(w, e);
		nanosleep(&step, NULL);
	}
	w->pid = -1;
	if (WIFSIGNALED(status))
		return err_set(e, VERDICT_SYSTEM, "it was ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status) == 0 ? 0 : err_set(e, VERDICT_SYSTEM, "it failed with status %d", WEXITSTATUS(status));
}

/* 64 bytes are a signature as it is; else they are base64, and white space may stand behind it. */
static int decode(struct work *w, unsigned char sig[static ED25519_SIG_SIZE], struct err *e)
{
	const char *text = (const char *)w->answer;
	size_t n = w->got;

	if (n == ED25519_SIG_SIZE) {
		memcpy(sig, w->answer, ED25519_SIG_SIZE);
		return 0;
	}
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r' || text[n - 1] == ' '))
		n--;
	if (base64_decode(sig, ED25519_SIG_SIZE, text, n) != 0)
		return err_set(e, VERDICT_SYSTEM, "its answer of %zu bytes is no Ed25519 signature: want 64 bytes, or them in base64", w->got);
	return 0;
}

static void finish(struct work *w)
{
	int status;

	if (w->pid > 0) {
		kill(w->pid, SIGKILL);
		while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	close_fd(&w->in);
	close_fd(&w->out);
	close_fd(&w->err);
}

int signer_run(const struct signer *s, unsigned char sig[static ED25519_SIG_SIZE], const void *bytes, size_t len, struct err *e)
{
	struct work w = {.s = s, .pid = -1, .in = -1, .out = -1, .err = -1};
	char quoted[160];
	int rc = -1;

	w.deadline_ms = now_ms() + (int64_t)s->seconds * 1000;
	if (make_input(&w, bytes, len, e) == 0 && start(&w, e) == 0 && listen_to(&w, e) == 0 && reap(&w, e) == 0 &&
	    decode(&w, sig, e) == 0)
		rc = ed25519_verify(sig, bytes, len, s->public.key) == ACCEPTED ? 0 :
			err_set(e, VERDICT_BAD_SIGNATURE, "what it answers is no signature of these bytes by its --signer-pubkey");
	finish(&w);
	return rc == 0 ? 0 : err_prefix(e, "signer %s", err_quote(quoted, sizeof quoted, s->argv[0], strlen(s->argv[0])));
}
