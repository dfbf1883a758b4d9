/* SPDX-License-Identifier: ISC */
/* The child that reads an archive, and the parent that believes nothing of what it says. */
#include "archive/import.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive/confine.h"
#include "archive/formats.h"

enum {
	CPU_SECONDS = 60,      /* for any archive */
	CPU_BYTES_BITS = 18,   /* and a second for each 256 KiB of it */
};

uint64_t import_limit(uint64_t size)
{
	return size > (UINT64_MAX - IMPORT_GRACE) / IMPORT_RATIO ? UINT64_MAX : IMPORT_GRACE + size * IMPORT_RATIO;
}

/* --- the child --- */

static int serve(struct intake *i, struct err *e)
{
	struct stat st;

	if (fstat(i->fd, &st) != 0)
		return err_errno(e, "cannot look at %s", i->name);
	i->size = (uint64_t)st.st_size;
	i->limit = import_limit(i->size);
	if (formats_read(i, e) != 0 || intake_flush(i, e) != 0)
		return -1;
	if (i->entries == 0) /* a file of zeros passes for an empty tar, and nobody packs nothing on purpose */
		return err_set(e, VERDICT_MALFORMED_HEADER, "%s holds no entry", i->name);
	return 0;
}

void import_serve(int fd, int spool, const char *name, int out)
{
	/* Names in 7z are Unicode; whatever the user's locale, they come out as UTF-8. */
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0), before = utf8 ? uselocale(utf8) : (locale_t)0;
	struct intake *i = calloc(1, sizeof *i);
	struct err e = {.message = ""};
	struct message last;

	if (i) {
		i->fd = fd;
		i->spool = spool;
		i->name = name;
		i->to.fd = out;
		if (serve(i, &e) == 0) {
			message_begin(&last, MESSAGE_DONE);
		} else {
			message_begin(&last, MESSAGE_FAILED);
			message_put(&last, (uint64_t)e.verdict, 1);
			message_put_text(&last, e.message, ERR_MESSAGE_MAX - 1);
		}
		if (message_send(&i->to, &last) != 0 || message_flush(&i->to) != 0)
			i->to.n = 0; /* who does not hear it finds the end missing */
	}
	free(i);
	if (utf8) {
		uselocale(before);
		freelocale(utf8);
	}
}

static _Noreturn void child(int fd, int spool, const char *name, int out)
{
	int keep[4] = {STDERR_FILENO, fd, spool, out}; /* a sanitizer speaks on standard error */
	struct import_bounds c = {.keep = keep, .nkeep = 4};
	struct stat st;
	struct err e;

	for (size_t k = 1; k < 4; k++) /* ascending */
		for (size_t j = k; j > 0 && keep[j - 1] > keep[j]; j--) {
			int swap = keep[j];

			keep[j] = keep[j - 1];
			keep[j - 1] = swap;
		}
	if (fstat(fd, &st) != 0)
		_exit(1);
	c.file_bytes = import_limit((uint64_t)st.st_size);
	c.cpu_seconds = CPU_SECONDS + ((uint64_t)st.st_size >> CPU_BYTES_BITS);
	if (import_confine(&c, &e) != 0)
		_exit(1);
	import_serve(fd, spool, name, out);
	_exit(0);
}

/* --- the parent --- */

struct hearing {
	struct import_sink *sink;
	const char *name;
	uint64_t spooled;  /* where the last content ends */
	bool done;
};

static int nonsense(const struct hearing *h, struct err *e)
{
	return err_set(e, VERDICT_SYSTEM, "the reader of %s says what cannot be", h->name);
}

static int take_entry(struct hearing *h, struct received *r, struct err *e)
{
	char path[IMPORT_PATH_MAX + 1], target[IMPORT_TARGET_MAX + 1];
	struct import_member m = {.path = path, .target = target};

	m.kind = (enum import_kind)message_take(r, 1);
	m.mode = (uint32_t)message_take(r, 4);
	m.uid = message_take(r, 8);
	m.gid = message_take(r, 8);
	m.size = message_take(r, 8);
	m.offset = message_take(r, 8);
	message_take_text(r, path, sizeof path);
	message_take_text(r, target, sizeof target);
	if (!message_whole(r) || m.kind < IMPORT_FILE || m.kind > IMPORT_HARDLINK || m.mode > 07777 || m.size > INT64_MAX ||
	    m.offset > INT64_MAX || (m.kind != IMPORT_FILE && m.size != 0))
		return nonsense(h, e);
	if (m.kind == IMPORT_FILE && m.size > 0 && m.offset + m.size > h->spooled)
		h->spooled = m.offset + m.size;
	return h->sink->member(h->sink, &m, e);
}

/* Makes TEXT printable, but for the archive's name, which is ours. */
static void make_printable(const struct hearing *h, char *text)
{
	size_t len = strlen(h->name);

	for (char *p = text; *p != '\0'; p++) {
		if (len > 0 && strncmp(p, h->name, len) == 0)
			p += len - 1;
		else if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	}
}

static int take_note(struct hearing *h, struct received *r, bool refused, struct err *e)
{
	char path[IMPORT_PATH_MAX + 1], reason[IMPORT_REASON_MAX + 1];

	message_take_text(r, path, sizeof path);
	message_take_text(r, reason, sizeof reason);
	if (!message_whole(r))
		return nonsense(h, e);
	make_printable(h, reason);
	return refused ? h->sink->refused(h->sink, path, reason, e) : h->sink->warned(h->sink, path, reason, e);
}

/* The verdicts that an archive can have. */
static bool is_verdict(uint64_t v)
{
	return v == VERDICT_MALFORMED_HEADER || v == VERDICT_TRUNCATED || v == VERDICT_TRAILING_DATA || v == VERDICT_TOO_LARGE ||
	       v == VERDICT_SYSTEM;
}

static int take_failure(struct hearing *h, struct received *r, struct err *e)
{
	uint64_t verdict = message_take(r, 1);
	char message[ERR_MESSAGE_MAX];

	message_take_text(r, message, sizeof message);
	if (!message_whole(r) || !is_verdict(verdict) || message[0] == '\0')
		return nonsense(h, e);
	make_printable(h, message);
	return err_set(e, (enum verdict)verdict, "%s", message);
}

static int take(struct hearing *h, struct received *r, struct err *e)
{
	uint64_t done;

	switch (r->kind) {
	case MESSAGE_ENTRY: return take_entry(h, r, e);
	case MESSAGE_REFUSED: return take_note(h, r, true, e);
	case MESSAGE_WARNED: return take_note(h, r, false, e);
	case MESSAGE_FAILED: return take_failure(h, r, e);
	case MESSAGE_PROGRESS:
		done = message_take(r, 8);
		if (!message_whole(r))
			return nonsense(h, e);
		if (h->sink->progress)
			h->sink->progress(h->sink, done);
		return 0;
	case MESSAGE_DONE:
		h->done = true;
		return message_whole(r) ? 0 : nonsense(h, e);
	}
	return nonsense(h, e);
}

int import_receive(int in, int spool, const char *name, struct import_sink *sink, struct err *e)
{
	struct hearing h = {.sink = sink, .name = name};
	struct receiver *r = calloc(1, sizeof *r);
	struct received m;
	struct stat st;
	int rc = 0;

	if (!r)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	r->fd = in;
	while (rc == 0 && !h.done) {
		rc = message_next(r, &m, e);
		if (rc == 0)
			rc = err_set(e, VERDICT_SYSTEM, "the reader of %s stopped before the end", name);
		else if (rc == 1)
			rc = take(&h, &m, e);
	}
	free(r);
	if (rc != 0)
		return -1;
	if (fstat(spool, &st) != 0)
		return err_errno(e, "cannot look at the archive's content");
	return h.spooled <= (uint64_t)st.st_size ? 0 : nonsense(&h, e);
}

/* How the child ended, where that matters more than what it said. Returns 0 or -1. */
static int judge_end(int status, const char *name, uint64_t size, struct err *e)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return err_set(e, VERDICT_TOO_LARGE, "%s takes over %" PRIu64 " seconds of processor time to read: unpack it, and pack the folder",
			       name, CPU_SECONDS + (size >> CPU_BYTES_BITS));
	if (WIFSIGNALED(status))
		return err_set(e, VERDICT_MALFORMED_HEADER, "%s ended its reader with signal %d: unpack it, and pack the folder", name,
			       WTERMSIG(status));
	return WEXITSTATUS(status) == 0 ? 0 : err_set(e, VERDICT_SYSTEM, "the reader of %s ended with status %d", name, WEXITSTATUS(status));
}

static int hear(int in, pid_t pid, int fd, int spool, const char *name, struct import_sink *sink, struct err *e)
{
	int rc = import_receive(in, spool, name, sink, e), status;
	struct stat st;

	close(in);
	if (rc != 0) /* there is nothing more to hear */
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_errno(e, "cannot wait for the reader of %s", name);
	if (fstat(fd, &st) != 0)
		return err_errno(e, "cannot look at %s", name);
	/* What it said whole says more than our own signal behind it. */
	if (rc == 0 || (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL && WTERMSIG(status) != SIGPIPE))
		return judge_end(status, name, (uint64_t)st.st_size, e) == 0 ? rc : -1;
	return rc;
}

int import_archive(int fd, int spool, const char *name, struct import_sink *sink, struct err *e)
{
	int ends[2];
	pid_t pid;

	if (pipe(ends) != 0)
		return err_errno(e, "cannot make a pipe");
	pid = fork();
	if (pid == 0)
		child(fd, spool, name, ends[1]);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return err_errno(e, "cannot start the reader of %s", name);
	}
	return hear(ends[0], pid, fd, spool, name, sink, e);
}
